//! Sources that are not what the manifest says.

use super::*;

#[test]
fn an_unknown_suite() {
    let served = Served::default();
    served.change("\"stable\"", "\"stabel\"");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-suite]: no mirror of `tiny` has the suite `stabel`
     --> isoplug.toml:5:9
      |
    5 | suite = "stabel"
      |         ^^^^^^^^
      |
      = help: these were asked, and `Release` beside: http://mirror/dists/stabel/InRelease
    "#);
    served.change("\"stabel\"", "\"stable\"");
    served.space.ok(&["lock"]);
}

#[test]
fn an_unknown_component() {
    let served = Served::default();
    served
        .change("suite = \"stable\"", "suite = \"stable\"\ncomponents = [\"main\", \"non-free\"]");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-component]: the suite `stable` has no component `non-free`
     --> isoplug.toml:6:14
      |
    6 | components = ["main", "non-free"]
      |              ^^^^^^^^^^^^^^^^^^^^
      |
      = help: it has main
    "#);
    served.change(", \"non-free\"", "");
    served.space.ok(&["lock"]);
}

#[test]
fn an_architecture_that_the_suite_has_not() {
    let served = Served::default();
    assert_snapshot!(served.run(&["lock", "--arch", "arm64"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for arm64
    error[unknown-arch]: the suite `stable` has no packages for arm64
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: it has all, amd64
    "#);
}

#[test]
fn no_mirror() {
    let served = Served::default();
    served.change(&format!("mirrors = [\"{}\"]\n", served.server.url()), "");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-mirror]: no mirror is known for the source `tiny`
     --> isoplug.toml:5:9
      |
    5 | suite = "stable"
      |         ^^^^^^^^
      |
      = help: name one: mirrors = ["https://..."]
    "#);
}

#[test]
fn a_keyring_that_is_not_there_or_none() {
    let served = Served::default();
    served.change("archive.asc", "archiv.asc");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unreadable-file]: there is no file archiv.asc
     --> isoplug.toml:7:11
      |
    7 | keyring = "archiv.asc"
      |           ^^^^^^^^^^^^
    "#);
    served.space.write("archiv.asc", "hello");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-keyring]: cannot use the keyring of `tiny`: it has no OpenPGP public key: it is neither armored nor binary
     --> isoplug.toml:7:11
      |
    7 | keyring = "archiv.asc"
      |           ^^^^^^^^^^^^
      |
      = help: it takes OpenPGP public keys, armored or binary
    "#);
    served.space.write("archiv.asc", "");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-keyring]: cannot use the keyring of `tiny`: it has no OpenPGP public key: it is empty
     --> isoplug.toml:7:11
      |
    7 | keyring = "archiv.asc"
      |           ^^^^^^^^^^^^
      |
      = help: it takes OpenPGP public keys, armored or binary
    "#);
    served.change("archiv.asc", "archive.asc");
    served.space.ok(&["lock"]);
}
