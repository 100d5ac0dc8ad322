//! Files that a manifest gives, for the root filesystem or the ISO: one content each, one file for each path, and facts
//! in templates that there are.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::template::{Fact, Template};
use crate::text::Origin;

/// A file that the manifest gives.
#[derive(Clone)]
pub(super) struct Given<'a> {
    /// Where it really is, by which files are compared.
    pub(super) path: String,
    /// As it was written.
    pub(super) target: String,
    /// The fields that say what it is.
    pub(super) contents: Vec<&'static str>,
    pub(super) origin: &'a Origin,
}

impl Given<'_> {
    /// Tells whether nothing can be below it.
    fn is_leaf(&self) -> bool {
        matches!(self.contents[..], ["text" | "link" | "remove"])
    }
}

/// Returns the files that have no content, or two.
pub(super) fn wrong_contents(files: &[Given]) -> Vec<Diagnostic> {
    let wrong = files.iter().filter_map(|file| {
        let has = match &file.contents[..] {
            [] => "neither `text` nor `source`".to_owned(),
            [_] => return None,
            [one, other, ..] => format!("both `{one}` and `{other}`"),
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
    let leaves = at.values().filter(|file| file.is_leaf());
    found.extend(leaves.filter_map(|file| in_the_way(file, &at)));
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
    let (is, label) = match file.contents[..] {
        ["remove"] => ("is removed", "removed here"),
        ["link"] => ("is a link", "the link"),
        _ => ("is a file", "the file"),
    };
    let message = format!("\"{target}\" {is}, so nothing can be at \"{inner}\"");
    let diagnostic = Diagnostic::error("file-in-the-way", message);
    Some(diagnostic.at(inside.origin, "here").and(file.origin, label))
}

/// Returns what in a text is no fact of the image, which has this version.
pub(super) fn wrong_facts(
    target: &str,
    text: &str,
    version: Option<&str>,
    origin: &Origin,
) -> Vec<Diagnostic> {
    let error = |message| Diagnostic::error("unknown-fact", message).at(origin, "");
    match Template::parse(text) {
        Ok(template) if version.is_none() && template.facts().any(|f| *f == Fact::Version) => {
            let message = format!("\"{target}\" wants the image's version, and it has none");
            vec![error(message).help("set `image.version`")]
        }
        Ok(_) => Vec::new(),
        Err(mistakes) => {
            let drawn = mistakes.into_iter().map(|mistake| {
                let message = format!("\"{target}\", line {}: {}", mistake.line, mistake.message);
                error(message).help(mistake.help)
            });
            drawn.collect()
        }
    }
}
