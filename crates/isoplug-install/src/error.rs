//! What can go wrong, and the exit code that says so.

use crate::machine::Failed;

/// Why an installation did not happen or did not end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is wrong.
    #[error("{0}")]
    Arguments(String),
    /// The plan, or an answer, is wrong.
    #[error("{0}")]
    Answers(String),
    /// No disk fits, or more than one does.
    #[error("{0}")]
    NoDisk(String),
    /// It would not be safe.
    #[error("refused: {0}")]
    Refused(String),
    /// A tool failed.
    #[error("{0}")]
    Tool(#[from] Failed),
    /// A script of the image's author failed.
    #[error("{0}")]
    Hook(String),
    /// What a tool or the kernel said is not what was expected.
    #[error("{0}")]
    Unexpected(String),
    /// A file could not be read or written.
    #[error("cannot {what} {path}\n  because: {source}")]
    File {
        /// What was tried: `read`.
        what: &'static str,
        /// The file.
        path: String,
        /// What the kernel says.
        source: std::io::Error,
    },
    /// Somebody stopped it.
    #[error("stopped")]
    Stopped,
}

impl Error {
    /// Returns the exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Arguments(_) | Self::Answers(_) => 2,
            Self::NoDisk(_) => 3,
            Self::Refused(_) => 4,
            Self::Tool(_) | Self::Hook(_) | Self::Unexpected(_) | Self::File { .. } => 5,
            Self::Stopped => 130,
        }
    }

    /// Wraps what the kernel says of a file.
    pub fn file(
        what: &'static str,
        path: impl Into<String>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
