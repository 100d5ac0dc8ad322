//! Groups, locks, preferences and messages in a small universe.

mod conflicts;
mod drivers;
mod foreign;
mod offline;
mod parts;
mod pins;
mod versions;

use super::*;
use crate::solver::Resolvo;
use crate::{Index, check::check};

const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Writes stanzas of lines such as `app 1 Depends: lib`, with fields separated by `;`.
fn index(suite: &str, pin: i32, lines: &str) -> Index {
    let stanza = |line: &str| {
        let mut words = line.trim().splitn(3, ' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let fields = words.next().unwrap_or_default().replace(';', "\n");
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nSize: 1\nSHA256: {SHA256}\n\
             Filename: pool/{name}_{version}.deb\n{fields}\n\n"
        )
    };
    let text = lines.trim().lines().map(stanza).collect();
    let (source, archive) = ("debian".to_owned(), "debian".to_owned());
    Index { source, archive, suite: suite.to_owned(), distribution: true, pin, text }
}

const BASE: &str = "
    base 1 Essential: yes;Depends: libc, awk
    libc 2
    mawk 1 Provides: awk;Priority: required
    gawk 1 Provides: awk
";

fn stable(lines: &str) -> Vec<Index> {
    vec![index("stable", 500, &format!("{BASE}{lines}"))]
}

fn request(install: &[&str]) -> Request {
    Request {
        architecture: "amd64".to_owned(),
        install: install.iter().map(|name| (*name).to_owned()).collect(),
        ..Request::default()
    }
}

fn solve(
    indices: &[Index],
    request: &Request,
    lock: Option<&LockedImage>,
) -> Result<LockedImage, String> {
    let universe = Universe::of(indices, request);
    let image = resolve(request, &universe, &Resolvo, lock).map_err(|error| error.to_string())?;
    let packages: Vec<_> = image
        .groups
        .iter()
        .flatten()
        .map(|package| *universe.package(pinned::find(&universe, package).unwrap()))
        .collect();
    assert_eq!(check(&packages, "amd64"), vec![]);
    Ok(image)
}

/// Shows the groups: `base=1 libc=2 | app=1`.
fn shown(image: &LockedImage) -> String {
    let group = |group: &Vec<LockedPackage>| {
        let packages = group.iter().map(|package| format!("{}={}", package.name, package.version));
        packages.collect::<Vec<_>>().join(" ")
    };
    image.groups.iter().map(group).collect::<Vec<_>>().join(" | ")
}

fn answer(indices: &[Index], request: &Request) -> String {
    solve(indices, request, None).map_or_else(|error| error, |image| shown(&image))
}

#[test]
fn essential_packages_come_first() {
    let indices = stable("app 1 Depends: gawk");
    assert_eq!(answer(&indices, &request(&["app"])), "base=1 libc=2 mawk=1 | app=1 gawk=1");
    assert_eq!(answer(&indices, &request(&[])), "base=1 libc=2 mawk=1 | ");
}

#[test]
fn the_base_bends_if_it_must() {
    let indices = stable("app 1 Depends: gawk;Conflicts: mawk");
    assert_eq!(answer(&indices, &request(&["app"])), "base=1 gawk=1 libc=2 | app=1");
    let indices = stable("app 1");
    let without = Request { remove: vec!["mawk".into()], ..request(&["app"]) };
    assert_eq!(answer(&indices, &without), "base=1 gawk=1 libc=2 | app=1");
}

#[test]
fn preferences_decide_choices() {
    let indices =
        stable("app 1 Depends: exim | mta\nexim 1 Provides: mta\npostfix 1 Provides: mta");
    let prefer = |name: &str| Request { prefer: vec![name.into()], ..request(&["app"]) };
    assert!(answer(&indices, &request(&["app"])).ends_with("| app=1 exim=1"));
    assert!(answer(&indices, &prefer("postfix")).ends_with("| app=1 postfix=1"));
    assert!(answer(&indices, &request(&["app", "postfix"])).ends_with("| app=1 postfix=1"));
}

#[test]
fn a_choice_falls_on_what_is_there_anyway() {
    // `rotate` is visited before it is known that `late` brings systemd.
    let indices =
        stable("rotate 1 Depends: cron | systemd\ncron 1\nsystemd 1\nzlate 1 Depends: systemd");
    assert!(
        answer(&indices, &request(&["rotate", "zlate"])).ends_with("| rotate=1 systemd=1 zlate=1")
    );
}

