//! The order of chosen sets, and of random ones against the rules of dpkg and dpkg itself.

use std::fmt::Write as _;
use std::path::Path;

use isoplug_formats::deb::ar;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

const INSTALLED: &str = "Package: libc6\nStatus: install ok installed\nVersion: 2.41-1\n\
    Architecture: amd64\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n";

fn relations(controls: &[&str]) -> Relations {
    let stanza = |text: &&str| {
        let version = if text.contains("Version:") { "" } else { "\nVersion: 1" };
        format!("{text}{version}\nArchitecture: all\n")
    };
    let controls: Vec<String> = controls.iter().map(stanza).collect();
    Relations::read(&controls, INSTALLED, &[]).unwrap()
}

fn waves_of(controls: &[&str]) -> Vec<Vec<Place>> {
    Order::new(&relations(controls)).waves()
}

#[test]
fn what_is_pre_depended_on_comes_first_with_what_it_needs() {
    let waves = waves_of(&[
        "Package: app\nDepends: lib",
        "Package: init\nPre-Depends: libc6 (>= 2), virtual |\n other:any (>= 1)",
        "Package: lib\nPre-Depends: libc6",
        "Package: other\nProvides: virtual (= 1), x\nDepends: lib [linux-any]",
    ]);
    assert_eq!(waves, [vec![2, 3], vec![1, 0]]);
}

#[test]
fn chains_take_a_wave_each_and_circles_are_left_to_dpkg() {
    let chain = ["Package: a\nPre-Depends: b", "Package: b\nPre-Depends: c", "Package: c"];
    assert_eq!(waves_of(&chain), [vec![2], vec![1], vec![0]]);
    let circle = ["Package: a\nPre-Depends: b", "Package: b\nPre-Depends: a", "Package: c"];
    assert_eq!(waves_of(&circle), [vec![1, 0, 2]]);
    assert_eq!(waves_of(&["Package: a\nPre-Depends: gone"]), [vec![0]]);
}

/// What a waiting package needs waits with it: as in trixie, where `init` pre-depends on one of
/// several, and the others depend on what pre-depends on it.
#[test]
fn a_wave_has_no_package_whose_dependency_waits() {
    let waves = waves_of(&[
        "Package: cron\nPre-Depends: init-system-helpers\nDepends: cron-daemon-common",
        "Package: cron-daemon-common\nDepends: systemd | systemd-sysusers",
        "Package: init\nPre-Depends: cron-daemon-common, systemd",
        "Package: init-system-helpers",
        "Package: libsystemd",
        "Package: systemd\nProvides: systemd-sysusers (= 1)\nPre-Depends: libsystemd",
    ]);
    assert_eq!(waves, [vec![3, 4], vec![5, 1], vec![0, 2]]);
}

/// `mariadb-server`: no script may run between the halves of an interpreter.
#[test]
fn what_is_depended_on_is_unpacked_before() {
    let waves = waves_of(&[
        "Package: libperl5.40\nDepends: perl-modules-5.40 (>= 1), libc6 (>= 2.35)",
        "Package: mariadb-server\nPre-Depends: mariadb-common\nDepends: perl",
        "Package: mariadb-common",
        "Package: perl\nDepends: perl-modules-5.40 (>= 1), libperl5.40 (= 1)",
        "Package: perl-modules-5.40\nDepends: libc6",
        "Package: aaa\nDepends: perl:any | none",
    ]);
    assert_eq!(waves, [vec![2], vec![4, 0, 3, 1, 5]]);
}

#[test]
fn the_version_that_is_provided_counts() {
    let waves = waves_of(&[
        "Package: a\nPre-Depends: api (>= 2)",
        "Package: old\nProvides: api (= 1)",
        "Package: vague\nProvides: api",
        "Package: new\nProvides: api (= 2)",
    ]);
    assert_eq!(waves, [vec![3], vec![0, 1, 2]]);
}

