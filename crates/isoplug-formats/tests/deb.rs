//! Reads packages that dpkg-deb built, and lets dpkg-deb read those that were repacked.
#![cfg(test)]

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isoplug_formats::deb::{Compression, Deb, Error, ar};
use isoplug_skip::skipped;
use proptest::prelude::*;

const FORMS: [(&str, Compression); 4] = [
    ("xz", Compression::Xz),
    ("zstd", Compression::Zstd),
    ("gzip", Compression::Gzip),
    ("none", Compression::None),
];

fn dpkg_deb(arguments: &[&str]) -> Option<Output> {
    Command::new("dpkg-deb").args(arguments).output().ok()
}

/// Builds a package with dpkg-deb; `None` if there is none.
fn build(folder: &Path, form: &str) -> Option<PathBuf> {
    let root = folder.join(form);
    fs::create_dir_all(root.join("DEBIAN")).unwrap();
    fs::create_dir_all(root.join("usr/share/hello")).unwrap();
    fs::write(
        root.join("DEBIAN/control"),
        "Package: hello\nVersion: 1:2-3\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: x\n",
    )
    .unwrap();
    fs::write(root.join("DEBIAN/conffiles"), "").unwrap();
    let text: String = (0..50_000).map(|line| format!("line {line}\n")).collect();
    fs::write(root.join("usr/share/hello/text"), text).unwrap();
    let deb = folder.join(format!("{form}.deb"));
    let compression = format!("-Z{form}");
    let paths = [root.to_str().unwrap(), deb.to_str().unwrap()];
    let built = dpkg_deb(&["--root-owner-group", &compression, "--build", paths[0], paths[1]])?;
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(deb)
}

fn read_data(deb: &Path) -> Vec<u8> {
    let deb = Deb::open(fs::File::open(deb).unwrap()).unwrap();
    let mut bytes = Vec::new();
    deb.data().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn reads_what_dpkg_deb_builds() {
    let folder = tempfile::tempdir().unwrap();
    for (form, compression) in FORMS {
        let Some(path) = build(folder.path(), form) else { return skipped("no dpkg-deb") };
        let deb = Deb::open(fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(deb.data_compression().unwrap(), compression);
        assert!(deb.control().unwrap().starts_with("Package: hello\nVersion: 1:2-3\n"));
        let names: Vec<String> = deb.control_files().unwrap().into_keys().collect();
        assert_eq!(names, ["conffiles", "control"]);
        let tar = dpkg_deb(&["--fsys-tarfile", path.to_str().unwrap()]).unwrap().stdout;
        assert!(read_data(&path) == tar, "{form}: other bytes than dpkg-deb");
        let mut known = Vec::new();
        deb.known().data().unwrap().read_to_end(&mut known).unwrap();
        assert!(known == tar, "{form}: other bytes without checksums");
    }
}

#[test]
fn dpkg_deb_reads_what_is_repacked() {
    let folder = tempfile::tempdir().unwrap();
    let mut repacked = Vec::new();
    for (form, _) in FORMS {
        let Some(path) = build(folder.path(), form) else { return skipped("no dpkg-deb") };
        let out = folder.path().join(format!("{form}.raw.deb"));
        let deb = Deb::open(fs::File::open(&path).unwrap()).unwrap();
        deb.repack_uncompressed(fs::File::create(&out).unwrap()).unwrap();
        let tar = dpkg_deb(&["--fsys-tarfile", out.to_str().unwrap()]).unwrap();
        assert!(tar.status.success() && tar.stdout == read_data(&path));
        let field = dpkg_deb(&["-f", out.to_str().unwrap(), "Version"]).unwrap();
        assert_eq!(String::from_utf8_lossy(&field.stdout), "1:2-3\n");
        let again = Deb::open(fs::File::open(&out).unwrap()).unwrap();
        assert_eq!(again.data_compression().unwrap(), Compression::None);
        repacked.push(tar.stdout.len());
    }
    assert!(repacked.iter().all(|length| *length == repacked[0]));
}

#[test]
fn a_cut_package_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (form, _) in FORMS {
        let Some(path) = build(folder.path(), form) else { return skipped("no dpkg-deb") };
        let whole = fs::read(path).unwrap();
        for length in (0..whole.len() - 1).step_by(997.min(whole.len() / 50).max(1)) {
            let failed = Deb::open(&whole[..length]).err();
            assert!(failed.is_some(), "{form}: {length} bytes of {} were accepted", whole.len());
        }
    }
}

/// A package of one xz member whose checksum is wrong though its bytes are right.
#[test]
fn the_checksum_in_xz_counts_unless_the_package_is_known() {
    let mut xz = Vec::new();
    liblzma::read::XzEncoder::new(&[7; 5000][..], 1).read_to_end(&mut xz).unwrap();
    // xz-file-format 2.1.2: the footer says how long the index before it is; the check is before that.
    let footer = xz.len() - 12;
    let index = u32::from_le_bytes(xz[footer + 4..footer + 8].try_into().unwrap()) as usize;
    xz[footer - (index + 1) * 4 - 1] ^= 1;
    let mut out = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut out).unwrap();
    let members: [(&str, &[u8]); 3] =
        [("debian-binary", b"2.0\n"), ("control.tar", b""), ("data.tar.xz", &xz)];
    members.iter().for_each(|(name, bytes)| archive.member(name, bytes).unwrap());
    archive.finish().unwrap();
    let package = out.into_inner();
    let read = |deb: Deb<&[u8]>| {
        let mut bytes = Vec::new();
        deb.data().unwrap().read_to_end(&mut bytes).map(|_| bytes)
    };
    assert!(read(Deb::open(&package[..]).unwrap()).is_err());
    assert_eq!(read(Deb::open(&package[..]).unwrap().known()).unwrap(), [7; 5000]);
}

