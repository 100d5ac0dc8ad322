//! `isoplug inspect`: what is in a finished image, beside what other programs find in it.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_formats::tree::Kind;
use isoplug_tests::real;
use isoplug_tests::space::Space;
use isoplug_tests::{real::read_by_unsquashfs, require};
use serde_json::Value as Json;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["inspect", "--help"]), @r"
    Show what is in a finished image: how it boots, its system, packages and users

    Reads live images of isoplug and of others: Debian, Ubuntu, grml and their kin. Needs no root,
    ");
}

#[test]
fn what_is_not_an_image_is_told() {
    let space = Space::new();
    space.write("x.iso", "text");
    assert_snapshot!(space.run(&["inspect", "x.iso"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot read x.iso
      because: it is not an ISO 9660 image
      try: name the file of an ISO image, such as out/stick.iso
    ");
}

fn json(arguments: &[&str]) -> Json {
    serde_json::from_str(&Space::new().ok(arguments)).unwrap()
}

#[test]
fn the_files_are_those_that_unsquashfs_finds() {
    require!(real::Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let minimal = real::minimal();
    let iso = minimal.iso().display().to_string();
    let found = json(&["inspect", &iso, "files", "--format", "json"]);
    let files = found["files"].as_array().unwrap();
    let tree = read_by_unsquashfs(&real::squashfs_blob(&minimal));
    assert_eq!(files.len(), tree.entries.len());
    for (file, (path, entry)) in files.iter().zip(&tree.entries) {
        let path = format!("/{}", String::from_utf8_lossy(path));
        assert_eq!(file["path"], path);
        assert_eq!(file["mode"], format!("{:04o}", entry.mode), "{path}");
        assert_eq!((&file["uid"], &file["gid"]), (&entry.uid.into(), &entry.gid.into()), "{path}");
        assert_eq!(file["mtime"], entry.mtime, "{path}");
        if let Kind::File(content) = &entry.kind {
            assert_eq!(file["bytes"], content.size, "{path}");
        }
    }
}

#[test]
fn an_image_of_ours_is_in_order_and_one_that_was_cut_off_is_not() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let iso = minimal.iso().display().to_string();
    let found = json(&["inspect", &iso, "--check", "--format", "json"]);
    assert_eq!(found["faults"], 0, "{found}");
    let space = Space::new();
    let bytes = std::fs::read(minimal.iso()).unwrap();
    std::fs::write(space.path("cut.iso"), &bytes[..bytes.len() / 2]).unwrap();
    let text = space.run(&["inspect", "cut.iso", "--check"]);
    assert!(text.starts_with("exit: 9\n"), "{text}");
    assert!(text.contains("it was cut off"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_page_says_what_the_example_asks_for() {
    let _turn = real::turn();
    let iso = real::minimal().iso().display().to_string();
    let text = Space::new().ok(&["inspect", &iso]);
    for words in [
        "ISOPLUG_MINIMAL",
        "Debian GNU/Linux 13 (trixie)",
        "installer  password: sha512  sudo: nopasswd",
        "/EFI/BOOT/BOOTX64.EFI",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let users = json(&["inspect", &iso, "users", "--format", "json"]);
    assert_eq!(
        users["users"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|user| user["password"] == "sha512")
            .count(),
        1
    );
}
