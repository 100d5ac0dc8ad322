//! Puts every locked package into the store, and lists them for the stages that install them.
//!
//! Only what a digest names is fetched, so where it comes from does not matter: the store, a vendor
//! folder or any mirror. That is why the places are not in the key.

mod control;
mod queue;
mod vendor;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage};
use isoplug_manifest::lock::LockedPackage;

pub(super) use self::queue::Absent;

use isoplug_fetch as download;
use isoplug_packages::mirrors::MirrorList;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// What they are for: the number of an install group, or `boot`; only for the title.
    pub group: String,
    /// The packages.
    pub packages: Vec<LockedPackage>,
    /// Where to look for them; not in the key.
    pub places: Places,
}

/// Where packages may come from, besides the store.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The addresses of each archive.
    pub mirrors: MirrorList,
    /// Where services of snapshots may have what no mirror of an archive has any more.
    pub snapshots: MirrorList,
    /// The folders that are archives themselves.
    pub folders: BTreeMap<String, PathBuf>,
    /// A folder with packages, named by their digest in hexadecimal digits or as in the archive.
    pub vendor: Option<PathBuf>,
    /// Whether mirrors must not be asked.
    pub offline: bool,
    /// How often to try a mirror again.
    pub patience: download::Patience,
    /// Who may vouch for a mirror.
    pub authorities: download::Authorities,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The list of the packages ([`read`]); it refers to each .deb by its digest.
    pub debs: Artifact<Blob>,
}

/// Returns the digest by which the store has the .deb of a package.
///
/// # Errors
///
/// When the lock has no digest for it.
pub fn digest(package: &LockedPackage) -> Result<Digest, Error> {
    Digest::from_hex(&package.sha256).map_err(|_| Error::BadDigest { package: package.title() })
}

/// Why the packages could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed, or the build is to stop.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
    /// The list of what was fetched could not be stored.
    #[error(transparent)]
    Stored(#[from] crate::stored::Error),
    /// The certificates of the authorities are of no use.
    #[error(transparent)]
    Authorities(#[from] download::AuthoritiesError),
    /// A lock with a digest that is none.
    #[error("the digest of {package} in the lock is malformed")]
    BadDigest {
        /// Name, version and architecture.
        package: String,
    },
    /// Packages are missing and mirrors must not be asked.
    #[error("offline, and {} neither in the store nor vendored: {}{}",
        counted(missing.len()), shortened(missing), changed(others))]
    Offline {
        /// Name, version and architecture of each.
        missing: Vec<String>,
        /// Vendored files that are called like one of them, and have other bytes.
        others: Vec<PathBuf>,
    },
    /// A package that is gone from its folder.
    #[error("{} has no file {file} with the bytes of {package} in the lock", folder.display())]
    Gone {
        /// Name, version and architecture.
        package: String,
        /// The folder.
        folder: PathBuf,
        /// The name of the file.
        file: String,
    },
    /// A package that no mirror gave.
    #[error("cannot get package {package}")]
    Download {
        /// Name, version and architecture.
        package: String,
        /// What each mirror did.
        source: download::Error,
    },
    /// A package that neither a mirror nor a service of snapshots gave.
    #[error("cannot get package {package}, and no service of snapshots has it either: {snapshots}")]
    NoSnapshot {
        /// Name, version and architecture.
        package: String,
        /// What each service did.
        snapshots: download::Error,
        /// What each mirror did.
        source: download::Error,
    },
    /// Files that no mirror has.
    #[error("{}", absent_from_mirrors(files))]
    Absent {
        /// Each with the addresses that were asked.
        files: Vec<String>,
    },
    /// A package that is another than the lock says.
    #[error(
        "the package {package} says {field}: {found} inside, which is not what its archive says"
    )]
    Mismatch {
        /// Name, version and architecture of the lock.
        package: String,
        /// Which field.
        field: &'static str,
        /// What the package has.
        found: String,
    },
    /// A package that cannot be read.
    #[error("the package {package} is damaged")]
    Damaged {
        /// Name, version and architecture.
        package: String,
        /// Why.
        source: isoplug_formats::deb::Error,
    },
    /// A file that cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("failed to write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A list that is none.
    #[error("the list of packages {} is malformed", path.display())]
    BadList {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Stage for Fetch {
    const NAME: &'static str = "fetch";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.group)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { debs: slots.slot("debs") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { group: _, packages, places: _ } = self;
        key.value("packages", &list(packages));
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packages = list(&self.packages);
        obtain(&packages, Absent::Stops, &self.places, cx)?;
        control::compare(&packages, cx)?;
        write(&packages, out, cx)
    }
}

