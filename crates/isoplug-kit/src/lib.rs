//! What plugins are written with: templates, a build, tests by cases, a look for mistakes.
//!
//! Knows the toolchains of four languages by their commands, and the host of plugins by its public functions; knows
//! neither wasmtime nor an image, and prints nothing.

mod build;
mod call;
mod case;
mod language;
mod lint;
mod option;
mod show;
mod strip;
mod template;
mod test;

use std::io;
use std::path::{Path, PathBuf};

pub use build::{Built, build};
pub use language::Language;
pub use lint::{Finding, lint};
pub use option::{OptionRow, options};
pub use template::new;
pub use test::{Case, Verdict, run, test};

use isoplug_plugin::Error;

/// Why a plugin could not be made, built or tried.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// A file or folder of the plugin's.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A new plugin's folder has something in it.
    #[error("{}: the folder is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A new plugin's name.
    #[error("`{0}` is not a valid name for a plugin: use a-z, 0-9 and `-`, with a letter first")]
    Name(String),
    /// A folder without a plugin.
    #[error(
        "{}: no plugin here; there is no Cargo.toml, plugin.js, plugin.py or plugin.c",
        .0.display()
    )]
    NoPlugin(PathBuf),
    /// A tool that is not there.
    #[error("`{tool}` is not there; {help}")]
    Missing {
        /// Its name.
        tool: &'static str,
        /// How to get it.
        help: &'static str,
    },
    /// A tool that failed.
    #[error("`{0}` failed; see its output above")]
    Failed(&'static str),
    /// A core module that is no plugin.
    #[error("no component can be made of the module: {0}")]
    Wrap(String),
    /// A case that cannot be read.
    #[error("{}: {reason}", path.display())]
    Case {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The plugin itself.
    #[error(transparent)]
    Plugin(#[from] Error),
}

impl KitError {
    /// Returns the error for a file or folder.
    fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, source }
    }

    /// Returns the error for a case's file.
    fn case(path: impl AsRef<Path>, reason: impl ToString) -> Self {
        Self::Case { path: path.as_ref().to_owned(), reason: reason.to_string() }
    }
}
