//! The apt kind of source: suites of Debian archives, their Release files and indices.
//!
//! ```text
//! spec     what the manifest says    -> suites with archives, components, priorities, mirrors
//! release  suite                     -> its Release file, fetched, verified, kept by digest
//! identity Release                   -> whether it is the one that was asked for, and no older one
//! written  source                    -> its stanzas for apt of the image
//! index    release, component        -> its Packages, fetched by hash, kept compressed by digest
//! folder   a folder of packages      -> an index of them
//! source_packages  names, versions -> the files of source packages, from its Sources
//! unread   source, its locked releases -> components that it does not name
//! ```

mod cache;
mod error;
mod folder;
mod identity;
mod index;
mod release;
mod source_packages;
mod spec;
mod stanza;
mod unread;
mod written;

use isoplug_manifest::lock::{LockedPackage, LockedRelease, LockedSource};

pub use error::Error;
pub use source_packages::{NameAndVersion, SourceFile, SourcePackage};
pub use spec::{AptSource, Suite, ValidUntil};
pub use stanza::{SignedBy, Stanza};
pub use unread::Unread;

use super::{Access, Snapshot};

impl AptSource {
    /// Fetches what it has now, and verifies all of it. It may not be older than what is locked, nor be
    /// called otherwise.
    ///
    /// # Errors
    ///
    /// When a file cannot be fetched, or is not what it should be.
    pub fn refresh(
        &self,
        locked: Option<&LockedSource>,
        access: &Access,
    ) -> Result<Snapshot, Error> {
        if let Some(folder) = &self.folder {
            return folder::read(self, folder);
        }
        let mut snapshot = Snapshot::default();
        for suite in &self.suites {
            let locked = locked.and_then(|locked| locked_release(locked, suite));
            let (new, release) = release::fetch(self, suite, locked, access)?;
            snapshot.locked.releases.push(new);
            snapshot.indices.extend(index::load(self, suite, &release, access)?);
        }
        Ok(snapshot)
    }

    /// Returns what it had when it was locked, if that can still be had.
    ///
    /// # Errors
    ///
    /// When what is there is not what was locked.
    pub fn recall(
        &self,
        locked: &LockedSource,
        access: &Access,
    ) -> Result<Option<Snapshot>, Error> {
        if let Some(folder) = &self.folder {
            let now = folder::read(self, folder)?;
            return Ok((now.locked == *locked).then_some(now));
        }
        let mut snapshot = Snapshot { locked: locked.clone(), indices: Vec::new() };
        for suite in &self.suites {
            let Some(locked) = locked_release(locked, suite) else { return Ok(None) };
            let Some(release) = release::recall(locked, access)? else { return Ok(None) };
            match index::load(self, suite, &release, access) {
                Ok(indices) => snapshot.indices.extend(indices),
                // The archive has moved on, or may not be asked.
                Err(Error::Download { .. } | Error::Offline { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(snapshot))
    }

    /// Compares what is locked of a folder with the files that are there.
    ///
    /// # Errors
    ///
    /// When a file of a locked name has other bytes.
    pub fn compare(&self, locked: &[&LockedPackage]) -> Result<(), Error> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder::compare(self, folder, locked))
    }
}

fn locked_release<'l>(locked: &'l LockedSource, suite: &Suite) -> Option<&'l LockedRelease> {
    let same =
        |release: &&LockedRelease| release.suite == suite.name && release.archive == suite.archive;
    locked.releases.iter().find(same)
}
