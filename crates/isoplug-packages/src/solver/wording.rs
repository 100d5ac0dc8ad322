//! Puts resolvo's explanation of a conflict into the words of this program.

use std::fmt::{self, Display, Write as _};
use std::time::Instant;

use super::limits::{end_of_explanation, now};

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

/// The longest explanation in bytes. resolvo's never ends where packages need each other in a ring.
const LONGEST: usize = 16 << 10;

/// Rewrites an explanation, and cuts one that is longer than anybody reads.
pub(super) fn reword(explanation: &dyn Display) -> String {
    let mut beginning = Beginning { text: String::new(), until: end_of_explanation() };
    let text = match write!(beginning, "{explanation}") {
        Ok(()) => beginning.text.trim_end().to_owned(),
        Err(fmt::Error) => {
            let lines = beginning.text.rsplit_once('\n').map_or("", |(lines, _)| lines);
            format!("{lines}\nand so on")
        }
    };
    PHRASES.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
}

/// Takes no more than the first bytes of a text, and not for longer than anybody waits.
struct Beginning {
    text: String,
    until: Option<Instant>,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let late = self.until.is_some_and(|until| now() > until);
        if late || self.text.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}
