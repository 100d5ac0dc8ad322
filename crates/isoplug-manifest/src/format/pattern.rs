//! Formats of the patterns in grants.

use super::{Finding, Verdict, path, require};
use crate::check::most_similar;
use crate::explain::paths;
use crate::parts::Options;
use crate::path::split;
use crate::shape::Shape;

/// A tree, a colon and a pattern of absolute paths.
pub(super) fn tree(text: &str) -> Verdict {
    match text.split_once(':') {
        Some(("root" | "iso", pattern)) => path(pattern),
        _ => Verdict::Wrong(
            Finding::new("bad-pattern", format!("\"{text}\" does not say of which tree"))
                .help("begin with `root:/` for the root filesystem or `iso:/` for the medium"),
        ),
    }
}

/// A pattern of absolute paths.
pub(super) fn path(text: &str) -> Verdict {
    path::target(text)
}

/// The path of an option, with `*` for one key.
pub(super) fn option(text: &str) -> Verdict {
    let keys = split(text);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let root = Shape::of::<Options>();
    require(root.at(&keys).is_some(), || {
        let finding = Finding::new("unknown-option", format!("there is no option `{text}`"));
        match most_similar(text, paths(&root).iter()) {
            Some(known) => finding.help(format!("did you mean `{known}`?")),
            None => finding.help("`isoplug schema --reference` lists every option"),
        }
    })
}
