//! `isoplug lock` against a tiny archive: what is pinned stays, what is new is added.
#![cfg(test)]

#[path = "lock/merged.rs"]
mod merged;
#[path = "lock/refused.rs"]
mod refused;
#[path = "lock/targets.rs"]
mod targets;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use insta::assert_snapshot;
use isoplug_engine::hold_folder;
use isoplug_manifest::lock::Lock;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

const TWO: &str = r#"packages.install = ["app", "tool"]"#;
const ONE: &str = r#"packages.install = ["app"]"#;

fn lock(served: &Served) -> Lock {
    Lock::parse(&served.space.read("isoplug.lock")).unwrap()
}

/// Returns the names in each group of the only image.
fn groups(served: &Served) -> Vec<Vec<String>> {
    let image = lock(served).images.remove("p.amd64").unwrap();
    let names = |group: Vec<_>| group.into_iter().map(name).collect();
    image.groups.into_iter().map(names).collect()
}

fn name(package: isoplug_manifest::lock::LockedPackage) -> String {
    package.name.into()
}

#[test]
fn help() {
    assert_snapshot!(Served::default().space.first_lines(&["lock", "--help"]), @r"
    Pin every package, plugin and module in isoplug.lock, keeping what is pinned already

    Usage: isoplug lock [OPTIONS] [FOLDER]
    ");
}

#[test]
fn the_first_lock_pins_everything() {
    let served = Served::default();
    assert_snapshot!(served.run(&["lock"]), @r"
    exit: 0
    --- stdout
    --- stderr
    resolving p for amd64
    isoplug.lock pins p
    ");
    let text = served.space.read("isoplug.lock");
    assert_snapshot!(served.plain(&isoplug_tests::replaced(&text)), @r#"
    # Made by isoplug: what exactly goes into the images. Keep it under version control, do not edit.
    version = 1

    [sources."tiny"]
    releases = [
      { suite = "stable", archive = "tiny", sha256 = "[SHA256]", date = 1795227046, release-suite = "stable", release-codename = "stable", signers = ["[KEY]"] },
    ]

    [images."p.amd64"]
    request = "[SHA256]"
    epoch = 1795227046
    groups = [
      [
        "base 1 all",
      ],
      [
        "app 1.0-1 all",
        "lib 2.1 all",
        "linux-image-amd64 1 all",
      ],
    ]
    boot = [
      "grub-efi-amd64-signed 1 all",
    ]

    [packages]
    "app 1.0-1 all" = { source = "tiny", path = "pool/main/app_1.0-1_all.deb", size = 656, sha256 = "[SHA256]" }
    "base 1 all" = { source = "tiny", path = "pool/main/base_1_all.deb", size = 600, sha256 = "[SHA256]" }
    "grub-efi-amd64-signed 1 all" = { source = "tiny", path = "pool/main/grub-efi-amd64-signed_1_all.deb", size = 700, sha256 = "[SHA256]" }
    "lib 2.1 all" = { source = "tiny", path = "pool/main/lib_2.1_all.deb", size = 700, sha256 = "[SHA256]" }
    "linux-image-amd64 1 all" = { source = "tiny", path = "pool/main/linux-image-amd64_1_all.deb", size = 592, sha256 = "[SHA256]" }
    "#);
    assert!(!text.contains("127.0.0.1") && !text.contains("http"), "a lock names no mirror");
}

#[test]
fn a_lock_that_fits_is_left_alone() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let (text, asked) = (served.space.read("isoplug.lock"), served.server.requests().len());
    assert_snapshot!(served.run(&["lock"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.lock pins p
    ");
    assert_snapshot!(served.run(&["lock", "--locked", "--offline"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.lock pins p
    ");
    assert_eq!(served.space.read("isoplug.lock"), text);
    assert_eq!(served.server.requests().len(), asked, "the network is not needed");
    // The file itself is not written either.
    let before = std::fs::metadata(served.space.path("isoplug.lock")).unwrap().modified().unwrap();
    served.space.ok(&["lock"]);
    let after = std::fs::metadata(served.space.path("isoplug.lock")).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

#[test]
fn one_package_more_is_one_group_more() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let before = lock(&served);
    // What the archive has by now does not matter to what is pinned.
    let mut newer = packages();
    newer.retain(|package| package.fields["Package"] != "lib");
    newer.push(Package::new("lib", "2.2"));
    served.publish(&newer);
    served.change(ONE, TWO);
    served.space.ok(&["lock"]);
    let after = lock(&served);
    let [before, after] = [&before, &after].map(|lock| &lock.images["p.amd64"].groups);
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(groups(&served).pop().unwrap(), ["tool"]);
    assert_eq!(served.space.ok(&["lock", "--locked"]), "");
}

#[test]
fn one_package_less_is_resolved_anew() {
    let served = Served::default();
    served.change(ONE, TWO);
    served.space.ok(&["lock"]);
    served.change(TWO, ONE);
    served.space.ok(&["lock"]);
    let fresh = Served::default();
    fresh.space.ok(&["lock"]);
    assert_eq!(groups(&served), groups(&fresh));
}

#[test]
fn each_profile_has_its_own_part() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let alone = lock(&served).images["p.amd64"].clone();
    let manifest = served.space.read("isoplug.toml");
    served.write(&format!(
        "{manifest}\n[profiles.q]\nnetworking.backend = \"none\"\nboot = {{ bios = false, secure-boot = false }}\npackages.install = [\"tool\"]\n"
    ));
    assert_snapshot!(served.run(&["lock", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: isoplug.lock does not pin what profile q asks for
      try: `isoplug lock`, and commit what it writes
    ");
    assert_snapshot!(served.run(&["lock"]), @r"
    exit: 0
    --- stdout
    --- stderr
    resolving q for amd64
    isoplug.lock pins p, q
    ");
    assert_eq!(lock(&served).images["p.amd64"], alone);
    assert_eq!(lock(&served).images.len(), 2);
}

/// Returns the packages that are only unpacked for boot loaders.
fn boot(served: &Served) -> Vec<String> {
    let image = lock(served).images.remove("p.amd64").unwrap();
    image.boot.into_iter().map(name).collect()
}

#[test]
fn a_memory_test_is_pinned_where_it_is_asked_for() {
    let mut packages = packages();
    packages.push(Package::new("memtest86+", "7").file("boot/memtest86+x64.efi", b"MZ"));
    let served = Served::new(&packages);
    served.space.ok(&["lock"]);
    assert_eq!(boot(&served), ["grub-efi-amd64-signed"]);
    served.change("[\"app\"]", "[\"app\", \"memtest86+\"]");
    served.space.ok(&["lock"]);
    assert_eq!(boot(&served), ["grub-efi-amd64-signed", "memtest86+"]);
    served.change(", \"memtest86+\"", "");
    served.change("secure-boot = false", "secure-boot = false, menu.memtest = true");
    served.space.ok(&["lock"]);
    assert_eq!(boot(&served), ["grub-efi-amd64-signed", "memtest86+"]);
    assert!(!groups(&served).concat().contains(&"memtest86+".to_owned()));
}

#[test]
fn an_image_keeps_its_epoch_as_long_as_its_packages() {
    let mut served = Served::default();
    let manifest = served.space.read("isoplug.toml");
    served.write(&format!(
        "{manifest}\n[profiles.q]\nextends = \"p\"\npackages.install = [\"tool\"]\n"
    ));
    let epoch = |served: &Served, image: &str| lock(served).images[image].epoch;
    served.space.ok(&["lock", "-p", "p"]);
    let first = epoch(&served, "p.amd64");
    // The archive is signed anew, and another machine locks the other profile.
    served.archive.release.insert("Date".to_owned(), "Sun, 22 Nov 2026 02:10:46 UTC".to_owned());
    served.publish(&packages());
    std::fs::remove_dir_all(served.space.path("store")).unwrap();
    served.space.ok(&["lock", "-p", "q"]);
    assert_eq!(epoch(&served, "p.amd64"), first);
    assert_eq!(epoch(&served, "q.amd64"), first + 86_400);
    served.space.ok(&["update", "-p", "p"]);
    assert_eq!(epoch(&served, "p.amd64"), first, "an update that changes no package");
    let mut newer = packages();
    newer.retain(|package| package.fields["Package"] != "lib");
    newer.push(Package::new("lib", "2.2"));
    served.publish(&newer);
    served.space.ok(&["update", "-p", "p"]);
    assert_eq!(epoch(&served, "p.amd64"), first + 86_400);
}

/// One run has read the manifest when another writes its profile to the lock.
#[test]
fn two_runs_lose_nothing_of_each_other() {
    let served = Served::default();
    let two =
        served.manifest(ONE) + "\n[profiles.q]\nextends = \"p\"\npackages.install = [\"tool\"]\n";
    served.write(&two);
    served.space.ok(&["lock", "--all"]);
    let both = lock(&served);
    let mut of_q = both.clone();
    of_q.images.remove("p.amd64").unwrap();
    std::fs::remove_file(served.space.path("isoplug.lock")).unwrap();

    let other = hold_folder(&served.space.path(""), || false, || panic!("nobody has it")).unwrap();
    let mut run = served.space.command(&["lock", "--profile", "p"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    let waits = lines.find(|line| line.starts_with("waiting for another isoplug"));
    assert!(waits.is_some(), "it has not waited");
    served.space.write("isoplug.lock", &of_q.to_toml());
    drop(other);
    lines.for_each(drop);
    assert!(run.wait().unwrap().success());
    let names: Vec<String> = lock(&served).images.into_keys().collect();
    assert_eq!(names, ["p.amd64", "q.amd64"]);
}