#[test]
fn recommends_come_in_rounds_as_far_as_they_fit() {
    let indices = stable(
        "app 1 Recommends: nice, enemy, missing, gone\nnice 1 Recommends: nicer\nnicer 1\n\
         enemy 1 Conflicts: app\ngone 1",
    );
    let with = Request { recommends: true, remove: vec!["gone".into()], ..request(&["app"]) };
    assert!(answer(&indices, &with).ends_with("| app=1 nice=1 nicer=1"));
    assert!(answer(&indices, &request(&["app"])).ends_with("| app=1"));
}

#[test]
fn the_first_choice_is_recommended() {
    let indices = stable(
        "xorg 1 Depends: xinput-all | xdriver\nxinput-all 1\nwacom 1 Provides: xdriver\n\
         desk 1 Depends: wacom;Recommends: xorg",
    );
    let with = |install: &[&str], recommends| Request { recommends, ..request(install) };
    let both = ["desk", "xorg"];
    assert!(answer(&indices, &with(&both, false)).ends_with("| desk=1 wacom=1 xorg=1"));
    assert!(
        answer(&indices, &with(&["desk"], true)).ends_with("| desk=1 wacom=1 xinput-all=1 xorg=1")
    );
    // Who asks for the other one by name means it.
    let named = ["xorg", "wacom"];
    assert!(answer(&indices, &with(&named, true)).ends_with("| wacom=1 xorg=1"));
}

#[test]
fn who_provides_the_version_that_is_asked_for_is_meant() {
    let indices = stable(
        "tool 1 Depends: tomli | supported-min (>= 3.11), python\ntomli 1\n\
         python 3 Provides: supported-min (= 3.13)\nold 1 Depends: tomli | supported-min (>= 3.14)",
    );
    let with = |install: &[&str]| Request { recommends: true, ..request(install) };
    assert!(answer(&indices, &with(&["tool"])).ends_with("| python=3 tool=1"));
    assert!(answer(&indices, &with(&["tool", "old"])).ends_with("old=1 python=3 tomli=1 tool=1"));
}

#[test]
fn suites_have_priorities() {
    let indices = [
        index("stable", 500, &format!("{BASE}app 1\nlib 1")),
        index("stable-security", 500, "app 1+s1"),
        index("stable-backports", 100, "app 3~bpo Depends: lib (>= 2)\nlib 2~bpo\nlib 2"),
    ];
    assert!(answer(&indices, &request(&["app"])).ends_with("| app=1+s1"));
    assert!(answer(&indices, &request(&["app=1"])).ends_with("| app=1"));
    assert!(answer(&indices, &request(&["app/stable-backports"])).ends_with("| app=3~bpo lib=2"));
}

#[test]
fn what_is_optional_comes_as_far_as_it_can() {
    let indices = stable(
        "app 1\nfirmware-one 1 Section: non-free-firmware/kernel\nold-firmware 1 Section: kernel\n\
         firmware-b43-installer 1 Section: contrib/kernel\nfirmware-tool 1 Section: utils\n\
         firmware-foe 1 Section: kernel;Conflicts: app",
    );
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let with = |optional: &[&str], remove: &[&str]| {
        let (optional, remove) = (owned(optional), owned(remove));
        Request { optional, remove, ..request(&["app"]) }
    };
    let all = ["kernel/firmware-*", "kernel/*-firmware"];
    assert!(answer(&indices, &with(&all, &[])).ends_with("| app=1 firmware-one=1 old-firmware=1"));
    let removed = answer(&indices, &with(&all, &["firmware-one"]));
    assert!(removed.ends_with("| app=1 old-firmware=1"), "{removed}");
    // The lock remembers the wish, and grows by what is optional.
    let first = solve(&indices, &request(&["app"]), None).unwrap();
    let grown = solve(&indices, &with(&["firmware-one"], &[]), Some(&first)).unwrap();
    assert_eq!(shown(&grown), "base=1 libc=2 mawk=1 | app=1 | firmware-one=1");
    assert_ne!(grown.request, first.request);
    assert_eq!(solve(&indices, &with(&["firmware-one"], &[]), Some(&grown)).unwrap(), grown);
}

#[test]
fn what_is_optional_may_have_no_source() {
    let indices = stable("app 1\nfirmware-one 1 Section: non-free-firmware/kernel");
    let optional = ["firmware-one", "firmware-gone"].map(str::to_owned).to_vec();
    let names = answer(&indices, &Request { optional, ..request(&["app"]) });
    assert!(names.ends_with("| app=1 firmware-one=1"), "{names}");
}

/// So the digest of a request is what it was before there were such wishes.
#[test]
fn what_is_not_asked_for_is_not_written() {
    assert!(!serde_json::to_string(&request(&["app"])).unwrap().contains("optional"));
}

