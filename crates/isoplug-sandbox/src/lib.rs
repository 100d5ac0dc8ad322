//! Runs the programs of a tree, confined to it: a root user of its own, no network, no host files.
//!
//! A copy of the program in memory (`sealed`) plays two roles: one makes the user namespace
//! (`namespaces`), one is process 1 of the others (`init`). That one leaves the machine's root
//! folder (`room`) and is handed what its job names (`given`) before any program runs; then it
//! starts programs one by one (`confine`). Ends with the tree as they left it. Knows no packages
//! and no stages.

mod advice;
mod apart;
mod clean;
mod command;
mod companion;
mod confine;
mod diagnose;
pub mod dpkg;
pub mod finalise;
mod foreign;
mod given;
mod group;
mod guard;
mod identity;
mod init;
mod inside;
mod job;
mod known;
mod launch;
mod limits;
mod lines;
mod listing;
mod memory;
mod mounts;
mod namespaces;
mod nobody;
mod room;
mod rooted;
mod scan;
mod sealed;
mod seccomp;
pub mod state;
pub mod stored;

use std::ffi::OsString;
use std::path::PathBuf;

pub use clean::clean;
pub use command::{Bind, Command};
pub use companion::runs_i386;
pub use diagnose::{Finding, diagnose, runs_programs_of};
pub use inside::Inside;
pub use job::{Failure, HOST, Job, Keep, Kept, OTHER_HOST, Over, Text};
pub use launch::{Watch, run};
pub use limits::Limits;
pub use memory::free as free_memory;
pub use rooted::Rooted;

/// The hidden argument by which the program knows that it is to be a part of a sandbox.
pub const ARGUMENT: &str = "__sandbox";

/// Plays the role that the arguments (without the program's name) ask for, if they ask for one.
/// Returns the exit code; `None`: this is an ordinary run. To be called before anything else,
/// while the process has one thread.
pub fn main(arguments: &[OsString]) -> Option<u8> {
    let [first, role, rest @ ..] = arguments else { return None };
    if first != ARGUMENT {
        return None;
    }
    Some(match (role.to_str(), rest) {
        (Some("namespaces"), [role]) => namespaces::main(role),
        (Some("init"), []) => init::main(),
        (Some("clean"), []) => clean::main(),
        (Some("probe"), []) => diagnose::main(),
        _ => 2,
    })
}

/// Why a sandbox did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel, its policy or a container refuses what every sandbox needs.
    #[error("this machine refuses {what} ({source}): {fix}")]
    Refused {
        /// What it needs.
        what: String,
        /// What the kernel said.
        source: std::io::Error,
        /// What allows them.
        fix: String,
    },
    /// An ordinary user needs this program to map users.
    #[error("{program} is missing: install the package uidmap")]
    NoMapper {
        /// `newuidmap` or `newgidmap`.
        program: &'static str,
    },
    /// An ordinary user needs a range of subordinate user and group numbers.
    #[error("{user} has no 65535 numbers in {file}: {fix}")]
    NoRange {
        /// The user's name.
        user: String,
        /// `/etc/subuid` or `/etc/subgid`.
        file: &'static str,
        /// The command that adds them.
        fix: String,
    },
    /// This is root of a namespace with few users.
    #[error(
        "only {found} of the 65536 user and group IDs that an image may have can be used here: {FEW}"
    )]
    FewNumbers {
        /// How many there are.
        found: u64,
    },
    /// The maps of users and groups were not accepted.
    #[error("cannot map users and groups into the sandbox: {0}")]
    Map(String),
    /// A part of the sandbox failed before the work began, or after it.
    #[error("the sandbox cannot {action}: {reason}")]
    Setup {
        /// What it was doing.
        action: String,
        /// What the system said.
        reason: String,
    },
    /// A program inside failed.
    #[error("{command} failed ({status}){}", last_lines(tail))]
    Command {
        /// The program and what it was to do.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        tail: Vec<String>,
    },
    /// The sandbox ended without an answer.
    #[error("the sandbox ended without an answer ({status}){}", last_lines(tail))]
    Died {
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        tail: Vec<String>,
    },
    /// Its programs took too long.
    #[error(
        "its programs ran longer than {} minutes, which is the limit{}",
        limit.as_secs() / 60, last_lines(tail)
    )]
    Time {
        /// How long they may take.
        limit: std::time::Duration,
        /// The last lines that they wrote.
        tail: Vec<String>,
    },
    /// Its programs took too much.
    #[error("it was ended: {over}{}", last_lines(tail))]
    Limit {
        /// Of what.
        over: Over,
        /// The last lines that they wrote.
        tail: Vec<String>,
    },
    /// The caller stopped it.
    #[error("cancelled")]
    Cancelled,
    /// Something outside the sandbox failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What to do where there are few users.
const FEW: &str = "build outside of this namespace as an ordinary user, or start it with more of them: \
    `unshare --map-root-user --map-auto`; containers of ordinary users get them from /etc/subuid and /etc/subgid";

impl Error {
    fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    fn refused(what: String, errno: i32) -> Self {
        let source = std::io::Error::from_raw_os_error(errno);
        Self::Refused { what, source, fix: advice::how_to_allow() }
    }

    fn from_failure(failure: Failure, tail: Vec<String>) -> Self {
        match failure {
            Failure::Setup { action, reason } => Self::Setup { action, reason },
            Failure::Command { command, status } => Self::Command { command, status, tail },
            Failure::Limit(over) => Self::Limit { over, tail },
            Failure::Refused { what, errno } => Self::refused(what, errno),
        }
    }
}

fn hex(id: &isoplug_formats::tree::PackId) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn last_lines(tail: &[String]) -> String {
    tail.iter().map(|line| format!("\n  {line}")).collect()
}
