//! What a source's suites have beside the components that it names: asked only when a package is not found.

use isoplug_manifest::lock::LockedSource;

use super::{AptSource, Suite, index, locked_release, release};
use crate::{Access, Index};

/// The indices of a component that is not read.
#[derive(Debug, Clone)]
pub struct Unread {
    /// The component.
    pub component: String,
    /// The suite that has it.
    pub suite: String,
    /// The architecture whose packages it has.
    pub architecture: String,
    indices: Vec<Index>,
}

impl Unread {
    /// Tells whether it has a package.
    pub fn has(&self, name: &str) -> bool {
        let line = format!("Package: {name}\n");
        let begins = |index: &Index| index.text.starts_with(&line);
        self.indices.iter().any(|index| begins(index) || index.text.contains(&format!("\n{line}")))
    }
}

impl AptSource {
    /// Returns the components that its suites have and it does not name. What cannot be had is left out:
    /// this only helps to say more.
    pub fn unread(&self, locked: &LockedSource, access: &Access) -> Vec<Unread> {
        self.suites.iter().flat_map(|suite| self.unread_of(suite, locked, access)).collect()
    }

    fn unread_of(&self, suite: &Suite, locked: &LockedSource, access: &Access) -> Vec<Unread> {
        let recalled = locked_release(locked, suite).map(|locked| release::recall(locked, access));
        let Some(Ok(Some(release))) = recalled else { return Vec::new() };
        // Of the security archive, older Releases name `updates/main` what lies below `main`.
        let names = release.components.iter().map(|name| name.rsplit('/').next().unwrap_or(name));
        let names = names.filter(|name| !suite.components.iter().any(|known| known == name));
        let load = |name: &str| {
            let other = Suite { components: vec![name.to_owned()], ..suite.clone() };
            let indices = index::load(self, &other, &release, access).ok()?;
            let (component, suite) = (name.to_owned(), suite.name.clone());
            let architecture = access.architecture.clone();
            Some(Unread { component, suite, architecture, indices })
        };
        names.filter_map(load).collect()
    }

    /// Returns what its suites have for other architectures of images.
    pub fn of_others(&self, locked: &LockedSource, access: &Access) -> Vec<Unread> {
        let of = |architecture: &String| {
            let (architecture, cache) = (architecture.clone(), access.cache.clone());
            let access =
                Access { architecture, foreign: Vec::new(), others: Vec::new(), cache, ..*access };
            let suites = self.suites.iter();
            suites.filter_map(|suite| self.of_other(suite, locked, &access)).collect::<Vec<_>>()
        };
        access.others.iter().flat_map(of).collect()
    }

    fn of_other(&self, suite: &Suite, locked: &LockedSource, access: &Access) -> Option<Unread> {
        let release = release::recall(locked_release(locked, suite)?, access).ok()??;
        let indices = index::load(self, suite, &release, access).ok()?;
        let component = suite.components.join(", ");
        let (suite, architecture) = (suite.name.clone(), access.architecture.clone());
        Some(Unread { component, suite, architecture, indices })
    }
}
