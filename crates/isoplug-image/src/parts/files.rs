//! Puts files and folders of the user's into the rootfs.
//!
//! Those that other contributors look at come before these, which find them there: a login shell, a
//! unit to enable, what `/etc/skel` is to hold. All others come late, so that a change of one makes
//! little again. What is to be removed goes last of all.

mod content;
mod early;
mod home;
mod items;
pub mod source;
mod template;
mod volatile;

use std::collections::BTreeMap;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::User;
use serde::Serialize;

use super::{ContributeError, Contributor, Rootfs};
pub(crate) use content::digest;
pub use content::{FileContent, Refused};
pub(crate) use early::is_looked_at;
use home::Homes;
pub(crate) use template::with_kernel;
use volatile::Volatile;

/// The name of the contributor of the files that others look at.
pub const EARLY: &str = "early files";
/// The name of the contributor of all other files.
pub const LATE: &str = "files";
/// The name of the contributor that takes away what is to be removed, after all that could put it there.
pub const LAST: &str = "removed files";

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

impl Files {
    /// Returns the contributors of files: of what others look at, of all else, and of what is removed in the end. What others
    /// look at is removed before them too.
    pub fn split(files: Vec<NewFile>, users: &BTreeMap<String, User>) -> [Self; 3] {
        let is_removed = |file: &NewFile| file.from == FileContent::Removed;
        let (removed, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_removed);
        let [mut early, late] = early::split(files, users);
        early.extend(removed.iter().filter(|file| is_looked_at(&file.target)).cloned());
        let own = |name: &str, files| Self { name: name.to_owned(), by: By::User, files };
        [own(EARLY, early), own(LATE, late), own(LAST, removed)]
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
        3
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
