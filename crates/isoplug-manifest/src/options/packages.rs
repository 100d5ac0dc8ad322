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
    /// What scripts of packages make for one machine alone, such as a key or an identity, beside
    /// what isoplug knows itself. A build that finds such a thing stops and names it.
    pub machine_state: Vec<MachineState>,
}

/// Something that a script of a package made and that every machine must have of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MachineState {
    /// Its path. `*` stands for any part of a name, and `/**` at the end for all in a folder.
    #[schemars(extend("format" = "path-pattern"))]
    pub path: String,
    /// Whether it stays in the image, so that every copy has the same. Else it is not in the image.
    #[serde(default)]
    pub keep: bool,
    /// The shell commands by which a machine makes its own when it boots and the path is not
    /// there. Without any, the program that needs it must make it.
    #[serde(default)]
    pub make: Option<String>,
    /// The units that need it and so wait for it. Without any, all services wait.
    #[serde(default)]
    #[schemars(extend("format" = "unit-name"))]
    pub before: Vec<String>,
}

impl Default for Packages {
    fn default() -> Self {
        let none = Vec::new;
        Self {
            install: none(),
            remove: none(),
            recommends: false,
            prefer: none(),
            docs: true,
            machine_state: Vec::new(),
        }
    }
}
