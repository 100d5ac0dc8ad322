//! A folder of `.deb`s as a source: what their control files say, as an index with sizes and digests.
//!
//! Nobody signs it: the files are the user's own, and the lock names each by its digest. Looks into no folder below.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_formats::apt::{Package, foreign, packages};
use isoplug_formats::deb::Deb;
use isoplug_formats::tree::sorted_names;
use isoplug_manifest::lock::{LockedPackage, LockedRelease, LockedSource};

use super::{AptSource, Error};
use crate::{Index, Snapshot};

/// The suite of a folder: a flat repository.
pub(super) const SUITE: &str = "./";

/// Reads the folder of a source as it is now.
pub(super) fn read(
    source: &AptSource,
    folder: &Path,
    foreign: &[String],
) -> Result<Snapshot, Error> {
    let stanzas = files(folder)?.iter().map(|path| stanza(path)).collect::<Result<Vec<_>, _>>()?;
    let text = stanzas.concat();
    same_name(folder, &text)?;
    let release = LockedRelease {
        suite: SUITE.to_owned(),
        archive: source.name.clone(),
        sha256: Digest::of(text.as_bytes()).hex(),
        ..LockedRelease::default()
    };
    let pin = source.suites.first().map_or(0, |suite| suite.pin);
    let (name, archive, suite) = (source.name.clone(), source.name.clone(), SUITE.to_owned());
    let text = foreign::qualified(text, foreign);
    let index = Index { source: name, archive, suite, distribution: false, pin, text };
    Ok(Snapshot { locked: LockedSource { releases: vec![release] }, indices: vec![index] })
}

/// Compares locked packages of the folder with its files of the same names.
pub(super) fn compare(
    source: &AptSource,
    folder: &Path,
    locked: &[&LockedPackage],
) -> Result<(), Error> {
    for package in locked.iter().filter(|package| package.source == source.name) {
        let path = folder.join(&*package.path);
        if !path.is_file() {
            continue;
        }
        let found = File::open(&path).and_then(|file| Digest::of_file(&file));
        let found = found.map_err(|error| unreadable(&path, error))?.hex();
        if found != package.sha256 {
            let (package, locked) = (package.title(), package.sha256.clone());
            return Err(Error::OtherBytes { package, path, locked, found });
        }
    }
    Ok(())
}

/// Returns the packages in the folder, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let names = sorted_names(folder).map_err(|error| unreadable(folder, error))?;
    let paths = names.into_iter().map(|name| folder.join(name));
    let is_package =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "deb") && path.is_file();
    Ok(paths.filter(is_package).collect())
}

/// Returns the record of a package, with the fields of an index before its own.
fn stanza(path: &Path) -> Result<String, Error> {
    let read = |error| unreadable(path, error);
    let file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let sha256 = Digest::of_file(&file).map_err(read)?.hex();
    let control = Deb::open(file).and_then(|deb| deb.known().control());
    let control = control
        .map_err(|source| Error::DamagedFile { path: path.to_owned(), source: Box::new(source) })?;
    // What follows an empty line would be the record of another package.
    let control = control.trim_start().split("\n\n").next().unwrap_or_default().trim_end();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("Filename: {name}\nSize: {size}\nSHA256: {sha256}\n{control}\n\n"))
}

/// Fails where two files are one package in one version, and differ.
fn same_name(folder: &Path, text: &str) -> Result<(), Error> {
    let mut seen: BTreeMap<(&str, &str, &str), Package> = BTreeMap::new();
    for package in packages::packages(text) {
        let Package { name, version, architecture, .. } = package;
        if let Some(other) = seen.insert((name, version, architecture), package)
            && other.sha256 != package.sha256
        {
            let paths = [other.path, package.path].map(|name| folder.join(name));
            let package = format!("{name} {version} {architecture}");
            return Err(Error::TwoFiles { package, paths: Box::new(paths) });
        }
    }
    Ok(())
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::Cache { action: "read", path: path.to_owned(), source }
}
