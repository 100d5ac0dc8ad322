//! Manifests that ask for what is not there.

mod sources;

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

use super::{INSTALL, fails, fetches};

#[test]
fn a_package_that_no_source_has() {
    let served = Served::default();
    served
        .change(INSTALL, "packages.install = [\n  \"app\",\n  \"tol\",\n  \"nothing-like-it\",\n]");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has the package `tol`
      --> isoplug.toml:14:3
       |
    14 |   "tol",
       |   ^^^^^ asked for here
       |
       = help: did you mean `tool`?

    error[unknown-package]: no source has the package `nothing-like-it`
      --> isoplug.toml:15:3
       |
    15 |   "nothing-like-it",
       |   ^^^^^^^^^^^^^^^^^ asked for here
       |
       = help: no component of stable has it
    "#);
    served.change("tol", "tool");
    served.change("  \"nothing-like-it\",\n", "");
    served.space.ok(&["lock"]);
}

#[test]
fn a_package_that_an_option_asks_for() {
    let served = Served::default();
    served.change(INSTALL, "packages.install = [\"app\"]\nservices.openssh.enable = true");
    assert_snapshot!(fails(&served), @r"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has the package `openssh-server`, which `services.openssh.enable` needs
      --> isoplug.toml:13:27
       |
    13 | services.openssh.enable = true
       |                           ^^^^ asked for here
       |
       = help: no component of stable has it
    ");
    served.change("openssh.enable = true", "openssh.enable = false");
    served.space.ok(&["lock"]);
}

#[test]
fn a_version_that_no_source_has() {
    let served = Served::default();
    served.change("\"app\"", "\"app=2.0\"");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has version 2.0 of `app`
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["app=2.0"]
       |                     ^^^^^^^^^ asked for here
       |
       = help: there is 1.0-1 in stable
    "#);
}

#[test]
fn packages_that_exclude_each_other() {
    let mut packages = packages();
    packages.push(Package::new("rival", "1").field("Conflicts", "lib"));
    let served = Served::new(&packages);
    served.change("\"app\"", "\"app\", \"rival\"");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unsatisfiable]: the packages of p cannot be installed together
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["app", "rival"]
       |                     ^^^^^  ^^^^^^^ asked for here
       |                     |
       |                     asked for here
      because: not all of this can hold
        ├─ app is wanted:
        │  └─ app 1.0-1 needs
        │     └─ lib (>= 2), which is wanted:
        │        └─ lib 2.1
        └─ rival cannot be installed:
           └─ rival 1 wants
              └─ lib to be absent, since it conflicts with lib, but it is wanted, see above
    "#);
    served.change(", \"rival\"", "");
    served.space.ok(&["lock"]);
}

#[test]
fn a_package_that_is_needed_and_refused() {
    let served = Served::default();
    served.change("[\"app\"]", "[\"app\"]\npackages.remove = [\"lib\"]");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unsatisfiable]: the packages of p cannot be installed together
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["app"]
       |                     ^^^^^ asked for here
    13 | packages.remove = ["lib"]
       |                    ^^^^^ refused here
      because: not all of this can hold
        └─ app cannot be installed:
           └─ app 1.0-1 needs
              └─ lib (>= 2), which cannot be installed:
                 └─ lib 2.1 is excluded because the manifest removes it
    "#);
}

#[test]
fn an_option_whose_package_excludes_another() {
    let mut packages = packages();
    packages.push(Package::new("openssh-server", "1").field("Conflicts", "lib"));
    let served = Served::new(&packages);
    served.change("[\"app\"]", "[\"app\"]\nservices.openssh.enable = true");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unsatisfiable]: the packages of p cannot be installed together
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["app"]
       |                     ^^^^^ asked for here
    13 | services.openssh.enable = true
       |                           ^^^^ needs `openssh-server`
      because: not all of this can hold
        ├─ app is wanted:
        │  └─ app 1.0-1 needs
        │     └─ lib (>= 2), which is wanted:
        │        └─ lib 2.1
        └─ openssh-server cannot be installed:
           └─ openssh-server 1 wants
              └─ lib to be absent, since it conflicts with lib, but it is wanted, see above
    "#);
}

#[test]
fn a_dependency_that_is_not_there() {
    let mut packages = packages();
    packages.push(Package::new("broken", "1").field("Depends", "app (>= 2)"));
    let served = Served::new(&packages);
    served.change("\"app\"", "\"broken\"");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unsatisfiable]: the packages of p cannot be installed together
      --> isoplug.toml:12:21
       |
    12 | packages.install = ["broken"]
       |                     ^^^^^^^^ asked for here
      because: not all of this can hold
        └─ broken cannot be installed:
           └─ broken 1 is excluded because no source has its dependency app (>= 2)
    "#);
}

#[test]
fn a_file_that_is_not_there() {
    let served = Served::default();
    let file = "\n[[profiles.p.files]]\ntarget = \"/etc/motd\"\nsource = \"motd.txt\"\n";
    served.write(&(served.space.read("isoplug.toml") + file));
    assert_snapshot!(served.run(&["check"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error[unreadable-file]: there is no file motd.txt
      --> isoplug.toml:14:1
       |
    14 | [[profiles.p.files]]
       | ^^^^^^^^^^^^^^^^^^^^
    ");
    assert_snapshot!(served.run(&["build", "--quiet"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error[unreadable-file]: there is no file motd.txt
      --> isoplug.toml:14:1
       |
    14 | [[profiles.p.files]]
       | ^^^^^^^^^^^^^^^^^^^^
    ");
    served.space.write("motd.txt", "Hello\n");
    fetches(&served);
}
