//! Why a source cannot be read, in words for people.

use std::path::PathBuf;

use isoplug_formats::apt::release;

use isoplug_fetch as download;

use crate::keyring;

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A source that is no Debian archive and names no mirror.
    #[error("source {source_name}: no mirror is known, name one with `mirrors`")]
    NoMirror {
        /// The source.
        source_name: String,
    },
    /// No mirror has the suite.
    #[error("source {source_name}: no mirror has the suite {suite}; tried:{}", lines(tried))]
    UnknownSuite {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
        /// The addresses that were asked.
        tried: Vec<String>,
        /// Whether it is a flat repository.
        flat: bool,
        /// Whether it was there when it was locked.
        locked: bool,
        /// The moment at which it is wanted.
        snapshot: Option<String>,
    },
    /// A Release file that nobody signed.
    #[error(
        "source {source_name}: the suite {suite} has a Release file and neither InRelease nor \
         Release.gpg: it is not signed"
    )]
    Unsigned {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
    },
    /// A Release file of something else than what was asked for.
    #[error(
        "source {source_name}: the Release file of {suite} is that of {}, and {asked} was asked for",
        both(found)
    )]
    WrongSuite {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
        /// The name that the file was to have.
        asked: String,
        /// Its suite and codename.
        found: Vec<String>,
    },
    /// A Release file that is called otherwise than the locked one.
    #[error(
        "source {source_name}: the suite {suite} was {} when it was locked, and is {} now",
        shown(was),
        shown(now)
    )]
    Renamed {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
        /// The locked name.
        was: String,
        /// The new one.
        now: String,
    },
    /// A Release file that is older than the locked one.
    #[error(
        "source {source_name}: the suite {suite} is {} older than what is locked: the mirror is \
         behind, or somebody withholds updates", days(was - now)
    )]
    Older {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
        /// The locked date, in seconds since 1970.
        was: u64,
        /// The date that came.
        now: u64,
    },
    /// A suite without hashes of an index of packages.
    #[error("the Release file of {suite} names no index of packages with a SHA-256")]
    NoIndex {
        /// The suite.
        suite: String,
    },
    /// An index that is larger than any archive needs.
    #[error("{path} of suite {suite} has {size} bytes, and no more than {most} are read")]
    TooLarge {
        /// The suite.
        suite: String,
        /// The path below the suite.
        path: String,
        /// What the Release states.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// An index with more packages than any archive needs.
    #[error("{path} of suite {suite} has more than {most} packages")]
    TooMany {
        /// The suite.
        suite: String,
        /// The path below the suite.
        path: String,
        /// The limit.
        most: usize,
    },
    /// An index with more text than the Release states.
    #[error("{path} of suite {suite} decompresses to more than the {most} bytes that it may have")]
    TooLong {
        /// The suite.
        suite: String,
        /// The path below the suite.
        path: String,
        /// The limit.
        most: u64,
    },
    /// A component that the suite has not.
    #[error("suite {suite} has no component {component}; it has {}", known.join(", "))]
    UnknownComponent {
        /// The suite.
        suite: String,
        /// What was asked for.
        component: String,
        /// What is there.
        known: Vec<String>,
    },
    /// An architecture that the suite has not.
    #[error("suite {suite} has no packages for {architecture}; it has {}", known.join(", "))]
    UnknownArchitecture {
        /// The suite.
        suite: String,
        /// What was asked for.
        architecture: String,
        /// What is there.
        known: Vec<String>,
    },
    /// The Release file is not what a trusted key signed.
    #[error("suite {suite} of {archive}: its Release file is not trusted")]
    Untrusted {
        /// The source.
        source_name: String,
        /// The suite.
        suite: String,
        /// The archive.
        archive: String,
        /// Why.
        source: keyring::Error,
    },
    /// A keyring that cannot be used.
    #[error("source {source_name}: the keyring is unusable")]
    Keyring {
        /// The source.
        source_name: String,
        /// Why.
        source: keyring::Error,
    },
    /// The Release file says that it is too old to be trusted.
    #[error(
        "suite {suite} of {archive} expired {} ago: the mirror is stale, or the clock is wrong; \
         `check-valid-until = false` accepts it", days(*seconds)
    )]
    Expired {
        /// The suite.
        suite: String,
        /// The archive.
        archive: String,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// The Release file is dated in the future.
    #[error("suite {suite} of {archive} is dated {} ahead: is the clock right?", days(*seconds))]
    NotYetValid {
        /// The suite.
        suite: String,
        /// The archive.
        archive: String,
        /// How far ahead, in seconds.
        seconds: u64,
    },
    /// A Release file that cannot be read.
    #[error("suite {suite} of {archive}: its Release file is malformed")]
    Malformed {
        /// The suite.
        suite: String,
        /// The archive.
        archive: String,
        /// Why.
        source: release::Malformed,
    },
    /// An index whose decompressed text is not the one that the Release names.
    #[error("{path} of suite {suite}: expected sha256 {expected}, found {found}")]
    WrongIndex {
        /// The suite.
        suite: String,
        /// The path below the suite.
        path: String,
        /// What the Release says.
        expected: String,
        /// What the text has.
        found: String,
    },
    /// An index that does not decompress.
    #[error("{path} of suite {suite} does not decompress")]
    Damaged {
        /// The suite.
        suite: String,
        /// The path below the suite.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not in the cache, and mirrors must not be asked.
    #[error("offline, and {path} is not in the cache")]
    Offline {
        /// The path below the mirror.
        path: String,
    },
    /// A file that no mirror gave.
    #[error("source {source_name}")]
    Download {
        /// The source.
        source_name: String,
        /// What each mirror did.
        source: download::Error,
    },
    /// Two files of a folder that are one package in one version, and differ.
    #[error(
        "{package} is in two files that differ: {} and {}", paths[0].display(), paths[1].display()
    )]
    TwoFiles {
        /// Name, version and architecture.
        package: String,
        /// The files.
        paths: Box<[PathBuf; 2]>,
    },
    /// A file of a folder that is no longer the one that was locked, under the same version.
    #[error(
        "{package} was locked with the sha256 {locked}, and {} has {found}", path.display()
    )]
    OtherBytes {
        /// Name, version and architecture.
        package: String,
        /// The file.
        path: PathBuf,
        /// The digest in the lock.
        locked: String,
        /// The digest of the file.
        found: String,
    },
    /// A file of a folder that is no package.
    #[error("{} is not a package", path.display())]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<isoplug_formats::deb::Error>,
    },
    /// The cache cannot be used.
    #[error("failed to {action} {}", path.display())]
    Cache {
        /// What was done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl Error {
    /// Tells whether every mirror said that there is no such file.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Download { source, .. } if source.is_absent())
    }
}

/// Writes `stable (trixie)`.
fn both(names: &[String]) -> String {
    match names {
        [suite, codename] => format!("{suite} ({codename})"),
        _ => names.concat(),
    }
}

fn shown(name: &str) -> &str {
    if name.is_empty() { "without a name" } else { name }
}

fn lines(tried: &[String]) -> String {
    tried.iter().map(|url| format!("\n  {url}")).collect()
}

fn days(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600) {
        (0, hours) => format!("{hours} h"),
        (days, _) => format!("{days} d"),
    }
}
