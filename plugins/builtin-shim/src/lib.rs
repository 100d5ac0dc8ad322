//! What isoplug's built-in contributors know of isoplug, over the kit for plugins: so the same
//! source file is a contributor of the command and a plugin, and the two can be compared.
//!
//! Stands for `isoplug_engine`, `isoplug_formats`, `isoplug_manifest` and the traits of `contribute.rs`, as far as
//! those files use them.

pub mod options;
mod rootfs;

pub mod tree {
    //! Entries of the rootfs.

    /// What an entry is.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Kind {
        /// A folder.
        Directory,
        /// A regular file.
        File(()),
        /// A symbolic link and its target.
        Symlink(Vec<u8>),
        /// A device, pipe or socket.
        Other,
    }

    /// One entry.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Entry {
        /// What it is.
        pub kind: Kind,
    }
}

#[path = "../../../crates/isoplug-image/src/contribute/nearest.rs"]
pub mod nearest;

use std::fmt;
use std::io;

use isoplug_sdk::{Context, Error, Module};

use nearest::Nearest;
use tree::Entry;

/// A key shows what decides; a plugin's is the host's business.
pub trait Key {}

impl dyn Key + '_ {
    /// Shows a value.
    pub fn value<T>(&mut self, name: &str, value: &T) {
        let _ = (name, value);
    }
}

/// Who makes something for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A built-in part, by its name.
    Part(&'static str),
}

/// Anything that adds to an image.
pub trait Contributor {
    /// Returns who it is.
    fn by(&self) -> By;

    /// Returns its version, which is the host's business.
    fn version(&self) -> u32;

    /// Returns the paths that it sets whatever the rootfs holds.
    fn places(&self) -> Vec<String> {
        Vec::new()
    }

    /// Shows everything that decides what it does.
    fn key(&self, key: &mut dyn Key);

    /// Reads from the rootfs and adds to it.
    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError>;
}

/// The rootfs as a contributor sees and changes it.
pub trait Rootfs {
    /// Returns the entry at a path, a link at its end not followed.
    fn entry(&self, path: &str) -> Option<Entry>;

    /// Returns the entry at a path, links followed.
    fn stat(&self, path: &str) -> Option<Entry>;

    /// Returns a file's bytes.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ContributeError>;

    /// Returns the names in a folder in byte order.
    fn list(&self, path: &str) -> Vec<String>;

    /// Adds a regular file.
    fn file(&mut self, path: &str, bytes: &[u8], attrs: Attrs) -> Result<(), ContributeError>;

    /// Adds a symbolic link of root's.
    fn symlink(&mut self, path: &str, target: &str) -> Result<(), ContributeError>;

    /// Removes an entry and all below it.
    fn remove(&mut self, path: &str) -> Result<(), ContributeError>;

    /// Writes a line into the log.
    fn log(&self, line: &str);

    /// Says a line that whoever builds must see.
    fn tell(&mut self, line: &str) {
        self.log(line);
    }
}

/// Owner and mode of an added entry: root's.
#[derive(Debug, Clone, Copy)]
pub struct Attrs {
    mode: u16,
}

impl Attrs {
    /// Returns the attributes of an entry of root's.
    pub const fn mode(mode: u16) -> Self {
        Self { mode }
    }
}

/// Why a contributor could not do its part.
#[derive(Debug)]
pub enum ContributeError {
    /// A name that the image does not know.
    Unknown {
        /// What it names.
        kind: &'static str,
        /// The name.
        name: String,
        /// What it may have meant.
        nearest: Nearest,
    },
    /// Options that cannot be met.
    Refused {
        /// What is at fault.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The bytes of a file could not be read.
    Io {
        /// The path in the image.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The host refused.
    Host(Error),
}

impl ContributeError {
    /// Returns the error for options that cannot be met.
    pub fn refused(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { subject: subject.into(), reason: reason.into() }
    }
}

impl fmt::Display for ContributeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { kind, name, nearest } => {
                write!(out, "the image has no {kind} `{name}`{nearest}")
            }
            Self::Refused { subject, reason } => write!(out, "{subject}: {reason}"),
            Self::Io { path, source } => write!(out, "{path}: {source}"),
            Self::Host(error) => error.fmt(out),
        }
    }
}

impl From<Error> for ContributeError {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

/// Lets a contributor add to a module.
pub fn furnish(contributor: &dyn Contributor, cx: &Context) -> isoplug_sdk::Result<Vec<Module>> {
    let By::Part(name) = contributor.by();
    let mut rootfs = rootfs::ModuleRootfs::new(name, cx);
    match contributor.contribute(&mut rootfs) {
        Ok(()) => Ok(vec![rootfs.finish()]),
        Err(ContributeError::Host(error)) => Err(error),
        Err(error) => Err(error.to_string().into()),
    }
}
