//! Compares the checksum that an image carries of itself with what isomd5sum makes and believes.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use isoplug_formats::iso::{self, Hadris, Image, IsoWriter, Source};
use sha2::{Digest, Sha256};

/// Where the area for applications lies.
const AREA: usize = 16 * 2048 + 883;

fn open(path: &Path) -> File {
    File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}

/// Writes an image of some megabytes that are not all the same.
fn write(path: &Path) -> [u8; 32] {
    let mut seed = 1_u32;
    let mut byte = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let bytes: Vec<u8> = (0..3_000_001).map(&mut byte).collect();
    let files = BTreeMap::from([("a".to_owned(), Source::Bytes(bytes).into())]);
    let (volume_id, epoch, identity) = ("TEST".to_owned(), 1_700_000_000, 1);
    let image = Image { volume_id, epoch, identity, files, bios: None, esp: None };
    Hadris.write(&open(path), &image, &mut |_| Ok(())).unwrap().sha256
}

fn implanted(path: &Path) -> [u8; 32] {
    write(path);
    iso::implant(&open(path), &mut |_| Ok(())).unwrap()
}

#[test]
fn only_the_area_changes_and_the_digest_is_that_of_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, checked] = ["plain", "checked"].map(|name| folder.path().join(name));
    write(&plain);
    let sha256 = implanted(&checked);
    let [plain, mut checked] = [plain, checked].map(|path| fs::read(path).unwrap());
    assert_eq!(sha256, <[u8; 32]>::from(Sha256::digest(&checked)));
    assert!(checked[AREA..].starts_with(b"ISO MD5SUM = "));
    assert_eq!(checked[AREA + 511], b' ');
    checked[AREA..AREA + 512].copy_from_slice(&plain[AREA..AREA + 512]);
    assert!(plain == checked);
}

#[test]
fn it_is_what_implantisomd5_writes() {
    if !isoplug_skip::has("implantisomd5") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [theirs, ours] = ["theirs.iso", "ours.iso"].map(|name| folder.path().join(name));
    write(&theirs);
    implanted(&ours);
    let told = Command::new("implantisomd5").arg("--force").arg(&theirs).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    let [theirs, ours] = [theirs, ours].map(|path| fs::read(path).unwrap());
    let area = |bytes: &[u8]| String::from_utf8_lossy(&bytes[AREA..AREA + 512]).into_owned();
    assert_eq!(area(&ours), area(&theirs));
    assert!(ours == theirs);
}

#[test]
fn checkisomd5_believes_it_and_finds_a_flipped_byte() {
    if !isoplug_skip::has("checkisomd5") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.iso");
    implanted(&path);
    let check = || Command::new("checkisomd5").arg(&path).status().unwrap();
    assert!(check().success());
    let file = open(&path);
    let mut byte = [0];
    file.read_exact_at(&mut byte, 1_500_000).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 1_500_000).unwrap();
    assert!(!check().success());
}

#[test]
fn what_is_no_image_gets_none() {
    let file = tempfile::tempfile().unwrap();
    assert!(iso::implant(&file, &mut |_| Ok(())).is_err());
    file.set_len(40_000).unwrap();
    assert!(iso::implant(&file, &mut |_| Ok(())).is_err());
}
