//! Options for users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user of the running system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// The user's number; without one, the next free from 1000, or from 100 for a system user, in
    /// the order of names.
    #[schemars(range(min = 1, max = 4_294_967_293_u32))]
    pub uid: Option<u32>,
    /// The groups the user is in, beside one of the same name as the user.
    #[schemars(extend("format" = "group-name"))]
    pub groups: Vec<String>,
    /// The password as crypt(5) writes it, from `mkpasswd`. Without one, no password is accepted.
    #[schemars(extend("format" = "crypt-hash", "x-secret" = true))]
    pub hashed_password: Option<String>,
    /// SSH public keys that may log in, one line of `.pub` each.
    #[schemars(extend("format" = "ssh-key"))]
    pub authorized_keys: Vec<String>,
    /// The login shell.
    #[schemars(extend("format" = "target-path"))]
    pub shell: String,
    /// The home folder; without one, `/home/NAME`.
    #[schemars(extend("format" = "target-path"))]
    pub home: Option<String>,
    /// Whether the user may become root with `sudo`. All but `none` install the package.
    pub sudo: Sudo,
    /// The user's full name.
    pub description: String,
    /// Whether it is an account for a service: no home is made, and nobody logs in.
    pub system: bool,
}

impl Default for User {
    fn default() -> Self {
        Self {
            uid: None,
            groups: Vec::new(),
            hashed_password: None,
            authorized_keys: Vec::new(),
            shell: "/bin/bash".to_owned(),
            home: None,
            sudo: Sudo::None,
            description: String::new(),
            system: false,
        }
    }
}

/// Whether a user may become root.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sudo {
    /// Only as far as the user's groups allow.
    #[default]
    None,
    /// With the user's own password.
    Password,
    /// Without a password.
    Nopasswd,
}

/// The root user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Root {
    /// The password as crypt(5) writes it, from `mkpasswd`. Without one, no password is accepted.
    #[schemars(extend("format" = "crypt-hash", "x-secret" = true))]
    pub hashed_password: Option<String>,
    /// Whether the password is locked, even if there is one.
    pub locked: bool,
    /// SSH public keys that may log in, one line of `.pub` each.
    #[schemars(extend("format" = "ssh-key"))]
    pub authorized_keys: Vec<String>,
}
