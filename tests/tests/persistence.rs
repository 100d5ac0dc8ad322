//! `isoplug persistence`: the partition that it makes, as other programs see it, and what it refuses.
#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::require;
use isoplug_tests::space::Space;

const MANIFEST: &str = "image = { name = \"keeps\" }\n[sources.debian]\nsuite = \"trixie\"\n[profiles.keeps]\n\
    extends = \"isoplug:minimal\"\nroot.locked = true\nlive.persistence = { enable = true, paths = [\"/home\"] }\n";

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["persistence", "--help"]), @r#"
    Make the partition that keeps what is changed, on a stick that has the ISO or in a copy of it

    It goes onto the free space behind the image, as at the first boot of the entry "persistence", which
    "#);
}

#[test]
fn what_is_no_stick_is_refused() {
    let space = Space::with_manifest(MANIFEST);
    assert_snapshot!(space.run(&["persistence", "gone.img"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot use gone.img
      because: No such file or directory (os error 2)
    ");
    fs::create_dir(space.path("folder")).unwrap();
    assert_snapshot!(space.run(&["persistence", "folder"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: folder is neither a stick nor a file
    ");
    assert!(
        space
            .run(&["persistence", "x", "--size", "8 bananas"])
            .contains("expected a size such as 8GiB")
    );
}

#[test]
fn a_partition_is_made_behind_the_image() {
    require!(Command::new("debugfs").arg("-V").output().is_ok(), "debugfs is not installed");
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::with_manifest(MANIFEST);
    symlink(minimal.store_path(), space.path("store")).unwrap();
    space.write("other.img", &"x".repeat(40_000));
    let other = space.run(&["persistence", "-q", "other.img"]);
    assert!(other.contains("other.img does not hold this image: it is called"), "{other}");

    let iso = space.ok(&["build", "-q"]);
    let iso = iso.trim().strip_prefix("./").unwrap_or(iso.trim()).to_owned();
    fs::copy(space.path(&iso), space.path("stick.img")).unwrap();
    let full = space.run(&["persistence", "-q", "stick.img"]);
    assert!(full.starts_with("exit: 1") && full.contains("--size lets a file grow"), "{full}");
    let length = fs::metadata(space.path("stick.img")).unwrap().len();
    let little = (length + (30 << 20)).to_string();
    let small = space.run(&["persistence", "-q", "stick.img", "--size", &little]);
    assert!(small.contains("MiB are free, and it takes 64 at least"), "{small}");
    // What was too small did not stay.
    space.ok(&["persistence", "-q", "stick.img", "--size", "2GiB"]);
    let stick = fs::read(space.path("stick.img")).unwrap();
    let (start, size) = partition(&stick);
    assert!(size > 1 << 30, "{size}");
    // What lay there before is as it was, but for the table of partitions at both ends.
    let image = fs::read(space.path(&iso)).unwrap();
    let end = image.len().min(start) - (64 << 10);
    assert!(image[64 << 10..end] == stick[64 << 10..end], "the image was changed");
    let file_system = space.path("ext4");
    fs::write(&file_system, &stick[start..start + size]).unwrap();
    let kept = Command::new("debugfs")
        .args(["-R", "cat /persistence.conf"])
        .arg(&file_system)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "/home bind\n");
    // Again: it is there.
    space.ok(&["persistence", "-q", "stick.img"]);
}

/// Returns where a partition of ours begins, and its length, in bytes: UEFI 2.10, 5.3.3.
fn partition(stick: &[u8]) -> (usize, usize) {
    let number = |at: usize| u64::from_le_bytes(stick[at..at + 8].try_into().unwrap()) as usize;
    assert_eq!(&stick[512..520], b"EFI PART");
    let entries = number(512 + 72) * 512;
    let is_ours = |entry: &usize| {
        let units = stick[entry + 56..entry + 128].chunks(2);
        let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        String::from_utf16_lossy(&units).starts_with("isoplug-")
    };
    let entry =
        (0..128).map(|index| entries + index * 128).find(is_ours).expect("a partition of ours");
    let (first, last) = (number(entry + 32), number(entry + 40));
    (first * 512, (last + 1 - first) * 512)
}
