//! Options for the packages of the root filesystem.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which packages the root filesystem gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Packages {
    /// The packages to install, with what they depend on: `name` or `name:architecture`. As with
    /// apt, `name=8.4-1` asks for a version (`name=8.4*` for one that begins so), and
    /// `name/trixie-backports` for the suite to take it from, which a source must have.
    #[schemars(extend("format" = "package-wish"))]
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
    /// Answers to what packages ask while they are installed (debconf), such as whether a licence
    /// is accepted. Whatever is not answered here gets the answer that its package has for it.
    pub debconf: Vec<DebconfAnswer>,
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

/// An answer to a question of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DebconfAnswer {
    /// The package that asks.
    #[schemars(extend("format" = "package-name"))]
    pub package: String,
    /// The name of the question, as `debconf-show PACKAGE` lists it.
    #[schemars(extend("format" = "debconf-question"))]
    pub question: String,
    /// The type of the question.
    #[serde(rename = "type")]
    pub kind: DebconfType,
    /// The answer: `true` or `false` for a boolean, one of the choices for a `select`, choices with
    /// `, ` between them for a `multiselect`.
    #[serde(default)]
    #[schemars(extend("format" = "debconf-value"))]
    pub value: Option<String>,
    /// The environment variable that has the answer, in place of `value`: for secrets, which are
    /// then in neither manifest, lock nor logs. What the package makes of it is in the image.
    #[serde(default)]
    pub env: Option<String>,
}

/// A type of question, as in debconf-devel(7).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DebconfType {
    /// Yes or no.
    Boolean,
    /// One of several choices.
    Select,
    /// Any of several choices.
    Multiselect,
    /// A text.
    String,
    /// A password, which is not shown.
    Password,
}

impl DebconfType {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Select => "select",
            Self::Multiselect => "multiselect",
            Self::String => "string",
            Self::Password => "password",
        }
    }
}

impl Default for Packages {
    fn default() -> Self {
        let [install, remove, prefer] = [const { Vec::new() }; 3];
        let (machine_state, debconf) = (Vec::new(), Vec::new());
        Self { install, remove, recommends: false, prefer, docs: true, machine_state, debconf }
    }
}
