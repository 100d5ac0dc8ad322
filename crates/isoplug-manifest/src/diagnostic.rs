//! Mistakes and warnings as plain data: what is wrong, where it was written, what to try.
//!
//! Knows no terminal: the command draws them. [`Diagnostics`] displays as plain lines.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{Origin, Texts};

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing can be built.
    Error,
    /// It can be built, and is probably not what was meant.
    Warning,
    /// It is good to know.
    Note,
}

/// One mistake or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// A stable name of this kind of mistake, such as `unknown-key`; a plugin's has its name in
    /// front: `hardening::weak-cipher`.
    pub code: Cow<'static, str>,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// The places it is about; the primary one first.
    pub labels: Vec<Label>,
    /// What to try.
    pub help: Option<String>,
}

/// A place that a diagnostic points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub origin: Origin,
    /// What to say there; may be empty.
    pub text: String,
    /// Whether this is where the mistake is, not merely where it comes from.
    pub primary: bool,
}

impl Diagnostic {
    /// Makes an error without a place.
    #[must_use]
    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { severity: Severity::Error, code, message, labels: Vec::new(), help: None }
    }

    /// Makes a warning without a place.
    #[must_use]
    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Says whether a plugin, or the host on its behalf, reports it.
    #[must_use]
    pub fn is_of_plugin(&self) -> bool {
        self.code.contains("::")
    }

    /// Adds the place of the mistake.
    #[must_use]
    pub fn at(mut self, origin: &Origin, text: impl Into<String>) -> Self {
        let primary = Label { origin: origin.clone(), text: text.into(), primary: true };
        self.labels.push(primary);
        self
    }

    /// Adds a place that has to do with it.
    #[must_use]
    pub fn and(mut self, origin: &Origin, text: impl Into<String>) -> Self {
        let label = Label { origin: origin.clone(), text: text.into(), primary: false };
        self.labels.push(label);
        self
    }

    /// Adds what to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Writes it as plain lines, `file:line:column: error[code]: message` and one more for each
    /// further place and for the help.
    #[must_use]
    pub fn plain(&self, texts: &Texts) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = self
            .labels
            .first()
            .map_or(String::new(), |label| format!("{}: ", texts.place(&label.origin)));
        let mut lines = vec![format!("{place}{word}[{}]: {}", self.code, self.message)];
        for label in self.labels.iter().filter(|label| !label.text.is_empty()) {
            lines.push(format!("  {}: {}", texts.place(&label.origin), label.text));
        }
        lines.extend(self.help.iter().map(|help| format!("  help: {help}")));
        lines.join("\n")
    }
}

/// Every mistake of one evaluation, with the texts they point into.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// The mistakes and warnings, in the order of their places.
    pub list: Vec<Diagnostic>,
    /// The texts that the labels point into.
    pub texts: Texts,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain: Vec<String> = self.list.iter().map(|each| each.plain(&self.texts)).collect();
        f.write_str(&plain.join("\n"))
    }
}

impl std::error::Error for Diagnostics {}
