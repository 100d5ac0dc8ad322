//! The lock: pins every fetched thing by name, version and digest.

use std::collections::BTreeMap;

/// Everything that `isoplug.lock` pins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The version of the format.
    pub version: u32,
    /// The releases of each source.
    pub sources: BTreeMap<String, LockedSource>,
    /// The packages of each profile and architecture: `minimal.amd64`.
    pub images: BTreeMap<String, LockedImage>,
}

/// What a source was when it was locked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedSource {
    /// Its Release files.
    pub releases: Vec<LockedRelease>,
}

/// One Release file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedRelease {
    /// The suite.
    pub suite: String,
    /// The archive: `debian`, `debian-security` or the user's.
    pub archive: String,
    /// The digest of the file, in hex.
    pub sha256: String,
    /// Its `Date`, in seconds since 1970.
    pub date: u64,
    /// The fingerprints of the keys that signed it.
    pub signers: Vec<String>,
}

/// The packages of one image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedImage {
    /// The digest of the request that was resolved, in hex.
    pub request: String,
    /// The install groups, in order. The first is the Essential set.
    pub groups: Vec<Vec<LockedPackage>>,
    /// Packages that are only unpacked for boot loaders, never installed.
    pub boot: Vec<LockedPackage>,
}

/// One package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture, or `all`.
    pub architecture: String,
    /// The archive it is in, such as `debian`.
    pub source: String,
    /// Its path in the archive: `pool/…`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest, in hex.
    pub sha256: String,
}
