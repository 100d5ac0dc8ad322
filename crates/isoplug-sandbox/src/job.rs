//! What a sandbox is to do and what it answers: the words that its parts exchange.
//!
//! A job is one line of JSON on standard input, an answer one line of JSON on standard output.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::given::{Access, Named};
use super::{Command, Limits};
use crate::dpkg::Install;

/// The name of the machine that programs see.
pub const HOST: &str = "isoplug";
/// Another one, as long as that, to see what depends on it.
pub const OTHER_HOST: &str = "tumbler";

/// What a sandbox is to do, in the order of the fields. Paths are the build machine's unless said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Job {
    /// An existing, empty folder for all that the sandbox needs; emptied at the end.
    pub folder: PathBuf,
    /// Whether the folder's files stay on the disk even if memory is free for them.
    pub on_disk: bool,
    /// The stored tree to begin with, if any.
    pub parent: Option<PathBuf>,
    /// The packs that the parent refers to, by their ids in hexadecimal digits.
    pub packs: BTreeMap<String, PathBuf>,
    /// The architecture of the tree's programs, in Debian's words; empty: this machine's.
    pub arch: String,
    /// Seconds since 1970, for programs and for files that they write.
    pub epoch: u64,
    /// The name of the machine that programs see; empty: [`HOST`].
    pub host: String,
    /// Threads to use for what runs beside the programs.
    pub threads: usize,
    /// Files to write into the tree first, by path in the tree.
    pub write: BTreeMap<String, Text>,
    /// Packages to install, if any.
    pub install: Option<Install>,
    /// Programs to run afterwards.
    pub run: Vec<Command>,
    /// The terminal that they have, if any: one that nobody types into but by the caller's hand, such as a pseudoterminal.
    pub terminal: Option<PathBuf>,
    /// A file that they may read and change, as their standard input; nothing else of its folder is theirs. Meanwhile it
    /// belongs to who is root inside.
    pub changed: Option<PathBuf>,
    /// Files of the tree to copy out at the end: from a path in the tree to an existing file.
    pub collect: BTreeMap<String, PathBuf>,
    /// Where to keep the tree as it is at the end, if it is wanted.
    pub keep: Option<Keep>,
    /// How much its programs may take.
    pub limits: Limits,
}

impl Job {
    /// Returns the build machine's files that the job names, in an order that both sides know.
    pub(super) fn files(&self) -> Vec<Named> {
        let debs = self.install.iter().flat_map(|install| &install.packages);
        let read = self.parent.iter().chain(self.packs.values());
        let read = read.chain(debs.map(|package| &package.deb));
        let kept = self.keep.iter().flat_map(|keep| [&keep.tree, &keep.pack]);
        let written = self.collect.values().chain(kept);
        let read = read.map(|path| (path.clone(), Access::Read));
        let terminal = self.terminal.iter().map(|path| (path.clone(), Access::Terminal));
        let changed = self.changed.iter().map(|path| (path.clone(), Access::Change));
        let written = written.map(|path| (path.clone(), Access::Write));
        read.chain(written).chain(terminal).chain(changed).collect()
    }
}

/// What process 1 is told: its job, and what it could not find out any more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) job: Job,
    /// The bytes of memory that are free.
    pub(super) memory: u64,
}

/// A file to write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    /// Permission bits.
    pub mode: u32,
    /// The content.
    pub text: String,
    /// Whether it goes after what the file holds already.
    pub append: bool,
}

/// Two existing, empty files for the tree and for its new contents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keep {
    /// The bytes of the tree.
    pub tree: PathBuf,
    /// The contents that the parent did not have.
    pub pack: PathBuf,
}

/// What a sandbox made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The id of the pack in hexadecimal digits, if the tree refers to it.
    pub pack: Option<String>,
}

/// A line from the sandbox to its maker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// The user namespace is made and waits for its maps.
    Unmapped,
    /// The kernel refused the user namespace with this error number.
    Refused(i32),
    /// All is done.
    Done(Kept),
    /// It ends here.
    Failed(Failure),
}

/// What its programs took too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// More memory than so many bytes.
    Memory(u64),
    /// So many processes.
    Processes(u32),
    /// All memory of the machine, perhaps together with others.
    Machine,
}

impl Over {
    /// Whether it is memory.
    pub fn is_memory(self) -> bool {
        matches!(self, Self::Memory(_) | Self::Machine)
    }
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(bytes) => {
                write!(
                    f,
                    "its programs took more than {} MiB of memory, which is the limit",
                    bytes >> 20
                )
            }
            Self::Processes(count) => {
                write!(f, "its programs were {count} or more at the same time, which is the limit")
            }
            Self::Machine => write!(f, "the machine has hardly any memory left"),
        }
    }
}

/// Why the inside of a sandbox failed, without the lines that its programs wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Something beside the programs; see [`super::Error::Setup`].
    Setup {
        /// What it was doing.
        action: String,
        /// What the system said.
        reason: String,
    },
    /// A program; see [`super::Error::Command`].
    Command {
        /// The program and what it was to do.
        command: String,
        /// How it ended.
        status: String,
    },
    /// What every sandbox needs is refused; see [`super::Error::Refused`].
    Refused {
        /// What it needs.
        what: String,
        /// The number of the error.
        errno: i32,
    },
    /// What a program began was ended; see [`super::Error::Limit`].
    Limit(Over),
}

impl Failure {
    /// Says what was being done when an error came.
    pub fn of<E: ToString>(action: impl Into<String>) -> impl FnOnce(E) -> Self {
        let action = action.into();
        move |error| Self::Setup { action, reason: error.to_string() }
    }

    /// Says whether somebody forbids what every sandbox does, or it just failed.
    pub(super) fn refused(what: &str, action: &str) -> impl FnOnce(std::io::Error) -> Self {
        let (what, action) = (what.to_owned(), action.to_owned());
        move |error| match (error.kind(), error.raw_os_error()) {
            (std::io::ErrorKind::PermissionDenied, Some(errno)) => Self::Refused { what, errno },
            _ => Self::of(action)(error),
        }
    }
}
