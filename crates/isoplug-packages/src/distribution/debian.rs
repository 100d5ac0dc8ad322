//! Debian: suites and pockets, mirrors, keys.

use isoplug_manifest::{Pocket, Source};

use super::{Archive, Distribution, Suite};

/// Debian.
pub const DEBIAN: Distribution = Distribution {
    name: "debian",
    archives: &[
        Archive {
            key: MAIN,
            mirrors: &["http://deb.debian.org/debian", "http://ftp.debian.org/debian"],
        },
        Archive {
            key: SECURITY,
            mirrors: &[
                "http://deb.debian.org/debian-security",
                "http://security.debian.org/debian-security",
            ],
        },
    ],
    keys: &KEYS,
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
    keyring_package: "debian-archive-keyring",
    snapshots: "https://snapshot.debian.org/archive",
    suites,
};

const MAIN: &str = "debian";
const SECURITY: &str = "debian-security";

/// The public keys of the archives; `keys/README.md` tells where they are from.
const KEYS: [&str; 9] = [
    include_str!("../../keys/debian-archive-bookworm-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-stable.asc"),
    include_str!("../../keys/debian-archive-bullseye-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-stable.asc"),
    include_str!("../../keys/debian-archive-trixie-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-security-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-stable.asc"),
];

/// Suites that have no pockets: what is uploaded is there at once.
const ROLLING: [&str; 4] = ["sid", "unstable", "experimental", "rc-buggy"];

/// A suite that is a pocket itself, such as `trixie-backports`, has none either.
fn suites(source: &Source) -> Vec<Suite> {
    let name = &source.suite;
    let suite = |name: String, archive, automatic| Suite { name, archive, automatic };
    let mut suites = vec![suite(name.clone(), MAIN, true)];
    if !ROLLING.contains(&name.as_str()) && !name.contains('-') {
        suites.extend(source.pockets.iter().map(|pocket| match pocket {
            Pocket::Updates => suite(format!("{name}-updates"), MAIN, true),
            Pocket::Security => suite(format!("{name}-security"), SECURITY, true),
            Pocket::Backports => suite(format!("{name}-backports"), MAIN, false),
        }));
    }
    suites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pockets_are_those_that_there_are() {
        let names = |suite: &str| -> Vec<String> {
            let pockets = vec![Pocket::Updates, Pocket::Security, Pocket::Backports];
            let source = Source { suite: suite.to_owned(), pockets, ..Source::default() };
            suites(&source).into_iter().map(|suite| suite.name).collect()
        };
        let trixie = ["trixie", "trixie-updates", "trixie-security", "trixie-backports"];
        assert_eq!(names("trixie"), trixie);
        assert_eq!(names("stable")[1], "stable-updates");
        for alone in ["sid", "unstable", "experimental", "trixie-backports"] {
            assert_eq!(names(alone), [alone]);
        }
    }

    #[test]
    fn security_has_an_archive_of_its_own() {
        let archives = suites(&Source::default()).into_iter().map(|suite| suite.archive);
        assert_eq!(archives.collect::<Vec<_>>(), ["debian", "debian", "debian-security"]);
    }
}
