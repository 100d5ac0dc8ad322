//! Where the findings of lints go, each drawn on the option that it is about.

use super::Contribution;
use crate::diagnostic::Diagnostic;
use crate::merge::{Content, Setting};
use crate::option::Path;
use crate::secret::Secret;
use crate::text::Origin;

/// Where the findings of lints go, each drawn on the option that it is about.
pub struct Lint<'a> {
    pub(crate) settings: &'a Setting,
    /// What all parts need.
    pub(crate) needs: &'a Contribution,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Lint<'a> {
    /// Reports something that no option is to blame for, or whose place is given already.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Reports it where an option was set, if somebody set it.
    pub fn report_at<T>(&mut self, diagnostic: Diagnostic, option: &Path<T>) {
        self.found.push(self.at(diagnostic, option));
    }

    /// Adds the place where an option was set, if somebody set it.
    #[must_use]
    pub fn at<T>(&self, diagnostic: Diagnostic, option: &Path<T>) -> Diagnostic {
        match self.origin(option) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        }
    }

    /// Returns where an option was set, if somebody set it.
    #[must_use]
    pub fn origin<T>(&self, option: &Path<T>) -> Option<&'a Origin> {
        self.setting(option)?.origin()
    }

    /// Returns where each item of a list was written.
    #[must_use]
    pub fn items<T>(&self, option: &Path<T>) -> Vec<&'a Origin> {
        match self.setting(option).map(|setting| &setting.content) {
            Some(Content::List(items)) => items.iter().map(|item| &item.origin).collect(),
            _ => Vec::new(),
        }
    }

    /// Reports a secret that is not given, given twice, or for everybody to read.
    pub(crate) fn secret<T>(&mut self, secret: &Secret, what: &str, at: &Path<T>) {
        let help =
            "write `{ env = \"NAME\" }`, or `{ file = \"PATH\" }` of a file that is not published";
        if !secret.is_given_once() {
            let message = format!("{what} is given by exactly one of `env`, `file` and `plain`");
            self.report_at(Diagnostic::error("bad-secret", message).help(help), at);
        } else if secret.plain.is_some() {
            let message = format!("{what} stands here for everybody who reads the manifest");
            self.report_at(Diagnostic::warning("published-secret", message).help(help), at);
        }
    }

    fn setting<T>(&self, option: &Path<T>) -> Option<&'a Setting> {
        self.settings.at(&option.keys())
    }
}
