//! Options for the packages of the root filesystem.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which packages the root filesystem gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Packages {
    /// The packages to install, with what they depend on. `name` or `name:architecture`.
    #[schemars(extend("format" = "package-name"))]
    pub install: Vec<String>,
    /// Packages that must not be installed, whatever recommends or could use them.
    #[schemars(extend("format" = "package-name"))]
    pub remove: Vec<String>,
    /// Whether to install recommended packages too.
    pub recommends: bool,
    /// Packages to choose first where one of several would satisfy a dependency.
    #[schemars(extend("format" = "package-name"))]
    pub prefer: Vec<String>,
    /// Whether to keep manual pages and documents. Licence files stay always.
    pub docs: bool,
}

impl Default for Packages {
    fn default() -> Self {
        let none = Vec::new;
        Self { install: none(), remove: none(), recommends: false, prefer: none(), docs: true }
    }
}
