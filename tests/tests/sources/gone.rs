//! Suites that are not where they are looked for: gone since they were locked, or not there at a moment.

use insta::assert_snapshot;
use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::served::{Served, packages};

#[test]
fn a_suite_that_is_gone_is_told() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    std::fs::remove_dir_all(served.archive.path("dists/stable")).unwrap();
    assert_snapshot!(served.run(&["update"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[gone-suite]: no mirror of `tiny` has the suite `stable` any more, which is locked
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: name a mirror that keeps old suites, as archive.debian.org does, or another suite; what is locked is built from the store or a folder `vendor` all the same; these were asked: http://mirror/dists/stable/InRelease
    "#);
    // What is locked needs no suite.
    served.space.ok(&["lock", "--locked"]);
}

#[test]
fn what_is_only_there_for_another_architecture_is_told() {
    let archive = Archive::with("stable", &packages()).unwrap();
    let other = [
        Package::new("base", "1").field("Essential", "yes"),
        Package::new("linux-image-arm64", "1"),
        Package::new("grub-efi-arm64-signed", "1"),
    ];
    archive.publish("stable", "main", "arm64", &other).unwrap();
    let served = Served::of(archive);
    assert_snapshot!(served.run(&["lock", "--arch", "arm64"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for arm64
    error[unknown-package]: the sources have `app` for amd64 alone
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["app"]
       |                     ^^^^^ asked for here
       |
       = help: no package of that name is for arm64; ask for it in [profiles.p.when.arch.amd64]
    "#);
    served.change("\"app\"", "\"base\"");
    served.space.ok(&["lock", "--arch", "arm64"]);
}

/// Serves an archive as services of snapshots do, each moment below its name.
fn at(moment: &str) -> Served {
    let archive = Archive::with("stable", &packages()).unwrap();
    let folder = archive.path("tiny").join(moment);
    std::fs::create_dir_all(&folder).unwrap();
    for part in ["dists", "pool"] {
        std::fs::rename(archive.path(part), folder.join(part)).unwrap();
    }
    Served::of(archive)
}

#[test]
fn a_service_of_snapshots_is_asked_at_the_moment() {
    let served = at("20261122T000000Z");
    served.change(
        "mirrors = [",
        "snapshot = \"20261122T000000Z\"\nmirrors = [\"http://127.0.0.1:1\", ",
    );
    served.space.ok(&["lock"]);
    let asked = served.server.requests();
    assert!(asked.iter().all(|path| path.starts_with("tiny/20261122T000000Z/")), "{asked:?}");
    served.change("\"http://127.0.0.1:1\", ", "");
    served.change("20261122T000000Z", "20010101T000000Z");
    assert_snapshot!(served.run(&["update"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[no-suite-then]: the snapshot 20010101T000000Z of `tiny` has no suite `stable`
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: name a moment at which there was such a suite, and that the service has; these were asked: http://mirror/tiny/20010101T000000Z/dists/stable/InRelease
    "#);
}
