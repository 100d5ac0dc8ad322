//! Updates of a part: what was asked for moves, all else stays, and what is held says why.

use insta::assert_snapshot;
use isoplug_manifest::lock::Lock;
use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::served::{Served, packages};

const CHANGELOG: &[u8] = b"app (1.1-1) stable; urgency=high\n\n  * Read no more than there is (CVE-2026-11111).\n\n -- A <a@example.org>  Mon, 02 Nov 2026 10:00:00 +0000\n\napp (1.0-1) stable; urgency=low\n\n  * First.\n\n -- A <a@example.org>  Mon, 05 Oct 2026 10:00:00 +0000\n";

/// The archive a week later: all is newer, and what was there is gone.
fn later() -> Vec<Package> {
    let mut later = packages();
    later.retain(|package| !["app", "lib", "tool"].contains(&package.fields["Package"].as_str()));
    later.push(
        Package::new("app", "1.1-1")
            .field("Depends", "lib (>= 2)")
            .file("usr/share/doc/app/changelog.Debian", CHANGELOG),
    );
    later.push(Package::new("lib", "2.2").field("Breaks", "tool (<< 4)"));
    later.push(Package::new("tool", "4"));
    later
}

fn names(served: &Served) -> String {
    let mut lock = Lock::parse(&served.space.read("isoplug.lock")).unwrap();
    let image = lock.images.remove("p.amd64").unwrap();
    let groups = image.groups.iter().map(|group| {
        let names = group.iter().map(|package| format!("{} {}", package.name, package.version));
        names.collect::<Vec<_>>().join(", ")
    });
    groups.collect::<Vec<_>>().join(" | ")
}

#[test]
fn one_package_moves_and_the_rest_stays() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served.publish(&later());
    assert_snapshot!(served.run(&["update", "--package", "app"]), @r"
    exit: 0
    --- stdout
    ~ app 1.0-1 -> 1.1-1
    --- stderr
    resolving p for amd64
    ");
    assert_eq!(names(&served), "base 1 | app 1.1-1, lib 2.1, linux-image-amd64 1");
    assert_eq!(served.space.ok(&["lock", "--locked"]), "");
    // What stays is known afterwards, too, though no mirror has it any more.
    served.change("[\"app\"]", "[\"app\", \"tool\"]");
    served.space.ok(&["lock"]);
    assert_eq!(names(&served), "base 1 | app 1.1-1, lib 2.1, linux-image-amd64 1 | tool 4");
}

#[test]
fn what_is_held_says_why() {
    let served = Served::default();
    served.change("[\"app\"]", "[\"app\", \"tool\"]");
    served.space.ok(&["lock"]);
    served.publish(&later());
    assert_snapshot!(served.run(&["update", "--package", "lib,base", "--dry-run"]), @r"
    exit: 0
    --- stdout
    p.amd64: nothing changes
    = base 1: no source has a newer version
    = lib 2.1 (2.2 is there): it does not go with tool (<< 4), and tool stays at 3
    --- stderr
    resolving p for amd64
    ");
    assert_snapshot!(served.space.ok(&["update", "--package=lib", "--json", "--dry-run"]), @r#"{"images":[{"changes":[],"held":[{"because":"it does not go with tool (<< 4), and tool stays at 3","offered":"2.2","package":"lib","version":"2.1"}],"image":"p.amd64"}]}"#);
    assert_snapshot!(served.run(&["update", "--package", "lib,tool"]), @r"
    exit: 0
    --- stdout
    ~ lib 2.1 -> 2.2
    ~ tool 3 -> 4
    --- stderr
    resolving p for amd64
    ");
}

#[test]
fn changelogs_are_fetched_where_they_are_asked_for() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served.publish(&later());
    let update = ["update", "--package", "app", "--dry-run", "--markdown"];
    assert_snapshot!(served.space.ok(&update), @r"
    ### p.amd64

    | package | was | is |
    | --- | --- | --- |
    | `app` | `1.0-1` | `1.1-1` |
    ");
    assert_snapshot!(served.space.ok(&[&update[..], &["--changelogs"]].concat()), @r"
    ### p.amd64

    | package | was | is |
    | --- | --- | --- |
    | `app` | `1.0-1` | `1.1-1` |

    <details><summary><code>app</code>: CVE-2026-11111</summary>

        app (1.1-1) stable; urgency=high
          * Read no more than there is (CVE-2026-11111).

    </details>
    ");
    assert_snapshot!(served.space.ok(&["update", "--package", "app", "--dry-run"]), @r"
    ~ app 1.0-1 -> 1.1-1
        CVE-2026-11111
        app (1.1-1) stable; urgency=high
          * Read no more than there is (CVE-2026-11111).
    ");
}

/// Serves a suite of security updates beside the other.
fn secured() -> Served {
    let archive = Archive::with("stable", &packages()).unwrap();
    archive.publish("stable-security", "main", "amd64", &[]).unwrap();
    let served = Served::of(archive);
    let url = served.server.url();
    let source = format!(
        "[sources.fixes]\nsuite = \"stable-security\"\nmirrors = [\"{url}\"]\nkeyring = \"archive.asc\"\n\n[profiles.p]"
    );
    served.change("[profiles.p]", &source);
    served.space.ok(&["lock"]);
    served.publish(&later());
    let fixed = [Package::new("lib", "2.1+s1")];
    served.archive.publish("stable-security", "main", "amd64", &fixed).unwrap();
    served
}

#[test]
fn only_security_updates_move() {
    let served = secured();
    assert_snapshot!(served.run(&["update", "--security-only", "--dry-run"]), @r"
    exit: 0
    --- stdout
    ~ lib 2.1 -> 2.1+s1
    --- stderr
    resolving p for amd64
    ");
    assert_snapshot!(served.run(&["update", "--source", "fixes", "--dry-run"]), @r"
    exit: 0
    --- stdout
    ~ lib 2.1 -> 2.1+s1
    --- stderr
    resolving p for amd64
    ");
    assert_snapshot!(served.run(&["update", "--source", "fixes", "--package", "app"]), @r"
    exit: 0
    --- stdout
    p.amd64: nothing changes
    = app 1.0-1: no source has a newer version
    --- stderr
    resolving p for amd64
    ");
    assert_eq!(names(&served), "base 1 | app 1.0-1, lib 2.1, linux-image-amd64 1");
}

#[test]
fn a_part_that_is_not_there_is_refused() {
    let served = Served::default();
    assert_snapshot!(served.run(&["update", "--source", "tiny"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: isoplug.lock does not pin what profile p asks for, so that no part of it can be updated
      try: `isoplug lock` first
    ");
    served.space.ok(&["lock"]);
    assert_snapshot!(served.run(&["update", "--package", "ap"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: none of the chosen images has the package `ap`
      try: isoplug.lock has the names; what is not there yet belongs into `packages.install`
    ");
    assert_snapshot!(served.run(&["update", "--source", "fixes"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: no source is called `fixes`, and none has such a suite or pocket
      try: one of the sources: tiny
    ");
    assert_snapshot!(served.run(&["update", "--security-only"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: no source has a suite of security updates
      try: add "security" to `pockets` of the source; sid has none, its updates come with all others
    "#);
}
