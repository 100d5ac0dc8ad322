//! What an image asks of its package sources, and the digest by which a lock knows the same wish.

use isoplug_manifest::options::Pin;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Raised when the same request would be resolved by other rules.
const RULES: u32 = 1;

/// Everything that decides which packages an image gets, besides what the sources offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Debian's name of the architecture, such as `amd64`.
    pub architecture: String,
    /// Other architectures whose packages may be there, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<String>,
    /// One line for each suite that is used, such as `debian trixie main non-free-firmware`.
    pub suites: Vec<String>,
    /// Packages that must be there: `name` or `name:architecture`, and behind it `=version`, where a
    /// `*` at the end stands for any rest, `^version` for the start of a version, or `/suite`, or `@source`.
    pub install: Vec<String>,
    /// Packages that are installed as far as the sources have them and the others allow it: `name`,
    /// or `section/pattern`, where `*` stands for any part of a name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// Priorities of single packages; the first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// Names of packages that must not be there.
    pub remove: Vec<String>,
    /// Names that come first where several packages satisfy a dependency; the first wins.
    pub prefer: Vec<String>,
    /// Whether recommended packages are wanted too.
    pub recommends: bool,
    /// Packages that are only unpacked, for what they carry: boot loaders. Their dependencies
    /// are not followed.
    pub boot: Vec<String>,
    /// Packages that drivers are compiled from, as in `install`. With what they need for that, they are installed over the
    /// Essential set alone, beside the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drivers: Vec<String>,
    /// Packages that lie on the medium with what they need and the image does not have, as in `install`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offline: Vec<String>,
}

impl Request {
    /// Returns the SHA-256, in hexadecimal digits, of the request without what cannot matter:
    /// the order of the lists (but `prefer`) and repetitions.
    pub fn digest(&self) -> String {
        let canonical = (RULES, self.canonical());
        // Serialising strings and booleans into memory has no way to fail.
        let bytes = serde_json::to_vec(&canonical).unwrap_or_default();
        Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the request with its unordered lists sorted and without repetitions.
    pub fn canonical(&self) -> Self {
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list.dedup();
            list
        };
        Self {
            foreign: sorted(&self.foreign),
            suites: sorted(&self.suites),
            install: sorted(&self.install),
            optional: sorted(&self.optional),
            remove: sorted(&self.remove),
            boot: sorted(&self.boot),
            drivers: sorted(&self.drivers),
            offline: sorted(&self.offline),
            ..self.clone()
        }
    }
}
