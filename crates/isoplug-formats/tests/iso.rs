//! Asks foreign readers what the ISO writer wrote: xorriso, isoinfo, sgdisk and mtools.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use isoplug_formats::fat;
use isoplug_formats::iso::{self, Bios, Entry, Error, Hadris, Image, IsoWriter, Report, Source};
use isoplug_skip::skipped;
use sha2::{Digest, Sha256};

const EPOCH: u64 = 1_700_000_000;

fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(name).args(arguments).env("TZ", "UTC").output();
    let Ok(output) = output else {
        skipped(&format!("{name} is not installed"));
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn write(path: &Path, image: &Image) -> Report {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    Hadris.write(&file.unwrap(), image, &mut |_| Ok(())).unwrap()
}

fn bytes(bytes: impl Into<Vec<u8>>) -> Entry {
    Source::Bytes(bytes.into()).into()
}

/// Stands for GRUB's image: as long as its boot information needs.
fn eltorito() -> Vec<u8> {
    (0..30_000u32).map(|at| at as u8).collect()
}

fn esp(folder: &Path) -> PathBuf {
    let path = folder.join("esp.img");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let files = BTreeMap::from([("EFI/BOOT/BOOTX64.EFI".to_owned(), vec![7; 70_000])]);
    let volume = fat::Volume { label: "ESP".to_owned(), epoch: EPOCH, serial: 1, files };
    fat::write(&file.unwrap(), &volume).unwrap();
    path
}

fn files(squashfs: PathBuf) -> BTreeMap<String, Entry> {
    BTreeMap::from([
        (".disk/info".to_owned(), bytes("a disk")),
        ("boot/grub/i386-pc/eltorito.img".to_owned(), bytes(eltorito())),
        ("boot/grub/grub.cfg".to_owned(), bytes("menu")),
        ("empty".to_owned(), bytes("")),
        ("live/filesystem.squashfs".to_owned(), Source::File(squashfs).into()),
        (
            "Ein längerer Name, wie ihn Menschen schreiben.txt".to_owned(),
            Entry { source: Source::Bytes(b"hallo".to_vec()), mode: 0o755 },
        ),
    ])
}

fn image(folder: &Path) -> Image {
    let squashfs = folder.join("squashfs");
    std::fs::write(&squashfs, vec![3; 3_000_001]).unwrap();
    Image {
        volume_id: "ISOPLUG_TEST".to_owned(),
        epoch: EPOCH,
        identity: 42,
        files: files(squashfs),
        bios: Some(Bios {
            eltorito: "boot/grub/i386-pc/eltorito.img".to_owned(),
            bootstrap: vec![0x90; 512],
        }),
        esp: Some(esp(folder)),
    }
}

#[test]
fn foreign_readers_find_the_boot_images_and_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.iso");
    let report = write(&path, &image(folder.path()));
    assert_eq!(report.size, path.metadata().unwrap().len());
    assert_eq!(report.sha256, <[u8; 32]>::from(Sha256::digest(std::fs::read(&path).unwrap())));
    assert_eq!(report.warnings, Vec::<String>::new());
    let at = path.to_str().unwrap();
    xorriso_finds_all(at);
    isoinfo_finds_both_trees(at);
    if let Some(text) = tool("sgdisk", &["-v", at]) {
        assert!(text.contains("No problems found"), "{text}");
        assert!(tool("sgdisk", &["-p", at]).unwrap().contains("EF00"));
    }
}

