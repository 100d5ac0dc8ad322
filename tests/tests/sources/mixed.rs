//! Packages of one source and pins, where they name what nobody has.

use insta::assert_snapshot;
use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::served::{Served, packages};

/// Serves a second suite, of which `app` and `lib` are newer.
fn served() -> Served {
    let archive = Archive::with("stable", &packages()).unwrap();
    let newer = [
        Package::new("app", "3").field("Depends", "lib (>= 3)"),
        Package::new("lib", "3"),
        Package::new("tool", "4"),
    ];
    archive.publish("next", "main", "amd64", &newer).unwrap();
    let served = Served::of(archive);
    let url = served.server.url();
    let next = format!(
        "[sources.next]\nsuite = \"next\"\nmirrors = [\"{url}\"]\nkeyring = \"archive.asc\"\npriority = 100\n\n[profiles.p]"
    );
    served.change("[profiles.p]", &next);
    served
}

#[test]
fn packages_are_taken_from_the_source_that_is_named() {
    let served = served();
    served.change("[\"app\"]", "[\"tool\"]\npackages.from.next = [\"app\"]");
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    for package in ["app 3 all", "lib 3 all", "tool 3 all"] {
        assert!(lock.contains(package), "{package}: {lock}");
    }
    served.change("from.next = [\"app\"]", "from.next = [\"linux-image-amd64\"]");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: the source `next` has no package `linux-image-amd64`
      --> isoplug.toml:19:23
       |
    19 | packages.from.next = ["linux-image-amd64"]
       |                       ^^^^^^^^^^^^^^^^^^^ asked for here
       |
       = help: there is 1 in stable
    "#);
    served.change("from.next", "from.nxt");
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-source]: no source is called `nxt`, and none has such a suite
      --> isoplug.toml:19:21
       |
    19 | packages.from.nxt = ["linux-image-amd64"]
       |                     ^^^^^^^^^^^^^^^^^^^^^
       |
       = help: the sources are next, tiny, with the suites next, stable; add a table [sources.nxt]
    "#);
}

#[test]
fn pins_decide_and_are_told_where_nothing_meets_them() {
    let served = served();
    served.change("[\"app\"]", "[\"app\", \"tool\"]\npackages.pins = [{ packages = [\"to*\"], from = \"next\", priority = 600 }]");
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    assert!(lock.contains("app 1.0-1 all") && lock.contains("tool 4 all"), "{lock}");
    served.change("packages = [\"to*\"]", "packages = [\"tooool\"]");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unmet-pin]: no source has tooool from `next`
      --> isoplug.toml:19:18
       |
    19 | packages.pins = [{ packages = ["tooool"], from = "next", priority = 600 }]
       |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nothing fits this pin
       |
       = help: take the pin out, or look for what it should fit with `isoplug lock` without it
    "#);
    served.change(
        "packages = [\"tooool\"], from = \"next\", priority = 600",
        "packages = [\"tool\"], priority = -5",
    );
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: a priority below 0 keeps every version of `tool` out
      --> isoplug.toml:18:28
       |
    18 | packages.install = ["app", "tool"]
       |                            ^^^^^^ asked for here
       |
       = help: `packages.pins` and `priority` of the sources have the priorities
    "#);
}
