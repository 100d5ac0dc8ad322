//! Options for who may do what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Security {
    /// How users become root.
    pub sudo: SudoRules,
}

/// How users become root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SudoRules {
    /// Whether the members of the group `sudo`, elsewhere called `wheel`, type their password to
    /// become root. For one user alone, see `users.NAME.sudo`.
    pub wheel_needs_password: bool,
}

impl Default for SudoRules {
    fn default() -> Self {
        Self { wheel_needs_password: true }
    }
}