fn xorriso_finds_all(at: &str) {
    let reports = ["-report_el_torito", "plain", "-report_system_area", "plain"];
    let Some(text) = tool("xorriso", &[&["-indev", at][..], &reports].concat()) else { return };
    for expected in [
        "Volume id    : 'ISOPLUG_TEST'",
        "BIOS  y   none  0x0000  0x00      4",
        "UEFI  y   none",
        "grub2-boot-info",
        "grub2-mbr",
        "/boot/grub/i386-pc/eltorito.img",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    assert!(!text.contains("WARNING"), "{text}");
    let listing = tool("xorriso", &["-indev", at, "-find", "/", "-exec", "lsdl"]).unwrap();
    assert!(listing.contains("-rw-r--r--    1 0        0         3000001 Nov 14  2023"));
    assert!(listing.contains("-rwxr-xr-x"), "{listing}");
    assert!(listing.contains("'/Ein längerer Name, wie ihn Menschen schreiben.txt'"));
}

fn isoinfo_finds_both_trees(at: &str) {
    let Some(text) = tool("isoinfo", &["-d", "-i", at]) else { return };
    assert!(text.contains("Joliet with UCS level 3 found"), "{text}");
    assert!(text.contains("Rock Ridge signatures version 1 found"), "{text}");
    let joliet = tool("isoinfo", &["-J", "-f", "-i", at]).unwrap();
    assert!(joliet.contains("/live/filesystem.squashfs"), "{joliet}");
}

/// Two files of a medium whose names are one to who makes no difference of case, or composes letters.
#[test]
fn names_that_differ_in_case_or_form_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.iso");
    let names = ["Read.txt", "READ.txt", "read.txt", "caf\u{e9}.txt", "cafe\u{301}.txt"];
    let file = |name: &&str| ((*name).to_owned(), bytes(name.as_bytes()));
    let files = names.iter().map(file).collect();
    let image = Image { files, bios: None, esp: None, ..image(folder.path()) };
    let warnings = write(&path, &image).warnings;
    let told = |name: &str| {
        let end = format!("case-insensitive readers see one of them): {name}");
        warnings.iter().any(|warning| warning.ends_with(&end))
    };
    // Of three that differ in case, who makes no difference of it sees one.
    assert!(warnings.len() == 2 && told("Read.txt") && told("read.txt"), "{warnings:?}");
    extracted_by_xorriso(&path, &names);
    listed_by_isoinfo(path.to_str().unwrap(), &names);
}

fn extracted_by_xorriso(path: &Path, names: &[&str]) {
    let at = path.to_str().unwrap();
    if tool("xorriso", &["-version"]).is_some() {
        let out = path.with_file_name("out");
        let extract = ["-osirrox", "on", "-indev", at, "-extract", "/", out.to_str().unwrap()];
        let said = tool("xorriso", &extract).unwrap();
        for name in names {
            let read =
                std::fs::read(out.join(name)).unwrap_or_else(|error| panic!("{error} {said}"));
            assert_eq!(read, name.as_bytes());
        }
    }
}

fn listed_by_isoinfo(at: &str, names: &[&str]) {
    let distinct = |text: String| {
        let mut names: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix('/')).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    };
    if let Some(joliet) = tool("isoinfo", &["-J", "-f", "-i", at]) {
        // It shows letters outside ASCII in its own way.
        let joliet = distinct(joliet);
        assert_eq!(joliet.len(), names.len(), "{joliet:?}");
        assert!(names[..3].iter().all(|name| joliet.iter().any(|there| there == name)));
        // Names of ISO 9660 itself are in capitals: no two may become one.
        let plain = distinct(tool("isoinfo", &["-f", "-i", at]).unwrap());
        assert_eq!(plain.len(), names.len(), "{plain:?}");
    }
}

#[test]
fn the_esp_is_a_partition_that_mtools_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.iso");
    write(&path, &image(folder.path()));
    let iso = std::fs::read(&path).unwrap();
    let sector = |at: usize| u64::from_le_bytes(iso[at..at + 8].try_into().unwrap());
    let esp_type = [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11];
    let mut entries = (0..8).map(|index| 1024 + index * 128);
    let esp = entries.find(|&at| iso[at..at + 8] == esp_type).expect("an ESP in the GPT");
    let start = usize::try_from(sector(esp + 32)).unwrap() * 512;
    let at = format!("{}@@{start}", path.to_str().unwrap());
    if let Some(text) = tool("mdir", &["-i", &at, "-/", "-b", "::"]) {
        assert_eq!(text.lines().last(), Some("::/EFI/BOOT/BOOTX64.EFI"));
    }
}

