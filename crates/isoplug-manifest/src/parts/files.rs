//! Files in the root filesystem: one content each, one file for each path, none where the running system
//! mounts something over it.

use std::collections::BTreeMap;

use isoplug_promise::Promise;

use super::given::{Given, clashes, wrong_contents};
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
            promised.promise(Promise::File {
                path: file.target.clone(),
                // Whoever can read the sources knows them.
                sha256: None,
                mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
                owner: Some(format!("{}:{}", file.user, file.group)),
                contains: None,
            });
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let files = self.files.iter().zip(lint.items(&option!(files)));
        let given: Vec<Given> = files
            .clone()
            .map(|(file, origin)| {
                let File { target, text, source, .. } = file;
                Given::new(in_image(target), target, (text, source), origin)
            })
            .collect();
        let clashes = clashes(&given, &self.written(lint));
        let unseen: Vec<Diagnostic> = files.filter_map(|(file, at)| unseen(file, at)).collect();
        lint.found.extend(wrong_contents(&given).into_iter().chain(clashes).chain(unseen));
    }
}

impl Part<'_> {
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
            contents: [true, false],
            origin,
        };
        units.chain(keys).chain(root).map(given).collect()
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
    let is_emptied = EMPTIED.contains(&top) && !below.is_empty();
    is_emptied.then_some(Diagnostic { severity: Severity::Note, ..note })
}
