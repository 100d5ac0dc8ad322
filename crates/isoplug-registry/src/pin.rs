//! What the lock pins of one plugin, with its texts read.

use isoplug_engine::Digest;
use isoplug_manifest::lock::LockedPlugin;
use semver::Version;

use super::error::Error;
use super::reference::Reference;
use super::release::Release;
use super::transport::{At, Transport, check_same};

/// A plugin in the lock. Its component's digest is its identity: what runs, the key of every
/// cache, and the name of the file in every mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The name that the manifest gives it.
    pub name: String,
    /// Where it comes from, without tag and digest.
    pub source: Reference,
    /// The versions that the manifest accepts: `^1.2`.
    pub requirement: String,
    /// Its version.
    pub version: Version,
    /// The digest of the component.
    pub component: Digest,
    /// The digest of the manifest that the tag pointed at.
    pub manifest: Digest,
    /// The size of the component in bytes.
    pub size: u64,
    /// The contract it was built against: `isoplug:plugin@0.1`.
    pub api: String,
    /// The digest of what `describe` says, so that schema and requests cannot change.
    pub describe: Digest,
    /// The digest of the requests that were approved.
    pub grants: Digest,
    /// Who signed it, or `unsigned` if the policy let it in without.
    pub publisher: String,
}

impl Pin {
    /// Fetches the manifest that is locked, and compares what it names with the lock.
    pub(super) fn release(&self, from: &dyn Transport) -> Result<Release, Error> {
        let release = Release::fetch(from, At::Digest(self.manifest))?;
        let (locked, found) = (self.component, release.component.digest);
        check_same(&from.place(), "the locked component", locked, found)?;
        Ok(release)
    }
}

impl TryFrom<&LockedPlugin> for Pin {
    type Error = Error;

    fn try_from(locked: &LockedPlugin) -> Result<Self, Error> {
        let wrong = |what: &str, why: &dyn std::fmt::Display| {
            Error::document("the lock", &format!("{what} of plugin {}", locked.name), why)
        };
        let digest =
            |what: &str, text: &str| text.parse::<Digest>().map_err(|why| wrong(what, &why));
        Ok(Self {
            name: locked.name.clone(),
            source: locked.source.parse()?,
            requirement: locked.requirement.clone(),
            version: locked.version.parse().map_err(|why| wrong("version", &why))?,
            component: digest("component", &locked.component)?,
            manifest: digest("manifest", &locked.manifest)?,
            size: locked.size,
            api: locked.api.clone(),
            describe: digest("describe", &locked.describe)?,
            grants: digest("grants", &locked.grants)?,
            publisher: locked.publisher.clone(),
        })
    }
}

impl From<&Pin> for LockedPlugin {
    fn from(pin: &Pin) -> Self {
        Self {
            name: pin.name.clone(),
            source: pin.source.source(),
            requirement: pin.requirement.clone(),
            version: pin.version.to_string(),
            component: pin.component.to_string(),
            manifest: pin.manifest.to_string(),
            size: pin.size,
            api: pin.api.clone(),
            describe: pin.describe.to_string(),
            grants: pin.grants.to_string(),
            publisher: pin.publisher.clone(),
        }
    }
}
