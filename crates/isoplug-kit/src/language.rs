//! The languages that plugins are written in.

use std::path::Path;
use std::str::FromStr;

/// A language that there is a template and a build for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Rust, with the crate `isoplug-sdk`.
    Rust,
    /// JavaScript, in QuickJS.
    JavaScript,
    /// Python, in CPython.
    Python,
    /// C.
    C,
}

impl Language {
    /// All of them, the recommended one first.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::C];

    /// Returns its name: `rust`, `js`, `python`, `c`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::C => "c",
        }
    }

    /// Returns the file by which a folder is known to hold a plugin in it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "plugin.js",
            Self::Python => "plugin.py",
            Self::C => "plugin.c",
        }
    }

    /// Returns the language of the plugin in a folder.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|language| folder.join(language.file()).is_file())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|language| language.name() == name);
        known.ok_or_else(|| format!("`{name}` is none of rust, js, python, c"))
    }
}
