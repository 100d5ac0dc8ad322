//! Lets scripts look up the machine's own name, as `hostname --fqdn` does it, while packages are installed.
//!
//! Whoever installs Debian has it in `/etc/hosts` before the first package comes. Scripts write into configurations
//! what they find by it, or words of their own where there is nothing to find. Knows no name but the machine's, and
//! not what the image's `/etc/hosts` will be.

use crate::{Failure, Inside};

/// `/etc/hosts` with the machine's name in it.
pub(super) struct Hosts {
    before: String,
    with_name: String,
}

const FILE: &str = "etc/hosts";

/// What the tree has if it has none, word for word what the package netbase writes then.
const LOOPBACK: &str = "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n\
    ff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n\n";

impl Hosts {
    /// Adds the name.
    pub(super) fn new(inside: &Inside) -> Result<Self, Failure> {
        let before = inside.text(FILE).unwrap_or_else(|_| LOOPBACK.to_owned());
        let with_name = named(&before, inside.host());
        inside.write(FILE, 0o644, &with_name)?;
        Ok(Self { before, with_name })
    }

    /// Takes the name away, unless a package has written the file anew.
    pub(super) fn remove(&self, inside: &Inside) -> Result<(), Failure> {
        if inside.text(FILE).is_ok_and(|text| text == self.with_name) {
            inside.write(FILE, 0o644, &self.before)?;
        }
        Ok(())
    }
}

/// Returns the text with a line for the name, where Debian's installer has it.
fn named(text: &str, name: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}127.0.1.1\t{name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_has_a_line_of_its_own() {
        assert_eq!(named("127.0.0.1 localhost", "box"), "127.0.0.1 localhost\n127.0.1.1\tbox\n");
        assert_eq!(named("", "box"), "127.0.1.1\tbox\n");
        assert!(named(LOOPBACK, "box").ends_with("ip6-allrouters\n\n127.0.1.1\tbox\n"));
    }
}
