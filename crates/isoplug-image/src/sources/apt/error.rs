//! Why a source cannot be read, in words for people.

use std::path::PathBuf;

use isoplug_formats::apt::release;

use crate::sources::{download, keyring};

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
    #[error("suite {suite} of {archive}: its InRelease file is not trusted")]
    Untrusted {
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

fn lines(tried: &[String]) -> String {
    tried.iter().map(|url| format!("\n  {url}")).collect()
}

fn days(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600) {
        (0, hours) => format!("{hours} h"),
        (days, _) => format!("{days} d"),
    }
}
