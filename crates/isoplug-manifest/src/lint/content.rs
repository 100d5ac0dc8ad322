//! Files for the root filesystem and for the ISO: one content each, one file for each path.

use std::collections::BTreeMap;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::text::Origin;

pub(super) fn files(lint: &mut Lint<'_>) {
    let files = lint.options.files.iter().map(|file| Given {
        target: &file.target,
        contents: usize::from(file.text.is_some()) + usize::from(file.source.is_some()),
    });
    let found = check(files, &lint.items(&["files"]));
    lint.diagnostics.extend(found);
}

pub(super) fn iso(lint: &mut Lint<'_>) {
    let files = lint.options.iso.contents.iter().map(|file| Given {
        target: &file.target,
        contents: usize::from(file.text.is_some()) + usize::from(file.source.is_some()),
    });
    let found = check(files, &lint.items(&["iso", "contents"]));
    lint.diagnostics.extend(found);
}

struct Given<'a> {
    target: &'a str,
    contents: usize,
}

fn check<'a>(files: impl Iterator<Item = Given<'a>>, origins: &[&Origin]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut targets: BTreeMap<&str, &Origin> = BTreeMap::new();
    for (file, origin) in files.zip(origins) {
        let Given { target, contents } = file;
        if contents != 1 {
            let has = match contents {
                0 => "neither `text` nor `source`",
                _ => "both `text` and `source`",
            };
            let message = format!("\"{target}\" has {has}");
            found.push(Diagnostic::error("file-content", message).at(origin, ""));
        }
        if let Some(earlier) = targets.insert(target.trim_end_matches('/'), origin) {
            let message = format!("\"{target}\" is given twice");
            let diagnostic = Diagnostic::error("duplicate-file", message).at(origin, "here");
            found.push(diagnostic.and(earlier, "and here"));
        }
    }
    found
}