#[test]
fn the_bytes_depend_on_the_image_alone() {
    let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [first, second] = [&one, &two].map(|folder| (folder, image(folder.path())));
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(2_000_000_000);
    let squashfs = File::options().write(true).open(two.path().join("squashfs")).unwrap();
    squashfs.set_modified(later).unwrap();
    let [a, b] = [first, second].map(|(folder, image)| {
        let path = folder.path().join("out.iso");
        (write(&path, &image), std::fs::read(path).unwrap())
    });
    assert_eq!(a.0, b.0);
    assert!(a.1 == b.1, "two writes of one image differ");
}

#[test]
fn images_of_one_epoch_have_different_file_system_uuids() {
    let folder = tempfile::tempdir().unwrap();
    let uuids = [42, 43].map(|identity| {
        let path = folder.path().join(format!("{identity}.iso"));
        write(&path, &Image { identity, ..image(folder.path()) });
        tool("blkid", &["-p", "-o", "value", "-s", "UUID", path.to_str().unwrap()])
    });
    let [Some(one), Some(other)] = uuids else { return };
    assert_ne!(one, other);
    assert!(one.starts_with("2023-11-14-22-13-19"), "{one}");
}

#[test]
fn our_reader_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.iso");
    let image = image(folder.path());
    write(&path, &image);
    let listed = iso::list(&path).unwrap();
    let files: Vec<&str> =
        listed.iter().filter(|entry| !entry.folder).map(|entry| &*entry.path).collect();
    let expected: Vec<&str> = image.files.keys().map(String::as_str).collect();
    assert_eq!(files.iter().filter(|path| **path != "boot/boot.cat").count(), expected.len());
    assert!(expected.iter().all(|path| files.contains(path)), "{files:?}");
    let reader = iso::Reader::open(&path).unwrap();
    assert_eq!(reader.volume_id(), "ISOPLUG_TEST");
    assert_eq!(reader.read("/.disk/info").unwrap(), b"a disk");
    let mut squashfs = Vec::new();
    assert_eq!(reader.copy("live/filesystem.squashfs", &mut squashfs).unwrap(), 3_000_001);
    assert!(squashfs == vec![3; 3_000_001]);
    let missing = reader.read("nothing").unwrap_err().to_string();
    assert!(missing.starts_with("cannot read nothing in "), "{missing}");
}

#[test]
fn without_boot_images_it_is_a_plain_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.iso");
    write(&path, &Image { bios: None, esp: None, ..image(folder.path()) });
    assert_eq!(iso::read_file(&path, "boot/grub/grub.cfg").unwrap(), b"menu");
    let Some(text) = tool("xorriso", &["-indev", path.to_str().unwrap()]) else { return };
    assert!(!text.contains("Boot record  : El Torito"), "{text}");
}

#[test]
fn mistakes_name_their_cause() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempfile().unwrap();
    let good = image(folder.path());
    let refused = |image: &Image| Hadris.write(&out, image, &mut |_| Ok(())).unwrap_err();
    let mut image = good.clone();
    image.files.remove("boot/grub/i386-pc/eltorito.img");
    assert!(matches!(refused(&image), Error::BootImage(_)));
    assert!(matches!(refused(&Image { epoch: u64::MAX, ..good.clone() }), Error::Epoch(_)));
    let mut image = good.clone();
    image.files.insert("gone".to_owned(), Source::File("/does/not/exist".into()).into());
    let Error::Write(source) = refused(&image) else { panic!() };
    assert!(source.to_string().contains("/does/not/exist"), "{source}");
    let stopped = Hadris.write(&out, &good, &mut |_| Err(std::io::Error::other("stopped")));
    assert!(matches!(stopped, Err(Error::Write(_))));
}
