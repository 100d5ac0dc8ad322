//! What is known of an image's contents once it is made, for what lies beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use isoplug_bill::facts::Facts;
use isoplug_bill::model::{Contributor, OperatingSystem};
use serde::{Deserialize, Serialize};

/// What the packages of an image say of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The distribution.
    pub system: OperatingSystem,
    /// What is installed, by `NAME ARCHITECTURE`.
    pub installed: BTreeMap<String, Facts>,
    /// What each system that the medium installs has, by its name, and by `NAME ARCHITECTURE`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, BTreeMap<String, Facts>>,
    /// What is not installed, by the SHA-256 of the package.
    pub beside: BTreeMap<String, Facts>,
    /// The SHA-512 of packages, by their SHA-256.
    pub sha512: BTreeMap<String, String>,
    /// Who put files there that are of no package, in order.
    pub contributors: Vec<Contributor>,
}

/// Reads what its stage wrote.
///
/// # Errors
///
/// The file cannot be read, or is not that stage's.
pub fn read(path: &Path) -> io::Result<Inventory> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}
