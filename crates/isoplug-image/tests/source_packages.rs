//! The files of source packages: taken from a folder by their digests, and put onto a medium of their own.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use isoplug_engine::{Digest, Graph, Options, Store, run};
use isoplug_formats::iso;
use isoplug_image::papers::sources::{Origin, SourceList};
use isoplug_image::stages::fetch::Places;
use isoplug_image::stages::source_packages::files::{self, SourceFiles};
use isoplug_image::stages::source_packages::medium::SourceMedium;
use isoplug_image::stages::source_packages::papers::SourcePapers;
use isoplug_manifest::package::ArchivePath;
use isoplug_packages::apt::{SourceFile, SourcePackage};

const DSC: &str = "Source: hello\n";
const TAR: &str = "not really a tar archive";

/// As xorriso quotes them.
const ON_MEDIUM: [&str; 5] = [
    "'/README.txt'",
    "'/SHA256SUMS'",
    "'/debian/pool/main/h/hello/hello_2.10-3.dsc'",
    "'/debian/pool/main/h/hello/hello_2.10.orig.tar.gz'",
    "'/sources.json'",
];

fn file(name: &str, text: &str) -> SourceFile {
    let path = ArchivePath::new(&format!("pool/main/h/hello/{name}")).unwrap();
    SourceFile { path, size: text.len() as u64, sha256: Digest::of(text.as_bytes()).hex() }
}

fn list() -> SourceList {
    let of = vec!["hello 2.10-3 amd64".to_owned()];
    let (archive, name, version) = ("debian".to_owned(), "hello".to_owned(), "2.10-3".to_owned());
    let origin = Origin { archive, name, version, of };
    let files = vec![file("hello_2.10-3.dsc", DSC), file("hello_2.10.orig.tar.gz", TAR)];
    let (name, version, archive) = ("hello".into(), "2.10-3".into(), "debian".into());
    let package = SourcePackage { name, version, archive, files };
    let found = BTreeMap::from([(origin.wanted(), package)]);
    SourceList::new("x.iso".into(), vec![origin], &found)
}

/// Makes the medium in a store of its own, of a folder with both files, and copies it.
fn medium(folder: &Path, target: &Path) -> Result<String, isoplug_engine::Error> {
    let store = tempfile::tempdir().unwrap();
    let store = Store::open(store.path()).unwrap();
    let mut graph = Graph::new();
    let places = Places { vendor: Some(folder.to_owned()), offline: true, ..Places::default() };
    let files = SourceFiles { files: files::files(&list()).unwrap(), places };
    let files = graph.add(files).files;
    let papers = graph.add(SourcePapers { list: list() });
    let (file_name, volume_id) = ("x.sources.iso".to_owned(), "X_SRC".to_owned());
    let medium = SourceMedium { papers, files, file_name, volume_id, epoch: 1_700_000_000 };
    let medium = graph.add(medium);
    let wanted = [medium.iso.id(), medium.checksum.id()];
    let outputs = run(&graph, &wanted, &store, &Options::default())?;
    fs::copy(outputs.path(medium.iso).unwrap(), target).unwrap();
    Ok(fs::read_to_string(outputs.path(medium.checksum).unwrap()).unwrap())
}

fn vendored() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hello_2.10-3.dsc"), DSC).unwrap();
    fs::write(folder.path().join(Digest::of(TAR.as_bytes()).hex()), TAR).unwrap();
    folder
}

#[test]
fn the_medium_has_every_file_and_is_the_same_again() {
    let (folder, out) = (vendored(), tempfile::tempdir().unwrap());
    let [one, other] = ["one.iso", "other.iso"].map(|name| out.path().join(name));
    let checksum = medium(folder.path(), &one).unwrap();
    medium(folder.path(), &other).unwrap();
    let bytes = fs::read(&one).unwrap();
    assert!(bytes == fs::read(&other).unwrap());
    assert_eq!(checksum, format!("{}  x.sources.iso\n", Digest::of(&bytes).hex()));
    let read = |path: &str| String::from_utf8(iso::read_file(&one, path).unwrap()).unwrap();
    assert_eq!(read("debian/pool/main/h/hello/hello_2.10-3.dsc"), DSC);
    assert_eq!(read("debian/pool/main/h/hello/hello_2.10.orig.tar.gz"), TAR);
    assert_eq!(read("SHA256SUMS"), list().sums());
    assert_eq!(read("sources.json"), list().to_json());
}

#[test]
fn xorriso_finds_the_same_files() {
    if !isoplug_skip::has("xorriso") {
        return;
    }
    let (folder, out) = (vendored(), tempfile::tempdir().unwrap());
    let iso = out.path().join("x.iso");
    medium(folder.path(), &iso).unwrap();
    let told = Command::new("xorriso")
        .args(["-indev", iso.to_str().unwrap(), "-find", "/", "-type", "f"])
        .output()
        .unwrap();
    let mut found: Vec<String> =
        String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect();
    found.sort();
    assert_eq!(found, ON_MEDIUM);
}

#[test]
fn a_file_with_other_bytes_is_not_taken() {
    let (folder, out) = (vendored(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("hello_2.10-3.dsc"), "Source: hellp\n").unwrap();
    let error = medium(folder.path(), &out.path().join("x.iso")).unwrap_err();
    let error = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let file = folder.path().join("hello_2.10-3.dsc");
    assert_eq!(
        error,
        format!(
            "offline, and 1 package is neither in the store nor vendored: hello 2.10-3 source; {} has other bytes \
             than the lock says",
            file.display()
        )
    );
}
