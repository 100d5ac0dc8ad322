//! Exchanges archives with GNU cpio.

#![cfg(test)]

use std::io::Write;
use std::process::{Command, Stdio};

use isoplug_formats::cpio::{self, Entry, Error, Writer};
use isoplug_skip::skipped;
use proptest::prelude::*;

fn gnu_cpio(arguments: &[&str], folder: &std::path::Path, input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("cpio");
    command.args(arguments).current_dir(folder).env("TZ", "UTC").env("LC_ALL", "C");
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = spawned.spawn() else {
        skipped("cpio is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    Some(child.wait_with_output().unwrap().stdout)
}

fn archive() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), 1_700_000_000);
    writer.folder("conf", 0o755).unwrap();
    writer.file("conf/uuid.conf", 0o644, b"0123\n").unwrap();
    writer.symlink("init", "conf/uuid.conf").unwrap();
    writer.finish().unwrap()
}

#[test]
fn gnu_cpio_reads_hard_links() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(Vec::new(), 7);
    writer.hard_links(&[b"a", b"b", b"c"], 0o755, b"same").unwrap();
    writer.file("d", 0o644, b"other").unwrap();
    let archive = writer.finish().unwrap();
    assert_eq!(cpio::list(&*archive).unwrap().len(), 4);
    if gnu_cpio(&["-id", "--no-preserve-owner"], folder.path(), &archive).is_none() {
        return;
    }
    for name in ["a", "b", "c"] {
        let path = folder.path().join(name);
        assert_eq!(std::fs::metadata(&path).unwrap().nlink(), 3);
        assert_eq!(std::fs::read(&path).unwrap(), b"same");
    }
}

fn paths(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| std::str::from_utf8(&entry.path).unwrap()).collect()
}

#[test]
fn gnu_cpio_lists_and_extracts_what_we_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let archive = archive();
    assert_eq!(archive, self::archive());
    assert_eq!(archive.len() % 512, 0);
    let Some(listing) = gnu_cpio(&["-itv", "-n"], folder.path(), &archive) else { return };
    let listing = String::from_utf8(listing).unwrap();
    let expected = "\
        drwxr-xr-x   2 0        0               0 Nov 14  2023 conf\n\
        -rw-r--r--   1 0        0               5 Nov 14  2023 conf/uuid.conf\n\
        lrwxrwxrwx   1 0        0              14 Nov 14  2023 init -> conf/uuid.conf\n";
    assert_eq!(listing, expected);
    gnu_cpio(&["-id", "--no-preserve-owner"], folder.path(), &archive);
    assert_eq!(std::fs::read(folder.path().join("init")).unwrap(), b"0123\n");
}

#[test]
fn we_list_what_gnu_cpio_wrote() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), vec![1; 1003]).unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    let Some(archive) = gnu_cpio(&["-o", "-H", "newc"], folder.path(), b"a\nb\n") else { return };
    let entries = cpio::list(&*archive).unwrap();
    assert_eq!(paths(&entries), ["a", "b"]);
    assert_eq!((entries[0].size, entries[0].mode & 0o170_000), (1003, 0o100_000));
    assert_eq!(entries[1].mode & 0o170_000, 0o040_000);
}

#[test]
fn an_initrd_may_be_of_many_archives() {
    let plain = archive();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&plain).unwrap();
    let zstd = zstd::encode_all(&*plain, 1).unwrap();
    let (gzip, xz) = (gzip.finish().unwrap(), xz.finish().unwrap());
    let initrd = [&*plain, &gzip, &[0; 3], &zstd, &xz, &[0; 512], &plain].concat();
    let entries = cpio::list(&*initrd).unwrap();
    assert_eq!(entries.len(), 5 * 3);
    let mut texts = Vec::new();
    cpio::walk(&*initrd, &mut |entry, content| {
        if entry.path == b"conf/uuid.conf" {
            texts.push(std::io::read_to_string(content)?);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(texts, ["0123\n"; 5]);
}

#[test]
fn damaged_archives_are_errors() {
    let archive = archive();
    assert!(cpio::list(&archive[..archive.len() - 400]).is_err());
    assert!(matches!(cpio::list(&b"070701xyz"[..]), Err(Error::Read(_))));
    assert!(matches!(cpio::list(&b"#!/bin/sh"[..]), Err(Error::Magic(_))));
    let mut header = archive.clone();
    header[15] = b'?';
    let message = cpio::list(&*header).unwrap_err().to_string();
    assert_eq!(message, "damaged cpio header after entry \"\"");
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600), keep in 0..512usize) {
        let mut mixed = archive();
        mixed.truncate(keep);
        mixed.extend(bytes);
        let _ = cpio::list(&*mixed);
    }

    #[test]
    fn files_round_trip(files in prop::collection::btree_map("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..99), 0..9)) {
        let mut writer = Writer::new(Vec::new(), 7);
        for (path, bytes) in &files {
            writer.file(path, 0o600, bytes).unwrap();
        }
        let mut read = std::collections::BTreeMap::new();
        cpio::walk(&*writer.finish().unwrap(), &mut |entry, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            read.insert(String::from_utf8_lossy(&entry.path).into_owned(), bytes);
            Ok(())
        }).unwrap();
        prop_assert_eq!(read, files);
    }
}