#[test]
fn a_lock_holds_and_grows() {
    let indices = stable("app 1\napp 2\nmore 1 Depends: extra\nextra 1\nless 1");
    let old = stable("app 1\nless 1");
    let first = solve(&old, &request(&["app", "less"]), None).unwrap();
    assert_eq!(shown(&first), "base=1 libc=2 mawk=1 | app=1 less=1");
    // The same request: nothing changes, though there are newer packages.
    assert_eq!(solve(&indices, &request(&["less", "app"]), Some(&first)).unwrap(), first);
    // It grew: one more group.
    let grown = solve(&indices, &request(&["app", "less", "more"]), Some(&first)).unwrap();
    assert_eq!(shown(&grown), "base=1 libc=2 mawk=1 | app=1 less=1 | extra=1 more=1");
    // What it wants is there already: no group is added.
    let same = solve(&indices, &request(&["app", "less", "libc"]), Some(&first)).unwrap();
    assert_eq!((same.groups == first.groups, same.request == first.request), (true, false));
    // It shrank: anew, but with the versions of the lock.
    let shrunk = solve(&indices, &request(&["app", "more"]), Some(&grown)).unwrap();
    assert_eq!(shown(&shrunk), "base=1 libc=2 mawk=1 | app=1 extra=1 more=1");
    // A locked version is in the way: anew.
    let forced = solve(&indices, &request(&["app=2", "less"]), Some(&first)).unwrap();
    assert_eq!(shown(&forced), "base=1 libc=2 mawk=1 | app=2 less=1");
    // A locked package is gone from the archive: anew.
    let gone = solve(&stable("app 2\nless 1"), &request(&["app", "less", "base"]), Some(&first));
    assert_eq!(shown(&gone.unwrap()), "base=1 libc=2 mawk=1 | app=2 less=1");
}

#[test]
fn boot_packages_are_only_named() {
    let indices = stable("shim 1 Depends: nothing\nshim 2 Depends: nothing");
    let wish = |names: &[&str]| Request {
        boot: names.iter().map(|name| (*name).to_owned()).collect(),
        ..request(&[])
    };
    let image = solve(&indices, &wish(&["shim"]), None).unwrap();
    assert_eq!((image.boot.len(), image.boot[0].version.as_str()), (1, "2"));
    let mut old = image.clone();
    old.boot[0].version = isoplug_manifest::package::Version::new("1").unwrap();
    let kept = solve(&indices, &wish(&["shim", "libc"]), Some(&old)).unwrap();
    assert_eq!(
        kept.boot.iter().map(|package| package.version.as_str()).collect::<Vec<_>>(),
        ["2", "1"]
    );
}

#[test]
fn digests_ignore_what_cannot_matter() {
    let one = request(&["a", "b", "a"]);
    assert_eq!(one.digest(), request(&["b", "a"]).digest());
    assert_ne!(one.digest(), request(&["a"]).digest());
    let prefer = |names: &[&str]| Request {
        prefer: names.iter().map(|name| (*name).to_owned()).collect(),
        ..request(&[])
    };
    assert_ne!(prefer(&["a", "b"]).digest(), prefer(&["b", "a"]).digest());
}

#[test]
fn what_is_unknown_is_told_at_once() {
    let indices = stable("openssh-server 1\nlinux-image-amd64 1\nlinux-image-6.12-amd64 1");
    let mut wish = request(&["opensh-server", "linux-image", "zzz", "libc=9", "app word"]);
    insta::assert_snapshot!(answer(&indices, &wish), @r#""app word" is not a package: expected name, name=version or name/suite"#);
    wish.install.pop();
    wish.boot.push("grubb".to_owned());
    insta::assert_snapshot!(answer(&indices, &wish), @r"
    no source has version 9 of `libc`; there is 2 in stable
    no source has the package `linux-image`; did you mean linux-image-amd64 or linux-image-6.12-amd64?
    no source has the package `opensh-server`; did you mean openssh-server?
    no source has the package `zzz`
    no source has the package `grubb`
    ");
    insta::assert_snapshot!(answer(&indices, &request(&["libc:i386"])), @"libc is wanted for i386, but the image is for amd64");
    assert!(answer(&[index("x", 500, "a 1")], &request(&["a"])).contains("no Essential packages"));
}

#[test]
fn a_record_that_leaves_the_archive_is_refused() {
    let mut indices = stable("evil 1");
    for path in ["../../etc/passwd", "pool/../x.deb", "/x.deb", "pool/x.deb\\y", ""] {
        indices[0].text = stable("evil 1")[0].text.replace("pool/evil_1.deb", path);
        assert!(answer(&indices, &request(&["evil"])).contains("no usable Filename"), "{path}");
    }
    indices[0].text = stable("evil 1")[0].text.replace(SHA256, "12");
    assert!(answer(&indices, &request(&["evil"])).contains("no usable SHA256"));
}
