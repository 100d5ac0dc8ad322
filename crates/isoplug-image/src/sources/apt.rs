//! The apt kind of source: suites of Debian archives, their Release files and indices.
//!
//! ```text
//! spec     what the manifest says    -> suites with archives, components, priorities, mirrors
//! release  suite                     -> its InRelease, fetched, verified, kept by digest
//! index    release, component        -> its Packages, fetched by hash, kept compressed by digest
//! ```

mod cache;
mod error;
mod index;
mod release;
mod spec;

use isoplug_manifest::lock::LockedSource;

pub use error::Error;
pub use spec::{AptSource, Suite, ValidUntil};

use super::{Access, Snapshot, Source};

impl Source for AptSource {
    fn refresh(&self, access: &Access) -> Result<Snapshot, Error> {
        let mut snapshot = Snapshot::default();
        for suite in &self.suites {
            let (locked, release) = release::fetch(self, suite, access)?;
            snapshot.locked.releases.push(locked);
            snapshot.indices.extend(index::load(suite, &release, access)?);
        }
        Ok(snapshot)
    }

    fn recall(&self, locked: &LockedSource, access: &Access) -> Result<Option<Snapshot>, Error> {
        let mut snapshot = Snapshot { locked: locked.clone(), indices: Vec::new() };
        for suite in &self.suites {
            let found = locked
                .releases
                .iter()
                .find(|release| release.suite == suite.name && release.archive == suite.archive);
            let Some(locked) = found else { return Ok(None) };
            let Some(release) = release::recall(locked, access)? else { return Ok(None) };
            match index::load(suite, &release, access) {
                Ok(indices) => snapshot.indices.extend(indices),
                // The archive has moved on, or may not be asked.
                Err(Error::Download { .. } | Error::Offline { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(snapshot))
    }
}
