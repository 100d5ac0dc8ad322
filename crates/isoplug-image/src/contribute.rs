//! How something is added to a rootfs that no package brings.
//!
//! A contributor reads the [`Rootfs`] below it and says to it what to add. It never writes an image and knows no stage; built-in parts and plugins share
//! this one door. Order is the caller's: a contributor sees what those before it did.

pub mod builder;
pub mod nearest;
pub mod overlay;
mod precedence;

use std::borrow::Cow;
use std::io::{self, Read};

use isoplug_engine::Key;
use isoplug_formats::tree::Entry;
use isoplug_manifest::By;

use nearest::Nearest;
use serde::Serialize;

/// Anything that adds to an image.
pub trait Contributor: Send + Sync {
    /// Returns who it is.
    fn by(&self) -> By;

    /// Returns what its stage is called, as messages and `explain` show it: `users`, `plugin acme`.
    fn title(&self) -> String {
        self.by().to_string()
    }

    /// Returns its version: raised whenever the same inputs would give something else than before.
    fn version(&self) -> u32;

    /// Returns the built-in contributor whose place it takes; `None` for one of its own.
    fn replaces(&self) -> Option<&str> {
        None
    }

    /// Returns the paths that it sets whatever the rootfs holds, as far as they are known beforehand,
    /// so that a manifest can be told of them before an image is made.
    fn places(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns how the image's own program looks at what it adds; nothing if none does.
    fn trial(&self) -> Option<Trial> {
        None
    }

    /// Shows everything that decides what it does: its options, and for a plugin its digest.
    fn key(&self, key: &mut dyn Key);

    /// Reads from the rootfs and adds to it. The same rootfs and key give the same additions.
    ///
    /// # Errors
    ///
    /// When the options cannot be met on this rootfs, or an addition is refused.
    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError>;
}

/// A path, or a word of a command.
pub type Word = Cow<'static, str>;

/// Returns words of a trial.
pub(crate) fn words<const N: usize>(words: [&'static str; N]) -> Vec<Word> {
    words.map(Cow::Borrowed).to_vec()
}

/// How a program of the image looks at a file that a contributor adds, before an image is made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The programs that are run, by their paths. In an image that lacks one, nothing is tried.
    pub programs: Vec<Word>,
    /// What they read: files, and folders with all that is in them.
    pub reads: Vec<Word>,
    /// What to run, with arguments, in this order. The first that fails refuses.
    pub run: Vec<Vec<Word>>,
    /// The file that messages name with a line: `PATH line 3: …`.
    pub file: &'static str,
    /// The option that each of its lines comes from, with the line.
    pub lines: Vec<(String, String)>,
}

/// The rootfs as a contributor sees and changes it.
///
/// Paths are absolute, with neither `..` nor NUL. Symbolic links on the way are followed inside
/// the rootfs. Reading follows a link at the end too; writing replaces it.
pub trait Rootfs {
    /// Returns the epoch: the time of every added entry, in seconds since 1970.
    fn epoch(&self) -> u32;

    /// Returns the entry at a path, a link at its end not followed.
    fn entry(&self, path: &str) -> Option<Entry>;

    /// Returns the entry at a path, links followed.
    fn stat(&self, path: &str) -> Option<Entry>;

    /// Returns a file's bytes; `None` if there is no regular file.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ContributeError>;

    /// Returns the names in a folder in byte order, those that are no UTF-8 left out; none if
    /// there is no folder.
    fn list(&self, path: &str) -> Vec<String>;

    /// Returns the contributor that set the entry at a path; `None` if a package brought it.
    fn set_by(&self, path: &str) -> Option<By>;

    /// Adds a regular file.
    ///
    /// # Errors
    ///
    /// When the path may not be set, or the bytes not be stored.
    fn file(&mut self, path: &str, bytes: &[u8], attrs: Attrs) -> Result<(), ContributeError>;

    /// Adds a regular file whose bytes come from a reader, so that large ones need no memory.
    ///
    /// # Errors
    ///
    /// When the path may not be set, or the content not be read or stored.
    fn file_from(
        &mut self,
        path: &str,
        content: &mut dyn Read,
        attrs: Attrs,
    ) -> Result<(), ContributeError>;

    /// Adds a folder, or sets the owner and mode of one. Folders on the way come by themselves.
    ///
    /// # Errors
    ///
    /// When the path may not be set.
    fn directory(&mut self, path: &str, attrs: Attrs) -> Result<(), ContributeError>;

    /// Adds a symbolic link of root's.
    ///
    /// # Errors
    ///
    /// When the path may not be set.
    fn symlink(&mut self, path: &str, target: &str) -> Result<(), ContributeError>;

    /// Removes an entry and all below it; nothing there is no error.
    ///
    /// # Errors
    ///
    /// When the path may not be removed.
    fn remove(&mut self, path: &str) -> Result<(), ContributeError>;

    /// Writes a line into the stage's log.
    fn log(&self, line: &str);

    /// Says a line that whoever builds must see.
    fn tell(&mut self, line: &str) {
        self.log(line);
    }
}

/// Owner and mode of an added entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attrs {
    /// Permission bits with setuid, setgid and sticky: 0 to 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether it may take the place of something else that a contributor set, since it was made of
    /// that. What packages brought may always be replaced, and the user's own files win anyway.
    pub replace: bool,
}

impl Attrs {
    /// Returns the attributes of an entry of root's.
    pub const fn mode(mode: u16) -> Self {
        Self { mode, uid: 0, gid: 0, replace: false }
    }

    /// Sets owner and group.
    pub const fn owned_by(self, uid: u32, gid: u32) -> Self {
        Self { uid, gid, ..self }
    }

    /// Allows to replace what another contributor set.
    pub const fn replacing(self) -> Self {
        Self { replace: true, ..self }
    }
}

/// Why a contributor could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum ContributeError {
    /// A path that cannot be read or set.
    #[error("{path}: {reason}")]
    Path {
        /// The path.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// Two contributors want different things at one path.
    #[error("{path}: both `{first}` and `{second}` set it, each to something else")]
    Conflict {
        /// The path.
        path: String,
        /// Who was first.
        first: By,
        /// Who came after.
        second: By,
    },
    /// One contributor wants different things at one path.
    #[error("{path}: `{by}` sets it twice, each time to something else")]
    Twice {
        /// The path.
        path: String,
        /// Who.
        by: By,
    },
    /// The bytes of a file could not be read or kept.
    #[error("{path}: {source}")]
    Io {
        /// The path in the image.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the image does not have the form that its format asks for.
    #[error("{path}, line {line}: {reason}")]
    Malformed {
        /// The file in the image.
        path: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A name that the image does not know.
    #[error("the image has no {kind} `{name}`{nearest}")]
    Unknown {
        /// What it names: group, unit, locale.
        kind: &'static str,
        /// The name.
        name: String,
        /// What it may have meant.
        nearest: Nearest,
    },
    /// Options that cannot be met.
    #[error("{subject}: {reason}")]
    Refused {
        /// The user, unit or option at fault.
        subject: String,
        /// Why, and what to try.
        reason: String,
    },
}

impl ContributeError {
    /// Returns the path in the image that it is about, if it is about one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Path { path, .. }
            | Self::Conflict { path, .. }
            | Self::Twice { path, .. }
            | Self::Io { path, .. } => Some(path),
            Self::Malformed { .. } | Self::Unknown { .. } | Self::Refused { .. } => None,
        }
    }

    /// Returns the error for options that cannot be met.
    pub fn refused(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { subject: subject.into(), reason: reason.into() }
    }
}
