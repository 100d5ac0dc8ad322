//! Packages of the base system, which are laid down without dpkg, with files that no packer would write.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};
use tar::{Builder, EntryType, Header};

/// An archive of files.
struct Data(Builder<Vec<u8>>);

impl Data {
    /// One with what is looked for, so that the files are laid down.
    fn new() -> Self {
        let mut data = Self(Builder::new(Vec::new()));
        for folder in ["./", "./usr/", "./usr/bin/", "./etc/"] {
            data.add(EntryType::Directory, folder.as_bytes(), "", b"");
        }
        data.add(EntryType::Regular, b"./usr/bin/dpkg", "", b"#!/bin/sh\n");
        data
    }

    /// Adds an entry whose names are taken as they are.
    fn add(&mut self, kind: EntryType, path: &[u8], link: &str, bytes: &[u8]) {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o6777);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_700_000_000);
        _ = header.set_device_major(8).and_then(|()| header.set_device_minor(0));
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
    }

    /// Adds a record for the next entry, as pax(1) has it.
    fn pax(&mut self, name: &str, value: &[u8]) {
        let rest = [b" ", name.as_bytes(), b"=", value, b"\n"].concat();
        let length = (1..).find(|length: &usize| length.to_string().len() + rest.len() == *length);
        let record = [length.unwrap().to_string().as_bytes(), &rest].concat();
        self.add(EntryType::XHeader, b"pax", "", &record);
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// Builds with such a base system; returns what is said.
fn build(data: Vec<u8>) -> String {
    let base = Package::new("base", "1").field("Essential", "yes").data(data);
    let mut all = packages();
    all.retain(|package| package.fields["Package"] != "base");
    all.push(base);
    let served = Served::new(&all);
    let start = Instant::now();
    let said = served.run(&["build", "--quiet"]);
    assert!(said.starts_with("exit: 1\n") && !said.contains("panicked"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\0']), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(300), "{said}");
    said
}

fn link(path: &str, target: &Path) -> impl FnOnce(&mut Data) {
    let (path, target) = (path.to_owned(), target.display().to_string());
    move |data| data.add(EntryType::Symlink, path.as_bytes(), &target, b"")
}

/// Attempt 37: links, then files where they lead.
#[test]
fn files_of_the_base_system_stay_in_it() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().display().to_string();
    fs::write(outside.path().join("mine"), "mine").unwrap();
    let file =
        |data: &mut Data, path: &str| data.add(EntryType::Regular, path.as_bytes(), "", b"x");
    type Case<'a> = (&'a str, Box<dyn FnOnce(&mut Data) + 'a>);
    let cases: Vec<Case<'_>> = vec![
        (
            "a file below a link",
            Box::new(|data| {
                link("./l", outside.path())(data);
                file(data, "./l/new");
            }),
        ),
        (
            "a file below a link that climbs",
            Box::new(|data| {
                data.add(EntryType::Symlink, b"./l", &format!("{}{folder}", "../".repeat(9)), b"");
                file(data, "./l/new");
            }),
        ),
        (
            "a link in place of a folder",
            Box::new(|data| {
                data.add(EntryType::Directory, b"./d/", "", b"");
                link("./d", outside.path())(data);
                file(data, "./d/new");
            }),
        ),
        (
            "a link in place of a file",
            Box::new(|data| {
                link("./f", &outside.path().join("mine"))(data);
                file(data, "./f");
            }),
        ),
        ("an absolute path", Box::new(|data| file(data, &format!("{folder}/new")))),
        (
            "a hard link",
            Box::new(|data| {
                data.add(EntryType::Link, b"./h", &format!("{folder}/mine"), b"");
                file(data, "./h");
            }),
        ),
        (
            "links in place of what is mounted",
            Box::new(|data| {
                for name in ["./proc", "./dev", "./run", "./tmp"] {
                    link(name, outside.path())(data);
                }
            }),
        ),
    ];
    for (name, add) in cases {
        let mut data = Data::new();
        add(&mut data);
        build(data.bytes());
        let left = isoplug_formats::tree::sorted_names(outside.path()).unwrap();
        assert_eq!(left, ["mine"], "{name}");
        assert_eq!(fs::read_to_string(outside.path().join("mine")).unwrap(), "mine", "{name}");
    }
}

/// Kinds of entries, names and sizes that no package has.
#[test]
fn entries_that_no_packer_writes() {
    let one = |kind, path: &[u8], link: &str| {
        let mut data = Data::new();
        data.add(kind, path, link, b"");
        build(data.bytes())
    };
    for kind in [EntryType::Block, EntryType::Char, EntryType::GNUSparse] {
        let said = one(kind, b"./etc/x", "");
        assert!(said.contains("cannot extract base"), "{said}");
    }
    assert!(one(EntryType::Link, b"./etc/x", "etc/absent").contains("cannot"));
    assert!(one(EntryType::Regular, b"./../../etc/x", "").contains("leads out of the image"));
    for path in [&b"./etc/a\nb\x1b[2J"[..], b"./etc/\xff\xfe\xc2\x9b2J", b"./etc/../x\x1b[2J"] {
        one(EntryType::Regular, path, "");
    }
    for (name, value) in [
        ("path", &b"../../../../etc/isoplug-was-here"[..]),
        ("path", b"./etc/a\0b"),
        ("path", &[b'a'; 100_000]),
        ("linkpath", b"/etc/shadow"),
        ("size", b"99999999999999999999"),
        ("size", b"1099511627776"),
        ("SCHILY.xattr.security.capability", b"\x01\0\0\x02\xff\xff\xff\xff"),
        ("GNU.sparse.realsize", b"219902325555200"),
        ("mtime", b"-99999999999999"),
        ("uid", b"99999999999"),
    ] {
        let mut data = Data::new();
        data.pax(name, value);
        data.add(EntryType::Regular, b"./etc/x", "", b"");
        build(data.bytes());
    }
    assert!(!Path::new("/etc/isoplug-was-here").exists());
}

/// Archives that are none, or end early.
#[test]
fn archives_that_are_none() {
    let whole = Data::new().bytes();
    for data in [Vec::new(), vec![0xff; 4096], whole[..700].to_vec(), whole[..1200].to_vec()] {
        build(data);
    }
}

/// A few bytes that become a gigabyte.
#[test]
fn a_package_that_unpacks_to_very_much() {
    let mut data = Data::new();
    let zeros = vec![0; 64 << 20];
    for number in 0..16 {
        data.add(EntryType::Regular, format!("./etc/{number}").as_bytes(), "", &zeros);
    }
    build(data.bytes());
}
