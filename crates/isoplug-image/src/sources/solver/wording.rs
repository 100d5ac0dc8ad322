//! Puts resolvo's explanation of a conflict into the words of this program.

use std::fmt::{self, Display, Write as _};

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
    let mut beginning = Beginning::default();
    let text = match write!(beginning, "{explanation}") {
        Ok(()) => beginning.0.trim_end().to_owned(),
        Err(fmt::Error) => {
            let lines = beginning.0.rsplit_once('\n').map_or("", |(lines, _)| lines);
            format!("{lines}\nand so on")
        }
    };
    PHRASES.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
}

/// Takes no more than the first bytes of a text.
#[derive(Default)]
struct Beginning(String);

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
