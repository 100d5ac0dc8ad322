//! Gets one file from the first mirror that has it, whole and with the right bytes.
//!
//! Waits and tries again when a mirror is busy, resumes where a transfer broke, and goes on to
//! the next mirror when one does not have the file or sends other bytes. Knows no archives.

mod address;
mod attempt;
mod authorities;
mod error;
mod pace;
mod partial;

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use isoplug_engine::Digest;

pub use authorities::{Authorities, AuthoritiesError, DISTRUSTED, distrusted};
pub use error::{Error, Failure, Why};
pub use pace::Pace;

use address::{address, without_password};
use attempt::{Attempt, Outcome};
use partial::Partial;

/// How long a mirror may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long to wait between looks at whether the transfer is to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// Fetches files. One downloader keeps its connections for all that is fetched with it.
#[derive(Debug)]
pub struct Downloader {
    agent: ureq::Agent,
    patience: Patience,
    /// Mirrors that failed altogether; they are tried last.
    failing: Mutex<BTreeSet<String>>,
}

/// How often and how slowly to try one mirror again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many times one mirror is asked for one file.
    pub attempts: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, whatever the mirror asks for.
    pub longest_pause: Duration,
    /// How slow a mirror may be.
    pub pace: Pace,
}

impl Default for Patience {
    fn default() -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(500), Duration::from_secs(30));
        Self { attempts: 5, first_pause, longest_pause, pace: Pace::default() }
    }
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
    /// Makes a downloader for so many transfers at once, which believes whom these authorities vouch
    /// for. A proxy is taken from the environment, as every HTTP client does.
    pub fn new(
        connections: usize,
        patience: Patience,
        authorities: &Authorities,
    ) -> Result<Self, AuthoritiesError> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(authorities.config()?)
            .max_idle_connections_per_host(connections)
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("isoplug/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), patience, failing: Mutex::default() })
    }

    /// Writes the file at `path` below one of the mirrors to `file`, and returns its digest.
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
            match self.ask(&url, expected, file, watch) {
                Ok(digest) => return Ok(digest),
                Err(Outcome::Failed(why)) => {
                    if matches!(why, Why::Unreachable(_) | Why::Untrusted(_)) {
                        self.failing().insert(mirror.clone());
                    }
                    failures.push(Failure { url: without_password(&url), why });
                }
                Err(Outcome::Write(source)) => {
                    return Err(Error::Write { path: path.to_owned(), source });
                }
                Err(Outcome::Cancelled | Outcome::Again { .. }) => return Err(Error::Cancelled),
            }
        }
        match failures.is_empty() {
            true => Err(Error::NoMirror { path: path.to_owned() }),
            false => Err(Error::Failed { path: path.to_owned(), failures }),
        }
    }

    /// Tries one mirror as often as patience allows.
    fn ask(
        &self,
        url: &str,
        expected: &Expected,
        file: &File,
        watch: &dyn Watch,
    ) -> Result<Digest, Outcome> {
        let pace = self.patience.pace;
        let attempt = Attempt { agent: &self.agent, url, expected, pace, watch };
        let mut partial = Partial::begin(file).map_err(Outcome::Write)?;
        let mut pause = self.patience.first_pause;
        for left in (0..self.patience.attempts).rev() {
            match attempt.run(&mut partial) {
                Err(Outcome::Again { why, .. }) if left == 0 => {
                    return Err(Outcome::Failed(Why::Unreachable(why)));
                }
                Err(Outcome::Again { wait, .. }) => {
                    let wait = wait.unwrap_or(pause).min(self.patience.longest_pause);
                    sleep(wait, watch)?;
                    pause *= 2;
                }
                done => return done,
            }
        }
        Err(Outcome::Failed(Why::Unreachable("it was never asked".to_owned())))
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

fn sleep(time: Duration, watch: &dyn Watch) -> Result<(), Outcome> {
    let mut left = time;
    while !left.is_zero() {
        if watch.cancelled() {
            return Err(Outcome::Cancelled);
        }
        let nap = left.min(GLANCE);
        std::thread::sleep(nap);
        left -= nap;
    }
    Ok(())
}
