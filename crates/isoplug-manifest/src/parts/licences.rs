//! Which licences and components of archives an image may have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::part;

/// Which licences and components an image may have; `isoplug licences` compares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Licences {
    /// The only components that packages may be from, such as `main`. Without any: all.
    pub allow_components: Vec<String>,
    /// Licences that nothing may be under, by the identifiers of SPDX; `*` stands for anything: `AGPL-3.0-*`. What can
    /// be had under another licence as well is not denied.
    pub deny: Vec<String>,
    /// Packages that are accepted whatever they are under.
    pub accept: Vec<String>,
}

/// It reads nothing: only `isoplug licences` does.
pub(crate) struct Part;

impl part::Part for Part {
    fn by(&self) -> By {
        By::Part("licences")
    }

    fn owns(&self) -> &[&str] {
        &["licences"]
    }
}
