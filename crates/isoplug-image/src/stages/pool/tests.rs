//! The archive of small made-up packages: its bytes, its names, and what it refuses.

use std::io::{Cursor, Read};

use isoplug_engine::{Graph, Options, Store, run};
use isoplug_formats::deb::ar;
use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};
use liblzma::read::XzDecoder;

use super::*;
use crate::stored::files::stored_files;

/// The key of RFC 8410, section 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----";
const EPOCH: u32 = 1_757_157_009;
const CONTROL: &str = "Package: hello\nVersion: 1:2.10-3\nArchitecture: amd64\nDescription: a greeting\n of two lines\n";

fn package(name: &str, version: &str, deb: &[u8]) -> LockedPackage {
    LockedPackage {
        name: PackageName::new(name).unwrap(),
        version: Version::new(version).unwrap(),
        architecture: Arch::new("amd64").unwrap(),
        source: "debian".to_owned(),
        path: ArchivePath::new("a.deb").unwrap(),
        size: deb.len() as u64,
        sha256: Digest::of(deb).hex(),
    }
}

/// Returns a package with this control file.
fn deb(control: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(control.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "./control", control.as_bytes()).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut bytes).unwrap();
    archive.member("debian-binary", b"2.0\n").unwrap();
    archive.member("control.tar", &tar.into_inner().unwrap()).unwrap();
    archive.member("data.tar", &[0; 1024]).unwrap();
    archive.finish().unwrap();
    bytes.into_inner()
}

/// Gives one package as [`fetch`] does.
struct Fetched {
    control: &'static str,
}

impl Stage for Fetched {
    const NAME: &'static str = "fetched";
    const VERSION: u32 = 1;
    type Outputs = Artifact<Blob>;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Artifact<Blob> {
        slots.slot("debs")
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { control } = self;
        key.value("control", control);
    }

    fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), stored::Error> {
        let deb = deb(self.control);
        let digest = stored::put(&deb, cx)?;
        stored::write_json(*out, &[package("hello", "1:2.10-3", &deb)], &[digest], cx)
    }
}

/// Copies what is in the archive out of the store: the files of `dists`, and the paths of packages.
struct Seen {
    pool: Outputs,
}

impl Stage for Seen {
    const NAME: &'static str = "seen";
    const VERSION: u32 = 1;
    type Outputs = Artifact<Blob>;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Artifact<Blob> {
        slots.slot("files")
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { pool } = self;
        pool.key(key);
    }

    fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), stored::Error> {
        let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (path, digest) in read(self.pool.packages, cx)? {
            let path_in_store = cx.referred(&digest)?;
            let bytes = std::fs::read(&path_in_store).map_err(stored::Error::read(&path))?;
            all.insert(path, bytes);
        }
        for file in stored_files(self.pool.dists, cx)? {
            all.insert(file.path.clone(), file.read()?);
        }
        stored::write_json(*out, &all, &[], cx)
    }
}

/// Makes the archive in a store of its own and returns its files.
fn made() -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut graph = Graph::new();
    let debs = graph.add(Fetched { control: CONTROL });
    let (key, arch) = (KEY.to_owned(), "amd64".to_owned());
    let pool = graph.add(Pool { debs, key, arch, epoch: EPOCH });
    let seen = graph.add(Seen { pool });
    let outputs = run(&graph, &[seen.id()], &store, &Options::default()).unwrap();
    serde_json::from_slice(&std::fs::read(outputs.path(seen).unwrap()).unwrap()).unwrap()
}

fn text(files: &BTreeMap<String, Vec<u8>>, path: &str) -> String {
    String::from_utf8(files[path].clone()).unwrap()
}

#[test]
fn the_archive_has_the_packages_their_index_and_a_signature() {
    let files = made();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "dists/isoplug/InRelease",
        "dists/isoplug/Release",
        "dists/isoplug/main/binary-amd64/Packages",
        "dists/isoplug/main/binary-amd64/Packages.xz",
        "pool/main/h/hello/hello_2.10-3_amd64.deb",
    ];
    assert_eq!(names, expected);
    assert_eq!(files[expected[4]], deb(CONTROL), "not one byte of a package is another");
}

#[test]
fn the_index_is_what_packages_say_with_where_they_lie() {
    let files = made();
    let (deb, index) = (deb(CONTROL), text(&files, "dists/isoplug/main/binary-amd64/Packages"));
    let place = "pool/main/h/hello/hello_2.10-3_amd64.deb";
    let (size, sha256) = (deb.len(), Digest::of(&deb).hex());
    let record = format!("{CONTROL}Filename: {place}\nSize: {size}\nSHA256: {sha256}\n\n");
    assert_eq!(index, record);
    let packed = &files["dists/isoplug/main/binary-amd64/Packages.xz"];
    let mut unpacked = String::new();
    XzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, index);
}

#[test]
fn the_release_names_each_index_and_does_not_expire() {
    let files = made();
    let release = text(&files, "dists/isoplug/Release");
    let [head, indices] = release.split("SHA256:\n").collect::<Vec<_>>()[..] else { panic!() };
    insta::assert_snapshot!(head, @r"
    Origin: isoplug
    Label: isoplug
    Suite: isoplug
    Codename: isoplug
    Date: Sat, 06 Sep 2025 11:10:09 UTC
    Architectures: amd64
    Components: main
    ");
    let line = |name: &str| {
        let bytes = &files[&format!("dists/isoplug/{name}")];
        format!(" {} {} {name}\n", Digest::of(bytes).hex(), bytes.len())
    };
    let [plain, packed] = ["main/binary-amd64/Packages", "main/binary-amd64/Packages.xz"].map(line);
    assert_eq!(indices, format!("{plain}{packed}"));
    let signed = text(&files, "dists/isoplug/InRelease");
    assert!(signed.contains(release.trim_end()), "{signed}");
}

#[test]
fn the_archive_has_the_same_bytes_twice() {
    assert_eq!(made(), made());
}

#[test]
fn packages_are_named_as_archives_name_them() {
    let place = |name, version| place(&package(name, version, b""));
    assert_eq!(place("libc6", "2.41-12"), "pool/main/libc/libc6/libc6_2.41-12_amd64.deb");
    assert_eq!(
        place("g++", "4:14.2.0-1~bpo+b1"),
        "pool/main/g/g++/g++_14.2.0-1~bpo+b1_amd64.deb",
        "an epoch is in no name"
    );
}

#[test]
fn two_packages_of_one_name_are_refused() {
    let twice = |one: &[u8]| {
        let packages = [package("hello", "2.10", one), package("hello", "1:2.10", b"other")];
        places(&packages).map(|places| places.len()).map_err(|error| error.to_string())
    };
    assert_eq!(twice(b"other"), Ok(1), "the same bytes");
    insta::assert_snapshot!(twice(b"one").unwrap_err(), @"two packages are to lie at pool/main/h/hello/hello_2.10_amd64.deb: of one name and version, but not the same bytes");
}

#[test]
fn a_control_file_makes_no_other_record() {
    let control = format!("{CONTROL}\n\nPackage: forged\nVersion: 9\n");
    let record = record(&package("hello", "1:2.10-3", b""), &control);
    assert!(!record.contains("forged"), "{record}");
    assert_eq!(record.matches("\n\n").count(), 1, "{record}");
}
