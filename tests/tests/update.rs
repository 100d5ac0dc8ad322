//! `isoplug update` against a tiny archive: pins the newest packages and shows what changes.
#![cfg(test)]

#[path = "update/parts.rs"]
mod parts;

use insta::assert_snapshot;
use isoplug_manifest::lock::Lock;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

/// The archive a week later: `lib` is newer, `app` needs a new package and no `lib` any more.
fn later() -> Vec<Package> {
    let mut later = packages();
    later.retain(|package| !["app", "tool"].contains(&package.fields["Package"].as_str()));
    later.push(Package::new("app", "1.1-1").field("Depends", "engine"));
    later.push(Package::new("engine", "7"));
    later
}

#[test]
fn help() {
    assert_snapshot!(Served::default().space.first_lines(&["update", "--help"]), @r"
    Pin the newest packages and show what changes

    Only the images that are chosen; all others keep their packages. What was asked for and stays behind
    ");
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let text = served.space.read("isoplug.lock");
    served.publish(&later());
    assert_snapshot!(served.run(&["update", "--dry-run"]), @r"
    exit: 0
    --- stdout
    ~ app 1.0-1 -> 1.1-1
    + engine 7
    - lib 2.1
    --- stderr
    resolving p for amd64
    ");
    assert_eq!(served.space.read("isoplug.lock"), text);
    assert!(!served.space.path("isoplug.lock.new").exists());
}

#[test]
fn a_bot_gets_markdown_and_json() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served.publish(&later());
    assert_snapshot!(served.space.ok(&["update", "--dry-run", "--markdown"]), @r"
    ### p.amd64

    | package | was | is |
    | --- | --- | --- |
    | `app` | `1.0-1` | `1.1-1` |
    | `engine` | – | `7` |
    | `lib` | `2.1` | – |
    ");
    assert_snapshot!(served.space.ok(&["update", "--json"]), @r#"{"images":[{"changes":[{"is":"1.1-1","package":"app","was":"1.0-1"},{"is":"7","package":"engine","was":null},{"is":null,"package":"lib","was":"2.1"}],"held":[],"image":"p.amd64"}]}"#);
    assert_snapshot!(served.space.ok(&["update", "--json"]), @r#"{"images":[{"changes":[],"held":[],"image":"p.amd64"}]}"#);
}

/// What is locked for others stays, whatever the archive has by now.
#[test]
fn an_update_of_one_image_leaves_the_others() {
    let served = Served::default();
    served.write(&format!(
        "{}[profiles.q]\nextends = \"p\"\n",
        served.manifest("packages.install = [\"app\"]")
    ));
    served.space.ok(&["lock"]);
    served.publish(&later());
    let lock = || Lock::parse(&served.space.read("isoplug.lock")).unwrap();
    let before = lock();
    served.space.ok(&["update", "-p", "q"]);
    let after = lock();
    assert_eq!(after.images["p.amd64"], before.images["p.amd64"]);
    assert_ne!(after.images["q.amd64"], before.images["q.amd64"]);
    // The others' Release file stays with them: services of snapshots are asked by its date, and what it has is known.
    let dates = |lock: &Lock| {
        let releases = lock.sources.values().flat_map(|source| &source.releases);
        releases.map(|release| release.sha256.clone()).collect::<Vec<_>>()
    };
    let (old, both) = (dates(&before), dates(&after));
    assert_eq!((old.len(), both.len(), &both[1]), (1, 2, &old[0]));
    served.space.ok(&["lock", "--locked", "--offline"]);
    let part = served.space.ok(&["update", "-p", "p", "--package", "base", "--dry-run"]);
    assert_eq!(part, "p.amd64: nothing changes\n= base 1: no source has a newer version");
    // A third one: what nobody is from any more goes, the first stays.
    let mut third = later();
    third.push(Package::new("app", "1.2-1").field("Depends", "engine"));
    served.publish(&third);
    served.space.ok(&["update", "-p", "q"]);
    let third = dates(&lock());
    assert_eq!((third.len(), &third[1]), (2, &old[0]));
    served.space.ok(&["update", "-p", "p"]);
    assert_eq!(dates(&lock()), third[..1]);
}

#[test]
fn an_update_shows_and_writes() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served.publish(&later());
    assert_snapshot!(served.run(&["lock"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.lock pins p
    ");
    assert_snapshot!(served.run(&["update", "--quiet"]), @r"
    exit: 0
    --- stdout
    ~ app 1.0-1 -> 1.1-1
    + engine 7
    - lib 2.1
    --- stderr
    ");
    assert_snapshot!(served.run(&["update"]), @r"
    exit: 0
    --- stdout
    p.amd64: nothing changes
    --- stderr
    resolving p for amd64
    ");
    assert_eq!(served.space.ok(&["lock", "--locked"]), "");
}

#[test]
fn without_a_lock_everything_comes() {
    let served = Served::default();
    assert_snapshot!(served.run(&["update", "--dry-run"]), @r"
    exit: 0
    --- stdout
    + app 1.0-1
    + base 1
    + grub-efi-amd64-signed 1
    + lib 2.1
    + linux-image-amd64 1
    --- stderr
    resolving p for amd64
    ");
    assert!(!served.space.path("isoplug.lock").exists());
}

#[test]
fn a_failed_update_leaves_the_lock() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let text = served.space.read("isoplug.lock");
    served.publish(&[Package::new("app", "2")]);
    assert_snapshot!(served.run(&["update"]), @r"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has the package `linux-image-amd64`, which `kernel.flavour` needs
      help: no component of stable has it

    error[unknown-package]: no source has the package `grub-efi-amd64-signed`, which `boot.uefi` needs
      help: no component of stable has it
    ");
    assert_snapshot!(served.run(&["update", "--offline"]), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: offline, and dists/stable/InRelease is not in the cache
      try: run it once without --offline to fill the store
    ");
    assert_eq!(served.space.read("isoplug.lock"), text);
}
