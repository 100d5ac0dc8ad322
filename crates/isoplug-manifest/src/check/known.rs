//! What is meant by a name that is not known: the most similar of those that are.

use crate::diagnostic::Diagnostic;
use crate::shape::Spelling;
use crate::value::Key;

/// So many keys are listed; more would hide the message.
const LISTED: usize = 30;

/// Returns the mistake of a key that is not there, with what was meant or what there is.
pub(super) fn unknown_key<'a>(
    key: &Key,
    known: impl Iterator<Item = &'a String> + Clone,
    spelling: &Spelling,
) -> Diagnostic {
    let message = format!("there is no key `{}` here", key.name);
    let diagnostic = Diagnostic::error("unknown-key", message).at(&key.origin, "");
    if let Some(option) = spelling.known(&key.name, spelling.elsewhere.keys()) {
        return diagnostic.help(format!("set `{}`", spelling.elsewhere[option]));
    }
    if known.clone().count() > LISTED {
        let near = did_you_mean(diagnostic, &kebab(&key.name), known);
        let help = "`isoplug schema --reference` lists every option";
        return if near.help.is_some() { near } else { near.help(help) };
    }
    let near = did_you_mean(diagnostic, &key.name, known.clone());
    if near.help.is_some() {
        return near;
    }
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    near.help(format!("known here: {}", known.join(", ")))
}

/// Returns a name of two capitals as one of hyphens: `PermitRootLogn` is `permit-root-logn`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for each in name.chars() {
        if each.is_ascii_uppercase() && kebab.ends_with(|last: char| last.is_ascii_lowercase()) {
            kebab.push('-');
        }
        kebab.push(each.to_ascii_lowercase());
    }
    kebab
}

/// Adds the most similar of the known names as help, if one is similar at all.
pub(crate) fn did_you_mean<'a>(
    diagnostic: Diagnostic,
    name: &str,
    known: impl Iterator<Item = &'a String>,
) -> Diagnostic {
    match most_similar(name, known) {
        Some(known) => diagnostic.help(format!("did you mean `{known}`?")),
        None => diagnostic,
    }
}

/// Returns the most similar of the known names, if one is similar at all.
#[must_use]
pub fn most_similar<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let similar = |known: &'a String| (strsim::jaro_winkler(name, known), known);
    let best = known.map(similar).max_by(|(left, _), (right, _)| left.total_cmp(right));
    best.filter(|(score, _)| *score > 0.8).map(|(_, known)| known)
}
