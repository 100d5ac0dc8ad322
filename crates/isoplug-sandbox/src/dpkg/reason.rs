//! Why a package could not be installed, as far as its lines tell, and what to try.

use super::failed::Failed;
use super::questions::{Question, questions};

/// Why a package failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Another package has one of its files.
    Taken {
        /// The file.
        file: String,
        /// The other package.
        by: String,
    },
    /// A script wanted the network.
    Network,
    /// There was no more space.
    Full,
    /// One of its scripts failed, and it asks questions.
    Asks(Vec<Question>),
    /// Something else.
    Other,
}

impl Reason {
    /// Reads the reason from the lines of a package and the text of its debconf templates.
    pub fn of(failed: &Failed, templates: &str) -> Self {
        let taken = failed.lines.iter().find_map(|line| taken(line));
        let says = |words: &[&str]| {
            let said = |line: &String| words.iter().any(|word| line.contains(word));
            failed.lines.iter().any(said)
        };
        let questions = questions(&failed.package, templates);
        match taken {
            Some(taken) => taken,
            None if says(FULL) => Self::Full,
            None if says(NETWORK) => Self::Network,
            None if !questions.is_empty() && says(&["script subprocess"]) => Self::Asks(questions),
            None => Self::Other,
        }
    }

    /// Returns what to try, if the reason tells.
    pub fn hints(&self, package: &str) -> Vec<String> {
        let without = format!("without it: leave {package} out, or name it in `packages.remove`");
        match self {
            Self::Taken { by, .. } => vec![
                format!("one of the two: leave {package} or {by} out of `packages.install`"),
                format!("if they are yours: `Replaces: {by}` in {package}, or another path"),
            ],
            Self::Network => vec![
                "scripts of packages have no network, so that an image is always the same: \
                 bring what it would load with `files`"
                    .to_owned(),
                without,
            ],
            Self::Asks(questions) => {
                vec![answers(questions), without]
            }
            Self::Full | Self::Other => Vec::new(),
        }
    }
}

/// Tells whether a text says that there was no space.
pub fn says_full(text: &str) -> bool {
    FULL.iter().any(|words| text.contains(words))
}

const FULL: &[&str] = &["No space left on device", "Disk quota exceeded"];

/// What programs say that find no network: resolvers, curl, wget, apt, pip, npm, Go and others.
const NETWORK: &[&str] = &[
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Could not resolve ",
    "Couldn't resolve host",
    "unable to resolve host",
    "Name or service not known",
    "Name does not resolve",
    "No address associated with hostname",
    "Network is unreachable",
    "network is unreachable",
    "Failed to establish a new connection",
    "getaddrinfo",
    "EAI_AGAIN",
    "dial tcp",
    "Bad hostname",
    "Network error: ",
];

/// Reads dpkg's `trying to overwrite '/a', which is also in package b 1`, and its like.
fn taken(line: &str) -> Option<Reason> {
    let rest = line.trim_start().strip_prefix("trying to overwrite ")?;
    let (_, rest) = rest.split_once('\'')?;
    let (file, rest) = rest.split_once('\'')?;
    let (_, by) = rest.split_once(" package ").or_else(|| rest.split_once(" of package "))?;
    let by = by.split([' ', ':']).next()?;
    Some(Reason::Taken { file: file.to_owned(), by: by.to_owned() })
}

/// Returns how questions are answered: with the line that consents, where consent is asked for.
fn answers(questions: &[Question]) -> String {
    let consent: Vec<String> =
        questions.iter().filter(|one| one.asks_for_consent()).map(Question::answer).collect();
    if !consent.is_empty() {
        return format!(
            "if you accept what it asks: `packages.debconf = [{}]`",
            consent.join(", ")
        );
    }
    let shown: Vec<&str> = questions.iter().take(3).map(|one| one.name.as_str()).collect();
    let more = if questions.len() > shown.len() { ", ..." } else { "" };
    format!("if it wants an answer: `packages.debconf` gives answers to {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(lines: &[&str], templates: &str) -> Reason {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Reason::of(&Failed { package: "p".to_owned(), lines, waits: false }, templates)
    }

    const SCRIPT: &str = " installed p package post-installation script subprocess returned error";

    #[test]
    fn both_packages_of_a_file_are_named() {
        let taken = |line: &str| match reason(&[line], "") {
            Reason::Taken { file, by } => format!("{file} {by}"),
            other => panic!("{other:?}"),
        };
        let plain = " trying to overwrite '/usr/bin/x', which is also in package a:amd64 1.0";
        assert_eq!(taken(plain), "/usr/bin/x a");
        let folder = " trying to overwrite directory '/usr/x' in package a 1 with nondirectory";
        assert_eq!(taken(folder), "/usr/x a");
        let shared = " trying to overwrite shared '/x', which is different from other instances \
                      of package a:amd64";
        assert_eq!(taken(shared), "/x a");
    }

    #[test]
    fn programs_without_network_are_understood() {
        for line in [
            "curl: (6) Could not resolve host: example.org",
            "wget: unable to resolve host address 'example.org'",
            "  Temporary failure resolving 'deb.debian.org'",
            "socket.gaierror: [Errno -3] Temporary failure in name resolution",
            "npm error code EAI_AGAIN",
            "connect to 1.1.1.1 port 443: Network is unreachable",
            "Get \"https://example.org\": dial tcp: lookup example.org: no such host",
        ] {
            assert_eq!(reason(&[line, SCRIPT], ""), Reason::Network, "{line}");
        }
    }

    #[test]
    fn questions_are_named_and_texts_are_not() {
        let templates = "Template: p/license\nType: select\nDescription: x\n a\n .\n b\n\n\
                         Template: p/note\nType: note\n\nTemplate: p/yes\nType: boolean\n";
        let asks = reason(&["license declined", SCRIPT], templates);
        let Reason::Asks(questions) = &asks else { panic!("{asks:?}") };
        let names: Vec<&str> = questions.iter().map(|question| question.name.as_str()).collect();
        assert_eq!(names, ["p/license", "p/yes"]);
        assert!(asks.hints("p")[0].contains("p/license, p/yes"));
        let consent =
            "Template: p/license/accepted\nType: boolean\n\nTemplate: p/x\nType: string\n";
        insta::assert_snapshot!(
            reason(&[SCRIPT], consent).hints("p")[0],
            @r#"if you accept what it asks: `packages.debconf = [{ package = "p", question = "p/license/accepted", type = "boolean", value = "true" }]`"#
        );
        assert_eq!(reason(&["x", SCRIPT], ""), Reason::Other);
        assert_eq!(reason(&["tar: x: No space left on device", SCRIPT], templates), Reason::Full);
    }
}
