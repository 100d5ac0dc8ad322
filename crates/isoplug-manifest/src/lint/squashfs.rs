//! Levels that a compression does not have.

use super::Lint;
use crate::diagnostic::Diagnostic;

pub(super) fn level(lint: &mut Lint<'_>) {
    let squashfs = &lint.options.squashfs;
    let Some(level) = squashfs.level else { return };
    let word = squashfs.compresses().word();
    let diagnostic = match squashfs.compresses().levels() {
        None => {
            let message = format!("the level does nothing: the compression `{word}` has none");
            Diagnostic::warning("no-level", message)
        }
        Some(levels) if levels.contains(&level) => return,
        Some(levels) => {
            let (first, last) = (levels.start(), levels.end());
            let message = format!("{word} has no level {level}, only {first} to {last}");
            Diagnostic::error("no-level", message)
        }
    };
    lint.report(lint.at(diagnostic, &["squashfs", "level"]));
}
