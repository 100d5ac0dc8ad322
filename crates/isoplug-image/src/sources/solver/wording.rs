//! Puts resolvo's explanation of a conflict into the words of this program.

/// resolvo's phrases and ours; resolvo is pinned to one version, so they stay as they are.
const PHRASES: [(&str, &str); 8] = [
    ("The following packages are incompatible\n", ""),
    ("No candidates were found for", "no source has"),
    (" can be installed with any of the following options:", " is wanted:"),
    (" cannot be installed because there are no viable options:", " cannot be installed:"),
    (
        ", which cannot be installed because there are no viable options:",
        ", which cannot be installed:",
    ),
    (
        ", which conflicts with any installable versions previously reported",
        ", but it is wanted, see above",
    ),
    (" would require\n", " needs\n"),
    (" would constrain\n", " wants\n"),
];

/// Rewrites an explanation.
pub(super) fn reword(text: &str) -> String {
    let text = text.trim_end().to_owned();
    PHRASES.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
}