/// Puts files into the store that are not there yet.
pub(super) fn obtain(
    packages: &BTreeSet<LockedPackage>,
    absent_ones: Absent,
    places: &Places,
    cx: &Context,
) -> Result<(), Error> {
    let (mut missing, mut others) = (absent(packages, cx)?, Vec::new());
    if let Some(folder) = &places.vendor {
        let left = vendor::take(folder, missing, cx)?;
        (missing, others) = (left.packages, left.others);
    }
    for (archive, folder) in &places.folders {
        let (of_folder, others): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|package| package.source == *archive);
        missing = others;
        let gone = vendor::take(folder, of_folder, cx)?.packages;
        gone.first().map_or(Ok(()), |package| Err(gone_from(folder, package)))?;
    }
    if places.offline && !missing.is_empty() {
        let missing = missing.iter().map(|package| package.title()).collect();
        return Err(Error::Offline { missing, others });
    }
    queue::download(missing, absent_ones, places, cx)
}

fn gone_from(folder: &Path, package: &LockedPackage) -> Error {
    let (folder, file) = (folder.to_owned(), package.path.to_string());
    Error::Gone { package: package.title(), folder, file }
}

/// How many files that are on no mirror a message names.
const SHOWN: usize = 12;

fn absent_from_mirrors(files: &[String]) -> String {
    let shown: String = files.iter().take(SHOWN).map(|file| format!("\n  {file}")).collect();
    let count = match files.len() {
        1 => "1 file is".to_owned(),
        many => format!("{many} files are"),
    };
    let more = match files.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    format!("{count} on no mirror, though the index of the archive names them:{shown}{more}")
}

fn counted(packages: usize) -> String {
    if packages == 1 { "1 package is".to_owned() } else { format!("{packages} packages are") }
}

/// Tells of vendored files that were changed.
fn changed(others: &[PathBuf]) -> String {
    let named: Vec<String> = others.iter().take(5).map(|path| path.display().to_string()).collect();
    match others.len() {
        0 => String::new(),
        1 => format!("; {} has other bytes than the lock says", named[0]),
        _ => format!("; with other bytes than the lock says: {}", named.join(", ")),
    }
}

/// Lists the first few of what may be hundreds.
fn shortened(packages: &[String]) -> String {
    let (shown, rest) = packages.split_at(packages.len().min(5));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Reads the list that [`Outputs::debs`] is.
///
/// # Errors
///
/// When the list cannot be read.
pub fn read(list: &Path) -> Result<Vec<LockedPackage>, Error> {
    let path = list.to_owned();
    let text = fs::read(list).map_err(|source| Error::Read { path: path.clone(), source })?;
    serde_json::from_slice(&text).map_err(|source| Error::BadList { path, source })
}

fn list(packages: &[LockedPackage]) -> BTreeSet<LockedPackage> {
    packages.iter().cloned().collect()
}

fn absent<'p>(
    packages: &'p BTreeSet<LockedPackage>,
    cx: &Context,
) -> Result<Vec<&'p LockedPackage>, Error> {
    let mut absent = Vec::new();
    for package in packages {
        if !cx.adopt(&digest(package)?) {
            absent.push(package);
        }
    }
    Ok(absent)
}

fn write(packages: &BTreeSet<LockedPackage>, out: &Outputs, cx: &Context) -> Result<(), Error> {
    let blob = cx.create()?;
    let path = blob.path().to_owned();
    let text = serde_json::to_vec(packages)
        .map_err(|source| Error::BadList { path: path.clone(), source })?;
    blob.file().write_all(&text).map_err(|source| Error::Write { path, source })?;
    let digest = cx.put(blob, None)?;
    let debs: Vec<Digest> = packages.iter().map(self::digest).collect::<Result<_, _>>()?;
    Ok(cx.finish(out.debs, digest, &debs)?)
}