#[test]
fn an_upgrade_comes_before_what_its_old_version_excludes() {
    let waves = waves_of(&[
        "Package: a\nBreaks: libc6 (<< 2.42)",
        "Package: b\nPre-Depends: c, libc6 (>= 2.42)",
        "Package: c\nConflicts: libc6 (<< 2.42)",
        "Package: libc6\nVersion: 2.42-1",
    ]);
    assert_eq!(waves, [vec![3, 2], vec![1, 0]]);
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn field() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        6 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => Just("virtual".to_owned()),
        1 => Just("virtual (>= 2)".to_owned()),
        1 => proptest::sample::select(&NAMES[..]).prop_map(|name| format!("{name} (= 1)")),
    ];
    let group = proptest::collection::vec(one, 1..3).prop_map(|all| all.join(" | "));
    proptest::collection::vec(group, 0..3).prop_map(|all| all.join(", "))
}

/// Packages that need each other in any way, circles included.
fn universe() -> impl Strategy<Value = Vec<String>> {
    let pre_depends = prop_oneof![2 => Just(String::new()), 1 => field()];
    let provides = proptest::sample::select(&["", "virtual", "virtual (= 2)"][..]);
    let package = (pre_depends, field(), provides);
    proptest::collection::vec(package, NAMES.len()).prop_map(|packages| {
        let stanza = |(name, package): (&&str, (String, String, &str))| {
            let (pre_depends, depends, provides) = package;
            let mut text = format!("Package: {name}\nVersion: 1\nArchitecture: all\n");
            for (field, value) in [
                ("Pre-Depends", pre_depends),
                ("Depends", depends),
                ("Provides", provides.to_owned()),
            ] {
                if !value.is_empty() {
                    let _ = writeln!(text, "{field}: {value}");
                }
            }
            text + "Maintainer: nobody <n@example.org>\nDescription: none\n"
        };
        NAMES.iter().zip(packages).map(stanza).collect()
    })
}

/// Tells whether the waves keep the rules, written apart from what makes them: each package once,
/// unpacked over what it pre-depends on and configured with or over what it depends on.
fn keeps_rules(relations: &Relations, waves: &[Vec<Place>]) -> bool {
    let mut configured: BTreeSet<Place> = (relations.needs.len()..relations.places).collect();
    let met = |groups: &[Group], by: &BTreeSet<Place>| {
        groups.iter().all(|group| group.iter().any(|giver| by.contains(giver)))
    };
    waves.iter().all(|wave| {
        let pre = wave.iter().all(|&place| met(&relations.needs[place].pre_depends, &configured));
        let is_new = wave.iter().all(|&place| configured.insert(place));
        pre && is_new && wave.iter().all(|&place| met(&relations.needs[place].depends, &configured))
    })
}

#[test]
fn random_sets_keep_the_rules_wherever_that_can_be() {
    let mut runner = TestRunner::new(Config::with_cases(1000));
    let kept = std::cell::Cell::new(0);
    let ran = runner.run(&universe(), |controls| {
        let relations = Relations::read(&controls, INSTALLED, &[]).unwrap();
        let waves = Order::new(&relations).waves();
        let mut all = waves.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..NAMES.len()).collect::<Vec<_>>());
        let kept_rules = keeps_rules(&relations, &waves);
        prop_assert_eq!(kept_rules, can_be_installed(&relations), "{:#?}", controls);
        kept.set(kept.get() + usize::from(kept_rules));
        Ok(())
    });
    ran.unwrap();
    assert!((100..950).contains(&kept.get()), "{} of 1000 can be installed", kept.get());
}