fn text(bytes: &[u8]) -> String {
    Deb::open(bytes).unwrap_err().to_string()
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut out).unwrap();
    members.iter().for_each(|(name, bytes)| archive.member(name, bytes).unwrap());
    archive.finish().unwrap();
    out.into_inner()
}

#[test]
fn messages_name_the_member() {
    assert_eq!(text(b"PK\x03\x04"), "not a Debian package: it does not begin with an ar signature");
    assert_eq!(text(b"!<arch>\n"), "the package has no debian-binary");
    let old = archive(&[("debian-binary", b"1.0\n")]);
    assert_eq!(text(&old), "the package format \"1.0\" is not supported, only 2.x is");
    let bare = archive(&[("debian-binary", b"2.0\n"), ("control.tar", b"")]);
    assert_eq!(text(&bare), "the package has no data.tar");
    let whole =
        archive(&[("debian-binary", b"2.0\n"), ("control.tar.lz", b"x"), ("data.tar", b"")]);
    let control = Deb::open(&whole[..]).unwrap().control().unwrap_err();
    assert_eq!(control.to_string(), "the compression of control.tar.lz is not supported");
    let mut cut = whole.clone();
    cut.truncate(100);
    assert_eq!(text(&cut), "truncated: a header ends at byte 132, the file at byte 100");
}

#[test]
fn what_is_damaged_is_named() {
    let bad =
        archive(&[("debian-binary", b"2.0\n"), ("control.tar.xz", b"no xz"), ("data.tar", b"")]);
    let control = Deb::open(&bad[..]).unwrap().control().unwrap_err();
    assert!(matches!(control, Error::Damaged { .. }), "{control}");
    assert_eq!(control.to_string(), "control.tar.xz is damaged");
}

#[test]
fn what_dpkg_ignores_is_ignored() {
    let mut out = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut out).unwrap();
    let members: [(&str, &[u8]); 4] = [
        ("debian-binary", b"2.1\n"),
        ("_gpgorigin", b"odd"),
        ("control.tar", b""),
        ("data.tar", b""),
    ];
    members.iter().for_each(|(name, bytes)| archive.member(name, bytes).unwrap());
    archive.finish().unwrap();
    let bytes = out.into_inner();
    let deb = Deb::open(&bytes[..]).unwrap();
    assert!(deb.control_files().unwrap().is_empty());
    assert_eq!(deb.control().unwrap_err().to_string(), "the package has no control file");
}

/// Reads all that can be read.
fn read_all(bytes: &[u8]) {
    let Ok(deb) = Deb::open(bytes) else { return };
    let _ = deb.control_files();
    if let Ok(data) = deb.data() {
        let _ = std::io::copy(&mut data.take(1 << 20), &mut std::io::sink());
    }
}

fn small_deb() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(12);
    header.set_mode(0o644);
    tar.append_data(&mut header, "./control", &b"Package: a\n\n"[..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let mut out = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut out).unwrap();
    archive.member("debian-binary", b"2.0\n").unwrap();
    archive.member("control.tar.zst", &zstd::encode_all(&tar[..], 1).unwrap()).unwrap();
    archive.member("data.tar", &tar).unwrap();
    archive.finish().unwrap();
    out.into_inner()
}

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read_all(&bytes);
        read_all(&[&b"!<arch>\n"[..], &bytes].concat());
    }

    #[test]
    fn a_changed_package_is_safe(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..8)) {
        let mut bytes = small_deb();
        for (place, value) in changes {
            let place = usize::from(place) % bytes.len();
            bytes[place] = value;
        }
        read_all(&bytes);
    }
}
