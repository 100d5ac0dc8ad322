//! What goes wrong in a plugin, as the user sees it.

use core::fmt;

use crate::host::types::{self, AccessError, Segment, Severity};

/// The result of a plugin's own functions.
pub type Result<T> = core::result::Result<T, Error>;

/// Why a plugin could not do its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Words for the user, about the plugin as a whole.
    Message(String),
    /// Words that are drawn on the line of the option at fault.
    Diagnostic(Diagnostic),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => out.write_str(message),
            Self::Diagnostic(diagnostic) => out.write_str(&diagnostic.message),
        }
    }
}

impl core::error::Error for Error {}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostic(diagnostic)
    }
}

/// Returns the words for something that cannot be seen; `None` if it is not there.
pub(crate) fn seen<T>(
    what: impl FnOnce() -> String,
    answer: core::result::Result<T, AccessError>,
) -> Result<Option<T>> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(AccessError::NotFound) => Ok(None),
        Err(AccessError::Denied(line)) => {
            Err(Error::Message(format!("{} is not granted: {line}", what())))
        }
        Err(AccessError::Failed(why)) => Err(Error::Message(format!("{}: {why}", what()))),
    }
}

/// Something to tell the user, drawn on an option's line in the manifest.
///
/// ```
/// # use isoplug_sdk::prelude::*;
/// let weak = Diagnostic::error("weak-cipher", "3des is broken")
///     .at("ciphers").index(1).help("use chacha20-poly1305");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    code: String,
    message: String,
    at: Vec<At>,
    help: Option<String>,
}

/// A step on the way to an option.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    Key(String),
    Index(u32),
}

impl Diagnostic {
    /// Makes one that fails the build. The code is a stable word of the plugin's own.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Makes one that the user should see.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Makes one that is good to know.
    pub fn note(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { severity, code, message, at: Vec::new(), help: None }
    }

    /// Points at an option, or one deeper in the option that it points at.
    pub fn at(mut self, option: &str) -> Self {
        self.at.push(At::Key(option.to_owned()));
        self
    }

    /// Points at an item of the list that it points at, from 0.
    pub fn index(mut self, index: u32) -> Self {
        self.at.push(At::Index(index));
        self
    }

    /// Moves it into an option: what it points at is there.
    pub fn inside(mut self, option: &str) -> Self {
        self.at.insert(0, At::Key(option.to_owned()));
        self
    }

    pub(crate) fn inside_index(mut self, index: u32) -> Self {
        self.at.insert(0, At::Index(index));
        self
    }

    /// Says what to try.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the stable word.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns what it says.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells whether it fails the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub(crate) fn into_contract(self) -> types::Diagnostic {
        let Self { severity, code, message, at, help } = self;
        let at = at.into_iter().map(|at| match at {
            At::Key(key) => Segment::Key(key),
            At::Index(index) => Segment::Index(index),
        });
        types::Diagnostic { severity, code, message, at: at.collect(), help }
    }

    /// Takes one from the contract.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn from_contract(diagnostic: &types::Diagnostic) -> Self {
        let types::Diagnostic { severity, code, message, at, help } = diagnostic.clone();
        let at = at.into_iter().map(|at| match at {
            Segment::Key(key) => At::Key(key),
            Segment::Index(index) => At::Index(index),
        });
        Self { severity, code, message, at: at.collect(), help }
    }
}
