//! Files that a manifest gives, for the root filesystem or the ISO: one content each, one file for each path.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::text::Origin;

/// A file that the manifest gives.
#[derive(Clone)]
pub(super) struct Given<'a> {
    pub(super) path: String,
    /// As it was written.
    pub(super) target: String,
    /// Whether it has a text, and a source.
    pub(super) contents: [bool; 2],
    pub(super) origin: &'a Origin,
}

impl<'a> Given<'a> {
    /// `path`: where `target` really is, by which files are compared.
    pub(super) fn new(
        path: String,
        target: &str,
        (text, source): (&Option<String>, &Option<String>),
        origin: &'a Origin,
    ) -> Self {
        let contents = [text.is_some(), source.is_some()];
        Self { path, target: target.to_owned(), contents, origin }
    }
}

/// Returns the files that have no content, or two.
pub(super) fn wrong_contents(files: &[Given]) -> Vec<Diagnostic> {
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

/// Returns two files at one path, and a file where another needs a folder.
pub(super) fn clashes(files: &[Given], written: &[Given]) -> Vec<Diagnostic> {
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
    found.extend(texts.filter_map(|file| in_the_way(file, &at)));
    found
}

/// Draws a file where another needs a folder.
fn in_the_way(file: &Given, at: &BTreeMap<&str, &Given>) -> Option<Diagnostic> {
    let below = format!("{}/", file.path);
    let (path, inside) = at.range(below.as_str()..).next()?;
    if !path.starts_with(&below) {
        return None;
    }
    let (target, inner) = (&file.target, &inside.target);
    let message = format!("\"{target}\" is a file, so nothing can be at \"{inner}\"");
    let diagnostic = Diagnostic::error("file-in-the-way", message);
    Some(diagnostic.at(inside.origin, "here").and(file.origin, "the file"))
}
