//! Which packages a locked Release file has, by their digests: asked of the cache alone.

use std::collections::BTreeSet;

use isoplug_manifest::lock::{LockedRelease, LockedSource};

use super::{AptSource, Suite, index, locked_release, release};
use crate::Access;

impl AptSource {
    /// Returns the newest locked release of each suite.
    pub(crate) fn newest(&self, locked: &LockedSource) -> Vec<LockedRelease> {
        self.suites.iter().filter_map(|suite| locked_release(locked, suite)).cloned().collect()
    }

    /// Tells whether a locked release is of one of its suites.
    pub(crate) fn has_suite(&self, locked: &LockedRelease) -> bool {
        self.suite_of(locked).is_some()
    }

    fn suite_of(&self, locked: &LockedRelease) -> Option<&Suite> {
        let same = |suite: &&Suite| suite.name == locked.suite && suite.archive == locked.archive;
        self.suites.iter().find(same)
    }

    /// Returns the SHA-256 of the packages that a release has for an architecture; `None` if the cache does not know it.
    pub(crate) fn sums(
        &self,
        locked: &LockedRelease,
        architecture: &str,
        access: &Access,
    ) -> Option<BTreeSet<String>> {
        let (architecture, cache) = (architecture.to_owned(), access.cache.clone());
        let access = Access {
            architecture,
            foreign: Vec::new(),
            others: Vec::new(),
            cache,
            offline: true,
            ..*access
        };
        let suite = self.suite_of(locked)?;
        let release = release::recall(locked, &access).ok()??;
        let indices = index::load(self, suite, &release, &access).ok()?;
        let lines = indices.iter().flat_map(|index| index.text.lines());
        let sums = lines.filter_map(|line| line.strip_prefix("SHA256:"));
        Some(sums.map(|sum| sum.trim().to_ascii_lowercase()).collect())
    }
}
