//! Whom to believe: which keys may sign which plugins.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom to believe. A plugin cannot change it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trust {
    /// What a plugin of a registry needs.
    pub default: TrustLevel,
    /// The public keys of each publisher, as minisign writes them; several while they change.
    pub publishers: BTreeMap<String, Vec<String>>,
    /// Which publisher must have signed what, whatever `default` says. A publisher who stands here is
    /// believed only where an entry fits; one who does not, everywhere.
    pub allow: Vec<Allow>,
    /// Digests of components that are never taken: `sha256:…`.
    pub deny: Vec<String>,
}

/// What a plugin of a registry needs.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TrustLevel {
    /// A signature of a known publisher.
    #[default]
    Signed,
    /// Its digest in the lock; it is believed when it is first seen.
    Locked,
    /// Nothing.
    Any,
}

/// Lets a publisher sign plugins of some repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Allow {
    /// A pattern of repositories, such as `registry.example.com/isoplug/*`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The publisher.
    pub publisher: String,
    /// How many of the publisher's keys must have signed.
    #[serde(default = "one")]
    pub threshold: u32,
}

fn one() -> u32 {
    1
}
