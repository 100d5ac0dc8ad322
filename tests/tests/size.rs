//! `isoplug size`: what takes the room of an image, beside what another program finds in its squashfs.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_formats::tree::Kind;
use isoplug_tests::real;
use isoplug_tests::space::Space;
use isoplug_tests::{real::read_by_unsquashfs, require};
use serde_json::Value as Json;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["size", "--help"]), @r"
    Show what takes the room of an image: packages, folders, and why they are there

    Builds the root filesystem if it is not in the store yet. Sizes are those before compression.
    ");
}

fn size_of(example: &real::Example, arguments: &[&str]) -> String {
    let folder = example.path("").display().to_string();
    let store = example.store_path();
    let mut all = vec!["size", &*folder, "--store", &*store];
    all.extend(arguments);
    Space::new().ok(&all)
}

#[test]
fn the_sums_are_those_of_the_squashfs() {
    require!(real::Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let minimal = real::minimal();
    let found: Json = serde_json::from_str(&size_of(&minimal, &["--format", "json"])).unwrap();
    let tree = read_by_unsquashfs(&real::squashfs_blob(&minimal));
    let sizes = tree.entries.values().filter_map(|entry| match &entry.kind {
        Kind::File(content) => Some(content.size),
        _ => None,
    });
    assert_eq!(found["bytes"], sizes.sum::<u64>());
    let packages = found["packages"].as_array().unwrap();
    let sum: u64 = packages.iter().map(|package| package["bytes"].as_u64().unwrap()).sum();
    assert_eq!(found["bytes"], sum);
    let modules =
        packages.iter().find(|it| it["name"].as_str().unwrap().starts_with("linux-image-"));
    assert!(modules.is_some_and(|it| it["bytes"].as_u64().unwrap() > 50_000_000), "{modules:?}");
}

#[test]
fn reasons_lead_to_what_was_asked_for() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let why = size_of(&minimal, &["--why", "openssh-server"]);
    assert!(why.contains("openssh-server: `services.openssh.enable` asks for it"), "{why}");
    let why = size_of(&minimal, &["--why", "openssh-client"]);
    assert!(why.contains("needs or recommends openssh-client"), "{why}");
    let why = size_of(&minimal, &["--why", "/etc/motd"]);
    assert!(why.contains("(of no package)"), "{why}");
    let why = size_of(&minimal, &["--why", "/usr/sbin/sshd"]);
    assert!(why.contains("openssh-server"), "{why}");
}
