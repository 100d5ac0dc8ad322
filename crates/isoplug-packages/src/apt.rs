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
//! sums     a locked release          -> the digests of its packages, as far as the cache has them
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
mod sums;
mod unread;
mod written;

use isoplug_manifest::lock::{LockedPackage, LockedRelease, LockedSource};

pub use error::Error;
pub use source_packages::{NameAndVersion, SourceFile, SourcePackage};
pub use spec::{AptSource, Suite, ValidUntil};
pub use stanza::{SignedBy, Stanza};
pub use unread::Unread;

use super::{Access, Index, Snapshot};
use crate::resolve::Part;
use crate::universe::comes_from;

/// How many releases before the newest a source has in a lock.
pub(crate) const OLDER: usize = 12;

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
            return folder::read(self, folder, &access.foreign);
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
            let now = folder::read(self, folder, &access.foreign)?;
            return Ok((now.locked == *locked).then_some(now));
        }
        let mut snapshot = Snapshot { locked: locked.clone(), indices: Vec::new() };
        for suite in &self.suites {
            let mut releases = locked_releases(locked, suite);
            let newest = releases.next().map(|locked| self.recalled(suite, locked, access));
            let Some(newest) = newest.transpose()?.flatten() else { return Ok(None) };
            snapshot.indices.extend(newest);
            for older in releases {
                snapshot.indices.extend(self.recalled(suite, older, access)?.unwrap_or_default());
            }
        }
        Ok(Some(snapshot))
    }

    /// Returns the indices of a locked release, if they can still be had.
    fn recalled(
        &self,
        suite: &Suite,
        locked: &LockedRelease,
        access: &Access,
    ) -> Result<Option<Vec<Index>>, Error> {
        let Some(release) = release::recall(locked, access)? else { return Ok(None) };
        match index::load(self, suite, &release, access) {
            Ok(indices) => Ok(Some(indices)),
            // The archive has moved on, or may not be asked.
            Err(Error::Download { .. } | Error::Offline { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns what it had when it was locked, or else what it has now.
    ///
    /// # Errors
    ///
    /// As those two.
    pub fn kept(&self, locked: Option<&LockedSource>, access: &Access) -> Result<Snapshot, Error> {
        let recalled = locked.map(|locked| self.recall(locked, access)).transpose()?;
        recalled.flatten().map_or_else(|| self.refresh(locked, access), Ok)
    }

    /// Returns what it has now, and behind it what it had when it was locked: packages that stay are found there.
    ///
    /// # Errors
    ///
    /// As those two.
    pub fn beside(
        &self,
        locked: Option<&LockedSource>,
        access: &Access,
    ) -> Result<Snapshot, Error> {
        let mut snapshot = self.refresh(locked, access)?;
        let Some(locked) = locked.filter(|_| self.folder.is_none()) else { return Ok(snapshot) };
        let older = self.recall(locked, access)?.unwrap_or_default();
        let known: Vec<String> =
            snapshot.locked.releases.iter().map(|release| release.sha256.clone()).collect();
        let mut releases = older.locked.releases;
        releases.retain(|release| !known.contains(&release.sha256));
        releases.truncate(OLDER);
        snapshot.locked.releases.extend(releases);
        snapshot.indices.extend(older.indices);
        Ok(snapshot)
    }

    /// Tells whether an update of a part reads it.
    pub fn is_of(&self, part: &Part) -> bool {
        part.sources.is_empty() || part.sources.iter().any(|word| self.has(word))
    }

    /// Tells whether it, or one of its suites or pockets, is called so.
    pub fn has(&self, word: &str) -> bool {
        self.suites.iter().any(|suite| comes_from(&self.name, &suite.name, word))
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

/// Returns the newest locked release of a suite.
fn locked_release<'l>(locked: &'l LockedSource, suite: &Suite) -> Option<&'l LockedRelease> {
    locked_releases(locked, suite).next()
}

/// Returns the locked releases of a suite, the newest first.
fn locked_releases<'l>(
    locked: &'l LockedSource,
    suite: &Suite,
) -> impl Iterator<Item = &'l LockedRelease> {
    let same =
        |release: &&LockedRelease| release.suite == suite.name && release.archive == suite.archive;
    locked.releases.iter().filter(same)
}