/// Tries every set of packages as the next wave, as far as that leads.
fn can_be_installed(relations: &Relations) -> bool {
    let count = relations.needs.len();
    let mut configured: BTreeSet<Place> = (count..relations.places).collect();
    while configured.len() < relations.places {
        let wave = |bits: usize| -> Vec<Place> {
            (0..count).filter(|i| bits >> i & 1 == 1 && !configured.contains(i)).collect()
        };
        let over = copy(relations, &configured);
        let fits =
            |wave: &Vec<Place>| !wave.is_empty() && keeps_rules(&over, std::slice::from_ref(wave));
        let Some(next) = (1..1 << count).map(wave).find(fits) else { return false };
        configured.extend(next);
    }
    true
}

/// Returns relations in which what is configured needs nothing and satisfies as it did.
fn copy(relations: &Relations, configured: &BTreeSet<Place>) -> Relations {
    let met = |group: &&Group| !group.iter().any(|giver| configured.contains(giver));
    let unmet = |groups: &[Group]| groups.iter().filter(met).cloned().collect();
    let needs = relations.needs.iter().map(|needs| Needs {
        pre_depends: unmet(&needs.pre_depends),
        depends: unmet(&needs.depends),
        after: Vec::new(),
    });
    Relations {
        needs: needs.collect(),
        replaced: relations.replaced.clone(),
        places: relations.places,
        ranks: relations.ranks.clone(),
    }
}

/// dpkg takes exactly the plans that keep the rules.
#[test]
fn dpkg_agrees() {
    if dpkg(Path::new("/"), &["--version"]).is_none() {
        return isoplug_skip::skipped("dpkg is not installed");
    }
    let mut runner =
        TestRunner::new(Config { cases: 40, max_shrink_iters: 40, ..Config::default() });
    let ran = runner.run(&universe(), |controls| {
        let relations = Relations::read(&controls, "", &[]).unwrap();
        let waves = Order::new(&relations).waves();
        prop_assert_eq!(keeps_rules(&relations, &waves), accepted(&controls, &waves));
        Ok(())
    });
    ran.unwrap();
}

/// Lets dpkg follow a plan in an empty system.
fn accepted(controls: &[String], waves: &[Vec<Place>]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for sub in ["root/var/lib/dpkg/info", "root/var/lib/dpkg/updates"] {
        std::fs::create_dir_all(folder.path().join(sub)).unwrap();
    }
    std::fs::write(folder.path().join("root/var/lib/dpkg/status"), "").unwrap();
    for (name, control) in NAMES.iter().zip(controls) {
        std::fs::write(folder.path().join(format!("{name}.deb")), deb(control)).unwrap();
    }
    waves.iter().all(|wave| {
        let names: Vec<&str> = wave.iter().map(|place| NAMES[*place]).collect();
        let debs: Vec<String> = names.iter().map(|name| format!("{name}.deb")).collect();
        let debs: Vec<&str> = debs.iter().map(String::as_str).collect();
        let unpack = [&["--unpack", "--no-triggers"], &debs[..]].concat();
        let configure = [&["--configure"], &names[..]].concat();
        [unpack, configure].iter().all(|arguments| dpkg(folder.path(), arguments).unwrap())
    })
}

/// Runs this machine's dpkg on the system below a folder; `None` if there is none.
fn dpkg(folder: &Path, arguments: &[&str]) -> Option<bool> {
    let root = format!("--root={}", folder.join("root").display());
    let options = [root.as_str(), "--force-not-root,unsafe-io,bad-path", "--log=/dev/null"];
    let output = std::process::Command::new("dpkg")
        .args(options)
        .args(arguments)
        .current_dir(folder)
        .output();
    Some(output.ok()?.status.success())
}

fn deb(control: &str) -> Vec<u8> {
    let tar = |files: &[(&str, &str)]| {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap()
    };
    let mut out = std::io::Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut out).unwrap();
    archive.member("debian-binary", b"2.0\n").unwrap();
    archive.member("control.tar", &tar(&[("control", control)])).unwrap();
    archive.member("data.tar", &tar(&[])).unwrap();
    archive.finish().unwrap();
    out.into_inner()
}
