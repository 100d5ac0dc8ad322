//! Makes an archive for apt of packages that lie on the medium: index, Release and signature, and where each package goes.
//!
//! The packages stay where they are in the store, and what the index says of each is its own control file. Knows no
//! medium, and not which packages are installed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::deb::{self, Deb};
use isoplug_manifest::lock::LockedPackage;
use isoplug_packages::signing::{self, ArchiveKey};
use liblzma::write::XzEncoder;
use rayon::prelude::*;

use super::fetch;
use crate::pool::SUITE;
use crate::stored;
use crate::stored::files::NewFiles;

/// Inputs.
#[derive(Clone)]
pub struct Pool {
    /// The fetched packages ([`fetch::read`]).
    pub debs: Artifact<Blob>,
    /// The key that signs, in PEM.
    pub key: String,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// When it was made; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Debug, Clone, Copy)]
pub struct Outputs {
    /// The files below `dists`, by their path on the medium.
    pub dists: Artifact<Tree>,
    /// Which package lies where ([`read`]); refers to each by its digest.
    pub packages: Artifact<Blob>,
}

impl Outputs {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { dists, packages } = self;
        key.artifact("dists", *dists);
        key.artifact("pool", *packages);
    }
}

impl Stage for Pool {
    const NAME: &'static str = "pool";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        // What the root filesystem gets of it has its name already.
        "pool of the medium".to_owned()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { dists: slots.slot("dists"), packages: slots.slot("pool") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { debs, key: private, arch, epoch } = self;
        key.artifact("debs", *debs);
        key.secret("offline-key", private);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packages = fetch::read(&cx.path(self.debs)?)?;
        let stanzas = packages.par_iter().map(|package| stanza(package, cx));
        let index = stanzas.collect::<Result<Vec<String>, Error>>()?.concat();
        self.write_dists(&index, out.dists, cx)?;
        let places = places(&packages)?;
        let debs: Vec<Digest> = places.values().copied().collect();
        let shown: BTreeMap<&String, String> =
            places.iter().map(|(path, digest)| (path, digest.hex())).collect();
        Ok(stored::write_json(out.packages, &shown, &debs, cx)?)
    }
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two packages with one name, version and architecture.
    #[error("two packages are to lie at {path}: of one name and version, but not the same bytes")]
    SamePath {
        /// Their path on the medium.
        path: String,
    },
    /// A package cannot be read.
    #[error("the package {package} is damaged")]
    Deb {
        /// Name, version and architecture.
        package: String,
        /// What is wrong.
        source: deb::Error,
    },
    /// A time that has no date.
    #[error("the epoch {0} has no date")]
    Epoch(u32),
    /// It cannot be signed.
    #[error("cannot sign the archive of the packages on the medium")]
    Signing(#[from] signing::Error),
    /// The index cannot be compressed.
    #[error("cannot compress the index of the packages on the medium")]
    Compress(#[source] io::Error),
    /// The list of packages cannot be read.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// A package could not be read, or a file not be stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

/// Reads where each package lies on the medium.
///
/// # Errors
///
/// When the list cannot be read.
pub fn read(
    packages: Artifact<Blob>,
    cx: &Context,
) -> Result<BTreeMap<String, Digest>, stored::Error> {
    let path = cx.path(packages)?;
    let damaged = |error: io::Error| stored::Error::read(&path)(error);
    let text = stored::text(packages, cx)?;
    let places: BTreeMap<String, String> =
        serde_json::from_str(&text).map_err(|error| damaged(io::Error::other(error)))?;
    let place = |(path, hex): (String, String)| {
        let digest = Digest::from_hex(&hex).map_err(|error| damaged(io::Error::other(error)))?;
        Ok((path, digest))
    };
    places.into_iter().map(place).collect()
}

impl Pool {
    fn write_dists(&self, index: &str, out: Artifact<Tree>, cx: &Context) -> Result<(), Error> {
        let compressed = compressed(index.as_bytes()).map_err(Error::Compress)?;
        let folder = format!("main/binary-{}", self.arch);
        let indices = [
            (format!("{folder}/Packages"), index.as_bytes()),
            (format!("{folder}/Packages.xz"), &compressed),
        ];
        let release = release(&self.arch, self.epoch, &indices)?;
        let signed = ArchiveKey::from_pem(&self.key)?.clearsigned(&release, self.epoch)?;
        let mut files = NewFiles::new(cx)?;
        let own = [("InRelease".to_owned(), signed), ("Release".to_owned(), release)];
        let own = own.iter().map(|(name, text)| (name, text.as_bytes()));
        for (name, bytes) in own.chain(indices.iter().map(|(name, bytes)| (name, *bytes))) {
            files.add(&format!("dists/{SUITE}/{name}"), bytes)?;
        }
        Ok(files.finish(out)?)
    }
}

/// Returns the text of `Release` with these indices.
fn release(arch: &str, epoch: u32, indices: &[(String, &[u8])]) -> Result<String, Error> {
    let time = jiff::Timestamp::from_second(epoch.into()).map_err(|_| Error::Epoch(epoch))?;
    let date = time.strftime("%a, %d %b %Y %H:%M:%S UTC");
    let mut text = format!(
        "Origin: {SUITE}\nLabel: {SUITE}\nSuite: {SUITE}\nCodename: {SUITE}\nDate: {date}\n\
         Architectures: {arch}\nComponents: main\nSHA256:\n"
    );
    for (name, bytes) in indices {
        let _ = writeln!(text, " {} {} {name}", Digest::of(bytes).hex(), bytes.len());
    }
    Ok(text)
}

/// One thread and one setting: the bytes depend on nothing else.
fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    const LEVEL: u32 = 6;
    let mut encoder = XzEncoder::new(Vec::new(), LEVEL);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Returns what the index says of a package.
fn stanza(package: &LockedPackage, cx: &Context) -> Result<String, Error> {
    let path = cx.referred(&fetch::digest(package)?)?;
    let file = File::open(&path).map_err(stored::Error::read(&path))?;
    // The store compared its digest when it came.
    let control = Deb::open(file).and_then(|deb| deb.known().control());
    let control = control.map_err(|source| Error::Deb { package: package.title(), source })?;
    Ok(record(package, &control))
}

/// Returns the record of a package with this control file. What follows an empty line in one would be that of another
/// package.
fn record(package: &LockedPackage, control: &str) -> String {
    let control = control.trim_start().split("\n\n").next().unwrap_or_default().trim_end();
    let LockedPackage { size, sha256, .. } = package;
    format!("{control}\nFilename: {}\nSize: {size}\nSHA256: {sha256}\n\n", place(package))
}

/// Returns where a package lies on the medium, named as archives name packages: without the epoch of its version.
fn place(package: &LockedPackage) -> String {
    let LockedPackage { name, version, architecture, .. } = package;
    let version = version.split_once(':').map_or(&**version, |(_, version)| version);
    let short = if name.starts_with("lib") { 4 } else { 1 };
    let folder = name.get(..short).unwrap_or(name);
    format!("pool/main/{folder}/{name}/{name}_{version}_{architecture}.deb")
}

/// Returns which package lies where.
fn places(packages: &[LockedPackage]) -> Result<BTreeMap<String, Digest>, Error> {
    let mut places = BTreeMap::new();
    for package in packages {
        let (path, digest) = (place(package), fetch::digest(package)?);
        if places.insert(path.clone(), digest).is_some_and(|other| other != digest) {
            return Err(Error::SamePath { path });
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests;
