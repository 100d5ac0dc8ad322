//! A folder of packages as a source.

use std::fs;

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::Served;

/// Serves the archive, with a folder of packages beside the manifest.
fn with_folder(packages: &[(&str, Package)]) -> Served {
    let served = Served::default();
    for (file, package) in packages {
        put(&served, file, package);
    }
    served.change("[profiles.p]", "[sources.mine]\nfolder = \"debs\"\n\n[profiles.p]");
    served
}

fn put(served: &Served, file: &str, package: &Package) {
    let path = served.space.path("debs").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, package.to_deb().unwrap()).unwrap();
}

fn app(version: &str) -> Package {
    Package::new("app", version).field("Depends", "lib").file("usr/bin/app", b"#!/bin/sh\n")
}

fn served() -> Served {
    with_folder(&[("app_2_all.deb", app("2")), ("notes.txt", Package::new("notes", "1"))])
}

#[test]
fn a_folder_of_packages_is_a_source() {
    let served = served();
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    let line = lock.lines().find(|line| line.starts_with("\"app 2 all\"")).unwrap();
    assert!(line.contains("source = \"mine\", path = \"app_2_all.deb\", size = "), "{line}");
    assert!(lock.contains("\"lib 2.1 all\"") && !lock.contains("notes"), "{lock}");
    served.space.ok(&["lock", "--locked"]);
    // A newer one is no reason to change what is locked.
    put(&served, "app_3_all.deb", &app("3"));
    served.space.ok(&["lock"]);
    assert_eq!(served.space.read("isoplug.lock"), lock);
    served.space.ok(&["update"]);
    assert!(served.space.read("isoplug.lock").contains("\"app 3 all\""));
}

#[test]
fn its_packages_are_asked_for_by_its_name() {
    let served = with_folder(&[("app.deb", app("0.9"))]);
    served.space.ok(&["lock"]);
    assert!(served.space.read("isoplug.lock").contains("\"app 1.0-1 all\""));
    served.change("packages.install = [\"app\"]", "packages.from.mine = [\"app\"]");
    served.space.ok(&["lock"]);
    assert!(served.space.read("isoplug.lock").contains("\"app 0.9 all\""));
    served.change("[\"app\"]", "[\"app\", \"tool\"]");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: the source `mine` has no package `tool`
      --> isoplug.toml:15:30
       |
    15 | packages.from.mine = ["app", "tool"]
       |                              ^^^^^^ asked for here
       |
       = help: there is 3 in stable
    "#);
}

#[test]
fn two_files_of_one_version_are_told() {
    let served = served();
    put(&served, "copy.deb", &app("2"));
    served.space.ok(&["lock"]);
    put(&served, "other.deb", &app("2").file("usr/share/more", b"more"));
    served.change("[\"app\"]", "[\"app\", \"tool\"]");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[two-files]: app 2 all is in two files that differ: debs/copy.deb and debs/other.deb
      --> isoplug.toml:10:10
       |
    10 | folder = "debs"
       |          ^^^^^^
       |
       = help: remove one of them, or give it a version of its own
    "#);
}

#[test]
fn a_file_that_changed_under_its_version_is_told() {
    let served = served();
    served.space.ok(&["lock"]);
    put(&served, "app_2_all.deb", &app("2").file("usr/share/more", b"more"));
    let told = served.run(&["lock"]);
    assert!(
        told.contains("error[changed-package]: app 2 all was locked with the sha256"),
        "{told}"
    );
    assert!(told.contains("debs/app_2_all.deb has") && told.contains("`isoplug update`"), "{told}");
    served.space.ok(&["update"]);
    served.space.ok(&["lock", "--locked"]);
}

#[test]
fn what_no_package_is_is_told() {
    let served = served();
    fs::write(served.space.path("debs/bad.deb"), "no package").unwrap();
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[no-package]: debs/bad.deb is not a package: not a Debian package: it does not begin with an ar signature
      --> isoplug.toml:10:10
       |
    10 | folder = "debs"
       |          ^^^^^^
       |
       = help: build it again, or move it out of the folder
    "#);
    served.change("folder = \"debs\"", "folder = \"nowhere\"");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unreadable-file]: there is no file nowhere
      --> isoplug.toml:10:10
       |
    10 | folder = "nowhere"
       |          ^^^^^^^^^
    "#);
    served
        .change("folder = \"nowhere\"", "folder = \"debs\"\nmirrors = [\"http://mirror.example\"]");
    assert_snapshot!(served.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[folder-or-archive]: a folder of packages has no `mirrors`
      --> isoplug.toml:11:11
       |
    10 | folder = "debs"
       |          ------ the folder
    11 | mirrors = ["http://mirror.example"]
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: only `priority` stands beside `folder`
    "#);
}
