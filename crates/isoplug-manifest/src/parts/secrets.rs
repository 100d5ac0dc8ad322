//! What becomes of secrets in files that no package brings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::part;

/// Private keys, tokens and passwords that a build finds in what the user and plugins add. Whoever has the image can read
/// them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Secrets {
    /// What a build does about one.
    pub policy: SecretPolicy,
    /// Files that hold one on purpose, by their paths in the image or on the medium, which may have `*`.
    pub allow: Vec<String>,
}

/// What a build does about a secret that it finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretPolicy {
    /// It warns.
    #[default]
    Warn,
    /// It fails, and puts nothing beside the manifest.
    Refuse,
    /// It says nothing.
    Ignore,
}

/// It reads nothing: only a build that looks for secrets does.
pub(crate) struct Part;

impl part::Part for Part {
    fn by(&self) -> By {
        By::Part("secrets")
    }

    fn owns(&self) -> &[&str] {
        &["secrets"]
    }
}
