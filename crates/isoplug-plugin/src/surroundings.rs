//! What a plugin may ask for while it runs, as whoever runs it answers.
//!
//! Knows no grants: a question comes here only if it is granted.

use std::io;
use std::path::Path;

use isoplug_engine::Digest;
use isoplug_formats::tree::Kind;
use isoplug_image::contribute;
use isoplug_manifest::plugin::SecretGrant;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::Content;

/// Answers a plugin's questions about the build. The same manifest and lock must give the same
/// answers: results are kept together with the answers that they depend on.
pub trait Surroundings {
    /// Returns a settled value: `image.name`, `epoch`, or an option by its path; `None` if it is
    /// not set.
    fn fact(&self, path: &str) -> Option<Json>;

    /// Returns all that `fact` answers from, for the keys of stages that ask later. Whoever gives
    /// surroundings to a [`PluginContributor`](crate::PluginContributor) must say it.
    fn all_facts(&self) -> Json {
        Json::Null
    }

    /// Lists the folders and files of an input in byte order; the place is what the grant says.
    ///
    /// # Errors
    ///
    /// When there is no such place, or it cannot be read.
    fn list_input(&self, place: &str) -> Result<Vec<InputEntry>, Unseen>;

    /// Returns one file of an input; an empty path for an input that is a file.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it cannot be read.
    fn open_input(&self, place: &str, path: &str) -> Result<Content, Unseen>;

    /// Returns a download of this digest, from the store or the network.
    ///
    /// # Errors
    ///
    /// When it cannot be fetched, or is not what the digest says.
    fn fetch(&self, url: &str, digest: Digest) -> Result<Content, Unseen>;

    /// Returns a secret.
    ///
    /// # Errors
    ///
    /// When there is no such secret.
    fn secret(&self, secret: &SecretGrant) -> Result<Vec<u8>, Unseen>;

    /// Returns what a plugin's random numbers are made of: the same in every build of the same
    /// manifest and lock.
    fn seed(&self) -> Digest;

    /// Takes a line of a plugin's log.
    fn log(&self, plugin: &str, line: &LogLine);
}

/// The root filesystem as a plugin may read it. Paths are absolute, with neither `..` nor NUL.
pub trait Rootfs {
    /// Returns what is at a path, a link at its end not followed. Links on the way are followed.
    fn look(&self, path: &str) -> Option<Found>;

    /// Returns the names in a folder in byte order, those that are no UTF-8 left out.
    fn names(&self, path: &str) -> Vec<String>;

    /// Returns a regular file; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn open(&self, path: &str) -> Result<Option<Content>, Unseen>;
}

/// Why something cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// It is there, and cannot be read.
    #[error("{0}")]
    Failed(String),
}

impl From<io::Error> for Unseen {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// A file or folder of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputEntry {
    /// Relative to the input, with `/` between parts; empty for the input itself.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// In bytes; 0 for a folder.
    pub size: u64,
}

/// An entry of the root filesystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// In bytes; 0 unless it is a file.
    pub size: u64,
    /// The target of a symbolic link; empty otherwise.
    pub target: String,
}

/// What an entry of the root filesystem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum FoundKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A character or block device.
    Device,
    /// A pipe or socket.
    Other,
}

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// For whoever follows the build.
    Note,
    /// Something to look at.
    Warning,
}

/// A line that a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// What it says, secrets taken out.
    pub text: String,
}

/// Reads the root filesystem of a stage that contributes.
pub struct StageRootfs<'a>(pub &'a dyn contribute::Rootfs);

impl Rootfs for StageRootfs<'_> {
    fn look(&self, path: &str) -> Option<Found> {
        let entry = if path == "/" { self.0.stat(path) } else { self.0.entry(path) }?;
        let Kind::HardLink(first) = &entry.kind else { return Some(found(&entry)) };
        let first = self.0.entry(&format!("/{}", str::from_utf8(first).ok()?))?;
        Some(found(&first))
    }

    fn names(&self, path: &str) -> Vec<String> {
        self.0.list(path)
    }

    fn open(&self, path: &str) -> Result<Option<Content>, Unseen> {
        let bytes = self.0.read(path).map_err(|error| Unseen::Failed(error.to_string()))?;
        Ok(bytes.map(Content::bytes))
    }
}

/// Says of an entry of a tree what a plugin may know.
fn found(entry: &isoplug_formats::tree::Entry) -> Found {
    let (kind, size, target) = match &entry.kind {
        Kind::File(content) => (FoundKind::File, content.size, String::new()),
        Kind::HardLink(_) => (FoundKind::File, 0, String::new()),
        Kind::Directory => (FoundKind::Folder, 0, String::new()),
        Kind::Symlink(target) => {
            (FoundKind::Symlink, 0, String::from_utf8_lossy(target).into_owned())
        }
        Kind::CharDevice(..) | Kind::BlockDevice(..) => (FoundKind::Device, 0, String::new()),
        Kind::Fifo | Kind::Socket => (FoundKind::Other, 0, String::new()),
    };
    let mode = u32::from(entry.mode);
    Found { kind, mode, uid: entry.uid, gid: entry.gid, size, target }
}

/// Says whether a path is one of a granted place's own: relative, in its shortest form, no `..`.
pub(crate) fn is_inside(path: &str) -> bool {
    path.is_empty()
        || (!path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

/// Returns the path of a file of an input.
pub(crate) fn join(place: &Path, path: &str) -> std::path::PathBuf {
    if path.is_empty() { place.to_owned() } else { place.join(path) }
}
