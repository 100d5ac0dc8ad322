//! Why a file could not be had, in words for people: what each mirror did.

use isoplug_engine::Digest;

/// Why a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was told to stop.
    #[error("the download was stopped")]
    Cancelled,
    /// There is nowhere to fetch from.
    #[error("there is no mirror for {path}")]
    NoMirror {
        /// The path below the mirror.
        path: String,
    },
    /// No mirror gave the file.
    #[error("{}", tried(path, .failures))]
    Failed {
        /// The path below the mirror.
        path: String,
        /// What each mirror did, in the order they were tried.
        failures: Vec<Failure>,
    },
    /// The local file could not be written.
    #[error("failed to write what was fetched for {path}")]
    Write {
        /// The path below the mirror.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// Tells whether every mirror said that there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Failed { failures, .. }
            if failures.iter().all(|failure| matches!(failure.why, Why::Absent(_))))
    }

    /// Tells whether no mirror gave the file, and one of them said that there is none; others may not have answered.
    pub fn is_absent_somewhere(&self) -> bool {
        matches!(self, Self::Failed { failures, .. }
            if failures.iter().any(|failure| matches!(failure.why, Why::Absent(_))))
    }

    /// Returns the addresses that were asked.
    pub fn urls(self) -> Vec<String> {
        match self {
            Self::Failed { failures, .. } => failures.into_iter().map(|one| one.url).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells whether the certificate of a mirror was not accepted.
    pub fn is_distrust(&self) -> bool {
        matches!(self, Self::Failed { failures, .. }
            if failures.iter().any(|failure| matches!(failure.why, Why::Untrusted(_))))
    }
}

/// What one mirror did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The whole address, without a password.
    pub url: String,
    /// Why it was of no use.
    pub why: Why,
}

/// Why a mirror was of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is no such file, or it may not be read.
    #[error("HTTP status {0}")]
    Absent(u16),
    /// It kept failing.
    #[error("{0}")]
    Unreachable(String),
    /// Nobody who is believed vouches for it.
    #[error("its certificate is not accepted: {0}")]
    Untrusted(String),
    /// It sent other bytes.
    #[error("expected {expected}, found {found}")]
    WrongDigest {
        /// What the index says.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// It sent more or fewer bytes.
    #[error("expected {expected} bytes, found {found} or more")]
    WrongSize {
        /// What the index says.
        expected: u64,
        /// What came.
        found: u64,
    },
}

fn tried(path: &str, failures: &[Failure]) -> String {
    let line = |failure: &Failure| format!("{}: {}", failure.url, failure.why);
    match failures {
        [one] => line(one),
        many => {
            let lines: String = many.iter().map(|one| format!("\n  {}", line(one))).collect();
            format!("no mirror gave {path}{lines}")
        }
    }
}
