//! A file that is put into an image, as options and parts name it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file, or a whole folder, to put into the root filesystem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Its path in the running system. It takes the place of what is there. What is below `/run` or
    /// `/tmp` is put there at each boot.
    #[schemars(extend("format" = "target-path"))]
    pub target: String,
    /// Its whole text. Either this or `source`.
    #[serde(default)]
    pub text: Option<String>,
    /// The file or folder to copy, relative to the file that says so. Either this or `text`.
    #[serde(default)]
    #[schemars(extend("format" = "local-path"))]
    pub source: Option<String>,
    /// Its mode in octal, such as `0755`. Without one, 0644, or 0755 for a folder and for what is
    /// executable in `source`.
    #[serde(default)]
    #[schemars(extend("format" = "octal-mode"))]
    pub mode: Option<String>,
    /// Its owner, by name or number. Folders on the way to it that are missing belong to the owner
    /// of the home that they are in, else to root.
    #[serde(default = "root")]
    pub user: String,
    /// Its group, by name or number.
    #[serde(default = "root")]
    pub group: String,
}

impl File {
    /// Returns a file of root's with a text.
    pub(crate) fn text(target: &str, text: impl Into<String>) -> Self {
        let (target, text) = (target.to_owned(), Some(text.into()));
        Self { target, text, source: None, mode: None, user: root(), group: root() }
    }

    /// Returns it as a program that everybody may run.
    pub(crate) fn executable(self) -> Self {
        Self { mode: Some("0755".to_owned()), ..self }
    }

    /// Returns the mode's bits, if one is set.
    #[must_use]
    pub fn mode_bits(&self) -> Option<u32> {
        u32::from_str_radix(self.mode.as_deref()?, 8).ok()
    }
}

fn root() -> String {
    "root".to_owned()
}

/// A file, or a whole folder, to put onto the ISO.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IsoFile {
    /// Its path on the ISO.
    #[schemars(extend("format" = "target-path"))]
    pub target: String,
    /// Its whole text. Either this or `source`.
    #[serde(default)]
    pub text: Option<String>,
    /// The file or folder to copy, relative to the file that says so. Either this or `text`.
    #[serde(default)]
    #[schemars(extend("format" = "local-path"))]
    pub source: Option<String>,
}
