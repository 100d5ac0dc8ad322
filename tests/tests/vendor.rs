//! `isoplug vendor`: a folder that gives its image again without a network.
#![cfg(test)]

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::real::{self, Example, sha256};
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["vendor", "--help"]), @r"
    Put all that a build fetches into the folder `vendor` beside the manifest

    That is every package of the lock, every plugin, and this program. Builds look there first, so that
    ");
}

/// Another folder and an empty store, nothing but what is vendored, and the program that was.
#[test]
fn a_vendored_folder_gives_the_same_iso_without_a_network() {
    let _turn = real::turn();
    let built = real::minimal();
    built.space.ok(&["vendor"]);
    let other = Example::minimal();
    for name in ["isoplug.toml", "isoplug.lock", "vendor"] {
        let copied =
            Command::new("cp").arg("-r").arg(built.path(name)).arg(other.path(name)).status();
        assert!(copied.unwrap().success(), "{name}");
    }
    fs::remove_dir_all(built.path("vendor")).unwrap();
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(other.path("vendor"))
        .status();
    assert!(sums.unwrap().success());
    let mut build = other.space.command(&["build", "--locked", "--offline"]);
    let told = build.output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert_eq!(sha256(&other.iso()), sha256(&built.iso()));
    let version = Command::new(other.path("vendor/isoplug")).arg("--version").output().unwrap();
    assert!(version.status.success());
}
