//! Why a run ended without doing what was asked: what, where, why, and what to try.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use isoplug_manifest::{Diagnostic, Diagnostics, Severity};

use crate::exit::Exit;

/// Everything that a person needs to know of a failed run.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The message; empty when the diagnostics say it all.
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
    /// Where more can be read.
    pub(crate) log: Option<PathBuf>,
    pub(crate) diagnostics: Box<Diagnostics>,
}

impl Failure {
    /// A failure with a message and nothing else yet.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            log: None,
            diagnostics: Box::default(),
        }
    }

    /// A failure that the manifest's diagnostics explain: a plugin's, if an error is of one.
    pub(crate) fn manifest(diagnostics: Diagnostics) -> Self {
        let of_plugin = |each: &Diagnostic| each.severity == Severity::Error && each.is_of_plugin();
        let plugin = diagnostics.list.iter().any(of_plugin);
        let exit = if plugin { Exit::Plugin } else { Exit::Manifest };
        Self { diagnostics: Box::new(diagnostics), ..Self::new(exit, "") }
    }

    /// Adds the error and the errors below it as causes.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let said = self.causes.iter().chain([&self.message]).any(|said| said.contains(&text));
            if !said {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds the error as a cause, without those below it, which only repeat the message.
    pub(crate) fn because_only(mut self, error: &dyn Error) -> Self {
        self.causes.push(error.to_string());
        self
    }

    /// Adds the log of what failed.
    pub(crate) fn log(mut self, path: &Path) -> Self {
        self.log = Some(path.to_owned());
        self
    }

    /// Adds one thing to try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns what failed and why, on one line.
    pub(crate) fn first_line(&self) -> String {
        let drawn = self.diagnostics.list.iter().find(|each| each.severity == Severity::Error);
        let said = self.causes.first().unwrap_or(&self.message);
        let said = if said.is_empty() { drawn.map_or("", |each| &*each.message) } else { said };
        said.lines().next().unwrap_or_default().to_owned()
    }

    /// Returns the failure for machines; mistakes of the manifest are plain lines.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let Self { exit, message, causes, hints, log, diagnostics } = self;
        let plain = |mistake: &Diagnostic| mistake.plain(&diagnostics.texts);
        let mistakes: Vec<String> = diagnostics.list.iter().map(plain).collect();
        serde_json::json!({
            "event": "error", "exit": *exit as u8, "message": message, "causes": causes,
            "hints": hints, "log": log, "mistakes": mistakes,
        })
    }

    /// Returns the failure as plain text, diagnostics aside.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if !self.message.is_empty() {
            let _ = writeln!(text, "error: {}", self.message);
        }
        for cause in &self.causes {
            let _ = writeln!(text, "  because: {}", cause.replace('\n', "\n    "));
        }
        for hint in &self.hints {
            let _ = writeln!(text, "  try: {hint}");
        }
        if let Some(log) = &self.log {
            let _ = writeln!(text, "  log: {}", log.display());
        }
        text
    }
}
