//! Gets one file from the first mirror that has it, whole and with the right bytes.
//!
//! Waits and tries again when a mirror is busy, resumes where a transfer broke, and goes on to
//! the next mirror when one does not have the file or sends other bytes. Knows no archives.

mod address;
mod agent;
mod attempt;
mod authorities;
mod error;
mod pace;
mod partial;
mod retry;

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use isoplug_engine::Digest;

pub use agent::{Manner, agent, message};
pub use authorities::{Authorities, AuthoritiesError, DISTRUSTED, distrusted};
pub use error::{Error, Failure, Why};
pub use pace::Pace;
pub use retry::{Failed, GaveUp, Patience, goes_on_at, may_pass, wait};

use address::address;
pub use address::without_password;
use attempt::{Attempt, Stop};
use partial::Partial;

/// How long a mirror may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// Fetches files. One downloader keeps its connections for all that is fetched with it.
#[derive(Debug)]
pub struct Downloader {
    agent: ureq::Agent,
    patience: Patience,
    pace: Pace,
    /// Mirrors that failed altogether; they are tried last.
    failing: Mutex<BTreeSet<String>>,
}

/// What is known of the file beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its digest.
    pub digest: Option<Digest>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// The most bytes to accept if the length is not known; 0 is no limit.
    pub limit: u64,
}

/// Watches a transfer.
pub trait Watch: Sync {
    /// So many bytes of the file are there; fewer than before if it begins anew.
    fn at(&self, bytes: u64);
    /// Whether to stop.
    fn cancelled(&self) -> bool;
}

/// Watches nothing and never stops.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn at(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl Downloader {
    /// Makes a downloader for so many transfers at once, which believes whom these authorities vouch for.
    ///
    /// # Errors
    ///
    /// When the authorities' certificates cannot be used.
    pub fn new(
        connections: usize,
        patience: Patience,
        authorities: &Authorities,
    ) -> Result<Self, AuthoritiesError> {
        let manner = Manner { silence: SILENCE, connections, https_only: false };
        let agent = agent(authorities, manner)?;
        Ok(Self { agent, patience, pace: Pace::default(), failing: Mutex::default() })
    }

    /// Says how slow a mirror may be.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Writes the file at `path` below one of the mirrors to `file`, and returns its digest.
    ///
    /// # Errors
    ///
    /// When no mirror gives it as expected, it cannot be written, or it was told to stop.
    pub fn fetch(
        &self,
        mirrors: &[String],
        path: &str,
        expected: &Expected,
        file: &File,
        watch: &dyn Watch,
    ) -> Result<Digest, Error> {
        let mut failures = Vec::new();
        for mirror in self.by_health(mirrors) {
            let url = address(mirror, path);
            match self.ask(&url, self.patience_with(mirror, &failures), expected, file, watch) {
                Ok(digest) => return Ok(digest),
                Err(Stop::Failed(why)) => {
                    self.note_health(mirror, &why);
                    failures.push(Failure { url: without_password(&url), why });
                }
                Err(Stop::Write(source)) => {
                    return Err(Error::Write { path: path.to_owned(), source });
                }
                Err(Stop::Cancelled) => return Err(Error::Cancelled),
            }
        }
        match failures.is_empty() {
            true => Err(Error::NoMirror { path: path.to_owned() }),
            false => Err(Error::Failed { path: path.to_owned(), failures }),
        }
    }

    fn note_health(&self, mirror: &str, why: &Why) {
        if matches!(why, Why::Unreachable(_) | Why::Untrusted(_)) {
            self.failing().insert(mirror.to_owned());
        }
    }

    /// Asks a mirror that failed altogether before only once where another one was asked: many files that no other has
    /// would each wait for it.
    fn patience_with(&self, mirror: &str, failures: &[Failure]) -> Patience {
        let is_last_resort = !failures.is_empty() && self.failing().contains(mirror);
        let attempts = if is_last_resort { 1 } else { self.patience.attempts };
        Patience { attempts, ..self.patience }
    }

    /// Tries one mirror as often as patience allows.
    fn ask(
        &self,
        url: &str,
        patience: Patience,
        expected: &Expected,
        file: &File,
        watch: &dyn Watch,
    ) -> Result<Digest, Stop> {
        let attempt = Attempt { agent: &self.agent, url, expected, pace: self.pace, watch };
        let mut partial = Partial::begin(file).map_err(Stop::Write)?;
        let given = patience.attempt(&|| watch.cancelled(), || attempt.run(&mut partial));
        given.map_err(|gave_up| match gave_up {
            GaveUp::Transient(why) => Stop::Failed(Why::Unreachable(why)),
            GaveUp::Permanent(stop) => stop,
            GaveUp::Cancelled => Stop::Cancelled,
        })
    }

    fn by_health<'m>(&self, mirrors: &'m [String]) -> Vec<&'m String> {
        let failing = self.failing();
        let mut mirrors: Vec<&String> = mirrors.iter().collect();
        mirrors.sort_by_key(|mirror| failing.contains(*mirror));
        mirrors
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
