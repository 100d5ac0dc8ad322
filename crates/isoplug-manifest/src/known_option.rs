//! Checks that a text is the path of an option, with `*` for one key.

use crate::check::most_similar;
use crate::explain::paths;
use crate::format::{Finding, Verdict};
use crate::parts::Options;
use crate::path::split;

/// The format that an option names to have such a path.
pub(crate) const FORMAT: &str = "option-pattern";

/// Checks a path.
pub(crate) fn check(text: &str) -> Verdict {
    let keys = split(text);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let root = Options::shape();
    if root.at(&keys).is_some() {
        return Verdict::Fine;
    }
    let finding = Finding::new("unknown-option", format!("there is no option `{text}`"));
    Verdict::Wrong(match most_similar(text, paths(root).iter()) {
        Some(known) => finding.help(format!("did you mean `{known}`?")),
        None => finding.help("`isoplug schema --reference` lists every option"),
    })
}
