//! What a profile says of packages for later, in the words of the stages: the key of their archive, and where that lies.
//!
//! Knows no stage and no package.

use isoplug_manifest::System;
use isoplug_packages::signing::{self, ArchiveKey};

/// What the archive calls itself: its origin, label, suite and codename.
pub const SUITE: &str = "isoplug";

/// Where live-boot mounts the medium, on which the archive of a live system lies.
const MEDIUM: &str = "/run/live/medium";

/// Where the archive of an installed system lies.
pub const INSTALLED: &str = "/var/lib/isoplug/pool";

/// The archive of packages that a system can install without a network.
#[derive(Clone)]
pub struct Pool {
    /// The key that signs it, in PEM.
    pub key: String,
    /// Its public half, as apt reads it.
    pub certificate: String,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
#[error("`packages.offline-key` cannot sign the archive of the packages on the medium")]
pub struct Error(#[from] signing::Error);

/// Returns where the archive lies in the running system.
#[must_use]
pub fn place(is_installed: bool) -> &'static str {
    if is_installed { INSTALLED } else { MEDIUM }
}

/// Returns the archive of a profile, if it has packages for later and its key was read.
///
/// # Errors
///
/// When the key is none that signs an archive.
pub fn pool(system: &System) -> Result<Option<Pool>, Error> {
    let options = &system.options.packages;
    let key = options.offline_key.as_ref().and_then(|key| key.text());
    let Some(key) = key.filter(|_| !options.offline.is_empty()) else { return Ok(None) };
    let owner = format!("isoplug pool of {}", system.image.name);
    let certificate = ArchiveKey::from_pem(key)?.certificate(&owner)?;
    Ok(Some(Pool { key: key.to_owned(), certificate }))
}
