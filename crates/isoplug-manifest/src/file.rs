//! A file that is put into an image, as options and parts name it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file, a folder with all in it, a link or an empty folder to put into the root filesystem, or what is to be removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Its path in the running system. It takes the place of what is there. What is below `/run` or
    /// `/tmp` is put there at each boot.
    #[schemars(extend("format" = "target-path"))]
    pub target: String,
    /// Its whole text. One of this, `source`, `link`, `folder` and `remove` is given.
    #[serde(default)]
    pub text: Option<String>,
    /// The file or folder to copy, relative to the file that says so.
    #[serde(default)]
    #[schemars(extend("format" = "local-path"))]
    pub source: Option<String>,
    /// Where a symbolic link at this path leads.
    #[serde(default)]
    pub link: Option<String>,
    /// Whether it is an empty folder.
    #[serde(default)]
    pub folder: bool,
    /// Whether it is removed, with all below it: what packages and parts put there is not in the image.
    #[serde(default)]
    pub remove: bool,
    /// Whether its text, or each file of its `source`, has facts of the image put in: `{{ image.name }}`, `image.version`,
    /// `image.title`, `image.profile`, `image.arch`, `image.date`, `kernel.version`, `packages.count`, `packages.list`,
    /// and `package.NAME` for a package's version. `{{ "{{" }}` stands for braces that stay.
    #[serde(default)]
    pub template: bool,
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
    #[must_use]
    pub fn text(target: &str, text: impl Into<String>) -> Self {
        Self {
            target: target.to_owned(),
            text: Some(text.into()),
            source: None,
            link: None,
            folder: false,
            remove: false,
            template: false,
            mode: None,
            user: root(),
            group: root(),
        }
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

    /// Returns the fields that say what it is; a right one has one of them.
    #[must_use]
    pub fn contents(&self) -> Vec<&'static str> {
        let given = [
            ("text", self.text.is_some()),
            ("source", self.source.is_some()),
            ("link", self.link.is_some()),
            ("folder", self.folder),
            ("remove", self.remove),
        ];
        given.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
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
    /// Whether its text, or each file of its `source`, has facts of the image put in, as in `files`.
    #[serde(default)]
    pub template: bool,
}

impl IsoFile {
    /// Returns the fields that say what it is; a right one has one of them.
    pub(crate) fn contents(&self) -> Vec<&'static str> {
        let given = [("text", self.text.is_some()), ("source", self.source.is_some())];
        given.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
    }
}
