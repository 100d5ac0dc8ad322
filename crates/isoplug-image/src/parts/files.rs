//! Puts files and folders of the user's into the rootfs.
//!
//! Those that other contributors look at come before these, which find them there: a login shell, a
//! unit to enable, what `/etc/skel` is to hold. All others come late, so that a change of one makes
//! little again.

mod early;
mod home;
mod items;
pub mod source;
mod volatile;

use std::collections::BTreeMap;
use std::path::Path;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{File, User};
use serde::{Serialize, Serializer};

use super::{ContributeError, Contributor, Rootfs};
#[cfg(test)]
pub(crate) use early::is_looked_at;
use home::Homes;
use source::Source;
use volatile::Volatile;

/// The name of the contributor of the files that others look at.
pub const EARLY: &str = "early files";
/// The name of the contributor of all other files.
pub const LATE: &str = "files";

/// Files to put into the rootfs, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Files {
    name: String,
    #[serde(skip)]
    by: By,
    /// The files and folders.
    files: Vec<NewFile>,
}

/// A file or folder to put into the rootfs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFile {
    /// Its path in the running system; for a folder, where its content goes.
    pub target: String,
    /// What it holds.
    pub from: FileContent,
    /// Its mode; a folder's goes to its files, and to its folders with the bits to enter them.
    /// `None`: 0644, or 0755 for folders and what is executable.
    pub mode: Option<u16>,
    /// Its owner, by name or number.
    pub user: String,
    /// Its group, by name or number.
    pub group: String,
}

/// Where the content of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum FileContent {
    /// Bytes from the manifest.
    Bytes(#[serde(serialize_with = "digest")] Vec<u8>),
    /// A file or folder of the build machine.
    Source(Source),
}

/// A file of the user's cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the source of {target} cannot be read")]
pub struct Unreadable {
    /// Where it was to go.
    target: String,
    /// Why.
    source: source::Error,
}

impl FileContent {
    /// Returns what a file for `target` holds: its text, or what its source, below a folder, holds now.
    ///
    /// # Errors
    ///
    /// When its source cannot be read.
    pub fn new(
        target: &str,
        text: Option<&str>,
        path: Option<&str>,
        folder: &Path,
    ) -> Result<Self, Unreadable> {
        match (text, path) {
            (None, Some(path)) => {
                let failed = |source| Unreadable { target: target.to_owned(), source };
                Ok(Self::Source(Source::scan(&folder.join(path)).map_err(failed)?))
            }
            (text, _) => Ok(Self::Bytes(text.unwrap_or_default().as_bytes().to_vec())),
        }
    }
}

impl NewFile {
    /// Takes a file of the user's, which is relative to a folder.
    ///
    /// # Errors
    ///
    /// When its source cannot be read.
    pub fn new(file: &File, folder: &Path) -> Result<Self, Unreadable> {
        let File { target, text, source, mode: _, user, group } = file;
        Ok(Self {
            target: target.clone(),
            from: FileContent::new(target, text.as_deref(), source.as_deref(), folder)?,
            mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
            user: user.clone(),
            group: group.clone(),
        })
    }
}

/// Writes down bytes by their BLAKE3, since they may be many.
fn digest<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&blake3::hash(bytes).to_hex())
}

impl Files {
    /// Returns the contributors of files: of what others look at, and of all else.
    pub fn split(files: Vec<NewFile>, users: &BTreeMap<String, User>) -> [Self; 2] {
        let [early, late] = early::split(files, users);
        let own = |name: &str, files| Self { name: name.to_owned(), by: By::User, files };
        [own(EARLY, early), own(LATE, late)]
    }

    /// Returns the contributor of files that a part needs.
    pub fn of_part(by: By, files: Vec<NewFile>) -> Self {
        Self { name: format!("files of {by}"), by, files }
    }

    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl Contributor for Files {
    fn by(&self) -> By {
        self.by.clone()
    }

    fn title(&self) -> String {
        self.name.clone()
    }

    fn version(&self) -> u32 {
        2
    }

    fn places(&self) -> Vec<String> {
        self.files.iter().map(|file| file.target.clone()).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("files", self);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let homes = Homes::read(rootfs)?;
        let mut volatile = Volatile::default();
        for file in &self.files {
            items::add(rootfs, file, &homes, &mut volatile)?;
        }
        volatile.finish(rootfs, &self.name)
    }
}

#[cfg(test)]
mod tests;
