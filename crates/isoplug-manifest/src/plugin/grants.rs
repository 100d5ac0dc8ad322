//! What a plugin may see and contribute, as `[grants.NAME]` says it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format::{amount, byte_size, seconds};

/// What a plugin may see and contribute. What is not named is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Grants {
    /// The files that it may add: a tree, `root:` or `iso:`, and a pattern of absolute paths, such
    /// as `root:/etc/sysctl.d/**`.
    #[schemars(extend("format" = "tree-pattern"))]
    pub files: Vec<String>,
    /// The options that it may set, each with all below it, such as `packages.install`; `*` stands
    /// for one key.
    #[schemars(extend("format" = "option-pattern"))]
    pub merge: Vec<String>,
    /// The paths of the root filesystem that it may read, such as `/etc/**`.
    #[schemars(extend("format" = "path-pattern"))]
    pub reads: Vec<String>,
    /// Files and folders of this machine that it may read, relative to the manifest, by the name
    /// that it has for them.
    #[schemars(extend("additionalProperties" = { "type": "string", "format": "local-path" }))]
    pub inputs: BTreeMap<String, String>,
    /// Secrets that it may place into files, by the name that it has for them.
    pub secrets: BTreeMap<String, SecretGrant>,
    /// Patterns of the addresses that it may have fetched.
    pub fetch: Vec<String>,
    /// Patterns of the systemd units that it may define and enable.
    pub units: Vec<String>,
    /// Patterns of the kernel parameters that it may add.
    pub kernel_params: Vec<String>,
    /// Whether its files may be setuid, setgid or sticky.
    pub setuid: bool,
    /// What it may remove, in the words of `files`.
    #[schemars(extend("format" = "tree-pattern"))]
    pub remove: Vec<String>,
    /// Whether it may run scripts as root inside the image's own root filesystem, in the sandbox.
    pub hooks: bool,
    /// How much it may use.
    pub limits: Limits,
}

/// Where a secret is on the build machine, and whether the plugin may read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecretGrant {
    /// The environment variable that holds it. Either this or `file`.
    pub env: Option<String>,
    /// The file that holds it, relative to the manifest. Either this or `env`.
    #[schemars(extend("format" = "local-path"))]
    pub file: Option<String>,
    /// Whether the plugin may read it, not merely place it.
    pub read: bool,
}

/// How much a plugin may use; without a limit, the host's own holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// The instructions that it may run, such as `10G`.
    #[schemars(extend("format" = "amount"))]
    pub fuel: Option<String>,
    /// The memory that it may have, such as `256MiB`.
    #[schemars(extend("format" = "byte-size"))]
    pub memory: Option<String>,
    /// How long it may run, such as `60s`.
    #[schemars(extend("format" = "duration"))]
    pub time: Option<String>,
}

impl Limits {
    /// Returns the limit of instructions.
    #[must_use]
    pub fn fuel_units(&self) -> Option<u64> {
        amount(self.fuel.as_deref()?)
    }

    /// Returns the limit of memory in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> Option<u64> {
        byte_size(self.memory.as_deref()?)
    }

    /// Returns the limit of time in seconds.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        seconds(self.time.as_deref()?)
    }
}
