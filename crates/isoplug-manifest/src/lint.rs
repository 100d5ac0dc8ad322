//! Looks for what each option alone allows and what together is a mistake, or probably one.

mod account;
mod boot;
mod content;
mod debconf;
mod default_profiles;
mod login;
mod network;
mod package;
mod squashfs;
mod unit;
mod volatile;

use crate::diagnostic::Diagnostic;
use crate::merge::{Content, Setting};
use crate::options::Options;
use crate::text::Origin;

pub(crate) use default_profiles::default_profiles;

/// Looks at the options of a profile.
pub(crate) fn lint(
    options: &Options,
    settings: &Setting,
    profile: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut lint = Lint { options, settings, profile, diagnostics };
    package::packages(&mut lint);
    package::kernel_modules(&mut lint);
    debconf::answers(&mut lint);
    account::users(&mut lint);
    account::ssh(&mut lint);
    login::login(&mut lint);
    boot::loaders(&mut lint);
    boot::command_line(&mut lint);
    boot::tests(&mut lint);
    boot::logins(&mut lint);
    squashfs::level(&mut lint);
    network::interfaces(&mut lint);
    content::files(&mut lint);
    volatile::files(&mut lint);
    unit::enabled(&mut lint);
    content::iso(&mut lint);
}

/// What a lint looks at, and where its findings go.
struct Lint<'a> {
    options: &'a Options,
    settings: &'a Setting,
    profile: &'a str,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Lint<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds the place where an option was set, if somebody set it.
    fn at(&self, diagnostic: Diagnostic, path: &[&str]) -> Diagnostic {
        match self.origin(path) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        }
    }

    /// Returns where an option was set, if somebody set it.
    fn origin(&self, path: &[&str]) -> Option<&'a Origin> {
        let said = self.settings.at(path).and_then(|setting| setting.won.last());
        said.map(|said| &said.value.origin)
    }

    /// Returns where each item of a list was written.
    fn items(&self, path: &[&str]) -> Vec<&'a Origin> {
        match self.settings.at(path).map(|setting| &setting.content) {
            Some(Content::List(items)) => items.iter().map(|item| &item.origin).collect(),
            _ => Vec::new(),
        }
    }
}
