//! Files in the root filesystem: one content each, one file for each path, none where the running system
//! mounts something over it.

use std::collections::BTreeMap;

use isoplug_promise::{BootCheck, Promise};

use super::given::{Given, clashes, wrong_contents, wrong_facts};
use super::scripts::Script;
use super::systemd::Unit;
use super::users::{Root, User};
use crate::by::By;
use crate::diagnostic::{Diagnostic, Severity};
pub use crate::file::File;
use crate::option::option;
use crate::part::{self, Contribution, Lint};
use crate::path::in_image;
use crate::text::Origin;

/// File systems of the kernel: nothing of an image is seen below them.
const OF_KERNEL: [&str; 3] = ["dev", "proc", "sys"];
/// File systems that are empty at each boot.
const EMPTIED: [&str; 2] = ["run", "tmp"];

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) files: &'a [File],
    pub(crate) units: &'a BTreeMap<String, Unit>,
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) root: &'a Root,
    pub(crate) scripts: &'a BTreeMap<String, Script>,
    /// The image's version.
    pub(crate) version: Option<&'a str>,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("files")
    }

    fn owns(&self) -> &[&str] {
        &["files"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let mut promised = out.because(option!(files));
        for file in self.files {
            promised.check(promise(file));
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let files = self.files.iter().zip(lint.items(&option!(files)));
        let given = |(file, origin): (&File, _)| Given {
            path: in_image(&file.target),
            target: file.target.clone(),
            contents: file.contents(),
            origin,
        };
        let given: Vec<Given> = files.clone().map(given).collect();
        let clashes = clashes(&given, &self.written(lint));
        let single = files.flat_map(|(file, at)| self.of_one(file, at));
        let single: Vec<Diagnostic> = single.collect();
        lint.found.extend(wrong_contents(&given).into_iter().chain(clashes).chain(single));
    }
}

impl Part<'_> {
    fn of_scripts<'a>(&self, lint: &Lint<'a>) -> impl Iterator<Item = (String, &'a Origin)> {
        let place = |name: &String| {
            let origin = lint.origin(&option!(scripts).below(name))?;
            Some((Script::path(name), origin))
        };
        self.scripts.keys().filter_map(place).collect::<Vec<_>>().into_iter()
    }

    /// Returns what is wrong with one file alone.
    fn of_one(&self, file: &File, origin: &Origin) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = unseen(file, origin).into_iter().collect();
        let has_bytes = file.text.is_some() || file.source.is_some();
        if file.template && !has_bytes {
            let message = format!("\"{}\" has no text that facts could be put in", file.target);
            found.push(Diagnostic::warning("idle-option", message).at(origin, ""));
        } else if file.template {
            let text = file.text.as_deref().unwrap_or_default();
            found.extend(wrong_facts(&file.target, text, self.version, origin));
        }
        if file.link.as_deref().is_some_and(|link| link.is_empty() || link.contains(['\0', '\n'])) {
            let message = format!("\"{}\" is a link that leads nowhere", file.target);
            found.push(Diagnostic::error("bad-link", message).at(origin, ""));
        }
        found
    }

    /// Returns the files that other options give word for word.
    fn written<'a>(&self, lint: &Lint<'a>) -> Vec<Given<'a>> {
        let units = self.units.keys().filter_map(|name| {
            let origin = lint.origin(&option!(systemd.units).below(name))?;
            Some((format!("/etc/systemd/system/{name}"), origin))
        });
        let with_keys = self.users.iter().filter(|(_, user)| !user.authorized_keys.is_empty());
        let keys = with_keys.filter_map(|(name, user)| {
            let home = user.home.clone().unwrap_or_else(|| format!("/home/{name}"));
            let origin = lint.origin(&option!(users).below(name).below("authorized-keys"))?;
            Some((format!("{home}/.ssh/authorized_keys"), origin))
        });
        let root = !self.root.authorized_keys.is_empty();
        let root = root.then(|| lint.origin(&option!(root.authorized_keys))).flatten();
        let root = root.map(|origin| ("/root/.ssh/authorized_keys".to_owned(), origin));
        let given = |(target, origin): (String, &'a Origin)| Given {
            path: in_image(&target),
            target,
            contents: vec!["text"],
            origin,
        };
        units.chain(keys).chain(root).chain(self.of_scripts(lint)).map(given).collect()
    }
}

/// Returns the promise that a command succeeds.
fn command(run: String, title: String) -> BootCheck {
    let promise = Promise::Command { run, exit: 0, contains: None };
    BootCheck { title: Some(title), ..promise.into() }
}

/// Returns what shows that a file is as it was given.
fn promise(file: &File) -> BootCheck {
    let target = &file.target;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    match &file.link {
        _ if file.remove => {
            let run = format!("! test -e {0} && ! test -L {0}", quoted(target));
            command(run, format!("no file {target}"))
        }
        Some(link) => {
            let run = format!("test \"$(readlink {})\" = {}", quoted(target), quoted(link));
            command(run, format!("link {target}"))
        }
        None => BootCheck::from(Promise::File {
            path: target.clone(),
            // Whoever can read the sources knows them.
            sha256: None,
            mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
            owner: Some(format!("{}:{}", file.user, file.group)),
            contains: None,
        }),
    }
}

/// Tells of a file over which the running system mounts something.
fn unseen(file: &File, origin: &Origin) -> Option<Diagnostic> {
    let (target, path) = (&file.target, in_image(&file.target));
    let (top, below) = path.split_once('/').unwrap_or((&path, ""));
    if OF_KERNEL.contains(&top) {
        let message = format!(
            "\"{target}\" is never seen: the kernel mounts a file system of its own at /{top}"
        );
        return Some(Diagnostic::error("unseen-file", message).at(origin, ""));
    }
    let message = format!(
        "/{top} is empty when the system boots, so systemd-tmpfiles puts \"{target}\" there then"
    );
    let note = Diagnostic::warning("made-at-boot", message).at(origin, "");
    let is_emptied = EMPTIED.contains(&top) && !below.is_empty() && !file.remove;
    is_emptied.then_some(Diagnostic { severity: Severity::Note, ..note })
}
