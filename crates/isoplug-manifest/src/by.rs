//! Who says something of an image, or makes something for it.

use std::fmt;

use serde::Serialize;

/// Who says or makes something: a built-in part, a plugin, or the user by the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A built-in part, by its name.
    Part(&'static str),
    /// A plugin, by its name in the manifest.
    Plugin(String),
    /// The user: whatever nobody else says.
    #[default]
    User,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(name) => f.write_str(name),
            Self::Plugin(name) => write!(f, "plugin {name}"),
            Self::User => f.write_str("the manifest"),
        }
    }
}
