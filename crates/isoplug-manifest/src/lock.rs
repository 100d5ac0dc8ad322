//! The lock: pins every fetched thing by name, version and digest, and names no mirror.
//!
//! Its text is TOML with one line for each package, so that a version control system shows what
//! changed. Lists keep their order: what is read back equals what was written.

mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use read::Error;
use serde::{Deserialize, Serialize};

use crate::package::{Arch, ArchivePath, PackageName, Version, kernel_version};

/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// Everything that `isoplug.lock` pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The version of the format.
    pub version: u32,
    /// The releases of each source.
    pub sources: BTreeMap<String, LockedSource>,
    /// The packages of each profile and architecture: `minimal.amd64`.
    pub images: BTreeMap<String, LockedImage>,
    /// The plugins of registries, by the name that the manifest has for them.
    pub plugins: BTreeMap<String, LockedPlugin>,
    /// The shared modules of registries, by the name that the manifest has for them.
    pub modules: BTreeMap<String, LockedPlugin>,
}

/// One plugin, or one shared module, of a registry. A digest is `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Its name in the manifest.
    pub name: String,
    /// Its repository: `oci://registry.example.com/isoplug/hardening`.
    pub source: String,
    /// The versions that the manifest asked for.
    pub requirement: String,
    /// The version that was taken.
    pub version: String,
    /// The digest of the component: what runs; of a module's archive.
    pub component: String,
    /// The digest of what the version's tag named in the registry.
    pub manifest: String,
    /// The component's size in bytes.
    pub size: u64,
    /// The contract that it was made for: `isoplug:plugin@0.1`.
    pub api: String,
    /// The digest of what it says of itself.
    pub describe: String,
    /// The digest of the requests that were approved.
    pub grants: String,
    /// Who signed it, or `unsigned`.
    pub publisher: String,
}

/// What a source was when it was locked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedSource {
    /// Its Release files: of each suite the newest first, and behind it those that packages are from which an update of a
    /// part, or of another image, left as they were.
    pub releases: Vec<LockedRelease>,
}

/// One Release file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedRelease {
    /// The suite, such as `trixie-updates`.
    pub suite: String,
    /// The archive: `debian`, `debian-security` or the user's.
    pub archive: String,
    /// The digest of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Its `Date`, in seconds since 1970.
    pub date: u64,
    /// Its `Suite`, such as `stable`; empty if it has none.
    pub release_suite: String,
    /// Its `Codename`, such as `trixie-updates`; empty if it has none.
    pub release_codename: String,
    /// The fingerprints of the keys that signed it.
    pub signers: Vec<String>,
}

/// The packages of one image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedImage {
    /// The digest of the request that was resolved, 64 hexadecimal digits.
    pub request: String,
    /// The one time of all its files, in seconds since 1970: the date of the newest Release file
    /// when its packages were chosen.
    pub epoch: u64,
    /// The install groups, in order. The first is the Essential set.
    pub groups: Vec<Vec<LockedPackage>>,
    /// Packages that are only unpacked for boot loaders, never installed.
    pub boot: Vec<LockedPackage>,
    /// Packages that drivers are compiled with and from. They are installed over the Essential set, and of what comes
    /// of it only the drivers are in the image.
    pub drivers: Vec<LockedPackage>,
    /// Packages that lie on the medium and are not installed.
    pub offline: Vec<LockedPackage>,
}

/// One package, by name, version and architecture in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LockedPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture, or `all`.
    pub architecture: Arch,
    /// The archive it is in, such as `debian`.
    pub source: String,
    /// Its path in the archive: `pool/…`.
    pub path: ArchivePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest, 64 hexadecimal digits.
    pub sha256: String,
}

impl LockedPackage {
    /// Returns name, version and architecture, as messages show a package.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {} {}", self.name, self.version, self.architecture)
    }
}

impl Default for Lock {
    fn default() -> Self {
        let (sources, images) = (BTreeMap::new(), BTreeMap::new());
        let (plugins, modules) = (BTreeMap::new(), BTreeMap::new());
        Self { version: VERSION, sources, images, plugins, modules }
    }
}

impl Lock {
    /// Reads the text of a lock.
    ///
    /// # Errors
    ///
    /// When it is damaged, or was written by a newer program.
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::lock(text)
    }

    /// Writes the text of the lock: the same for the same lock.
    #[must_use]
    pub fn to_toml(&self) -> String {
        write::lock(self)
    }

    /// Returns the date of the newest Release file, in seconds since 1970; 0 without any.
    #[must_use]
    pub fn newest(&self) -> u64 {
        let releases = self.sources.values().flat_map(|source| &source.releases);
        releases.map(|release| release.date).max().unwrap_or(0)
    }

    /// Returns every package of every image, in the order of images, groups and lists.
    pub fn packages(&self) -> impl Iterator<Item = &LockedPackage> {
        self.images.values().flat_map(LockedImage::packages)
    }
}

impl LockedImage {
    /// Returns every package: the groups in order, then those for boot loaders and drivers, then those that only lie on
    /// the medium.
    pub fn packages(&self) -> impl Iterator<Item = &LockedPackage> {
        let beside = self.boot.iter().chain(&self.drivers).chain(&self.offline);
        self.groups.iter().flatten().chain(beside)
    }

    /// Returns a package's name, with its architecture if that is another one than the image's: `libc6:i386`.
    #[must_use]
    pub fn name_of(&self, package: &LockedPackage) -> String {
        let base = self.groups.first().into_iter().flatten();
        let own = base.map(|one| &*one.architecture).find(|architecture| *architecture != "all");
        match &*package.architecture {
            other if other != "all" && own.is_some_and(|own| own != other) => {
                format!("{}:{other}", package.name)
            }
            _ => package.name.to_string(),
        }
    }

    /// Returns the versions of the kernels that are installed, as `uname -r` tells them, in the order of their names.
    #[must_use]
    pub fn kernels(&self) -> Vec<String> {
        let names = self.groups.iter().flatten().map(|package| package.name.as_str());
        let kernels: BTreeSet<&str> = names.filter_map(kernel_version).collect();
        kernels.into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests;
