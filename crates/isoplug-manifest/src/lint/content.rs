//! Files for the root filesystem and for the ISO: one content each, one file for each path.

use std::collections::BTreeMap;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::path::in_image;
use crate::text::Origin;

pub(super) fn files(lint: &mut Lint<'_>) {
    let files = lint.options.files.iter().zip(lint.items(&["files"]));
    let files: Vec<Given> = files
        .map(|(file, origin)| {
            let contents = [file.text.is_some(), file.source.is_some()];
            Given { path: in_image(&file.target), target: file.target.clone(), contents, origin }
        })
        .collect();
    let written = written(lint);
    let found = [wrong_contents(&files), clashes(&files, &written)].concat();
    lint.diagnostics.extend(found);
}

pub(super) fn iso(lint: &mut Lint<'_>) {
    let files = lint.options.iso.contents.iter().zip(lint.items(&["iso", "contents"]));
    let files: Vec<Given> = files
        .map(|(file, origin)| {
            let contents = [file.text.is_some(), file.source.is_some()];
            let path = file.target.trim_matches('/').to_owned();
            Given { path, target: file.target.clone(), contents, origin }
        })
        .collect();
    let found = [wrong_contents(&files), clashes(&files, &[])].concat();
    lint.diagnostics.extend(found);
}

/// A file that the manifest gives.
#[derive(Clone)]
struct Given<'a> {
    path: String,
    /// As it was written.
    target: String,
    /// Whether it has a text, and a source.
    contents: [bool; 2],
    origin: &'a Origin,
}

/// Returns the files that other options give word for word.
fn written<'a>(lint: &Lint<'a>) -> Vec<Given<'a>> {
    let units = lint.options.systemd.units.keys().filter_map(|name| {
        let origin = lint.origin(&["systemd", "units", name])?;
        Some((format!("/etc/systemd/system/{name}"), origin))
    });
    let with_keys = lint.options.users.iter().filter(|(_, user)| !user.authorized_keys.is_empty());
    let keys = with_keys.filter_map(|(name, user)| {
        let home = user.home.clone().unwrap_or_else(|| format!("/home/{name}"));
        let origin = lint.origin(&["users", name, "authorized-keys"])?;
        Some((format!("{home}/.ssh/authorized_keys"), origin))
    });
    let root = (!lint.options.root.authorized_keys.is_empty())
        .then(|| lint.origin(&["root", "authorized-keys"]))
        .flatten()
        .map(|origin| ("/root/.ssh/authorized_keys".to_owned(), origin));
    let given = |(target, origin): (String, &'a Origin)| Given {
        path: in_image(&target),
        target,
        contents: [true, false],
        origin,
    };
    units.chain(keys).chain(root).map(given).collect()
}

fn wrong_contents(files: &[Given]) -> Vec<Diagnostic> {
    let wrong = files.iter().filter_map(|file| {
        let has = match file.contents {
            [false, false] => "neither `text` nor `source`",
            [true, true] => "both `text` and `source`",
            _ => return None,
        };
        let message = format!("\"{}\" has {has}", file.target);
        Some(Diagnostic::error("file-content", message).at(file.origin, ""))
    });
    wrong.collect()
}

/// Two files at one path, or a file where another needs a folder.
fn clashes(files: &[Given], written: &[Given]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut at: BTreeMap<&str, &Given> = BTreeMap::new();
    for file in written.iter().chain(files) {
        if let Some(earlier) = at.insert(&file.path, file) {
            let message = format!("\"{}\" is given twice", file.target);
            let diagnostic = Diagnostic::error("duplicate-file", message).at(file.origin, "here");
            found.push(diagnostic.and(earlier.origin, "and here"));
        }
    }
    let texts = at.values().filter(|file| file.contents == [true, false]);
    for file in texts {
        let below = format!("{}/", file.path);
        let inside = at.range(below.as_str()..).next().filter(|(path, _)| path.starts_with(&below));
        if let Some((_, inside)) = inside {
            let message = format!(
                "\"{}\" is a file, so nothing can be at \"{}\"",
                file.target, inside.target
            );
            let diagnostic = Diagnostic::error("file-in-the-way", message);
            found.push(diagnostic.at(inside.origin, "here").and(file.origin, "the file"));
        }
    }
    found
}
