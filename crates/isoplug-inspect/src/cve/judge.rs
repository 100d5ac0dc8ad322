//! What a vulnerability comes to, by the words of Debian's tracker.

use isoplug_formats::apt::version;
use serde::Serialize;

use super::{Data, Entry, Finding, Source};

/// What it comes to; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// A newer version fixes it.
    Fixable,
    /// Nothing fixes it yet.
    Open,
    /// Nobody mends this package any more.
    EndOfLife,
    /// It will be mended with something else.
    Later,
    /// It is too small for an advisory.
    Minor,
    /// It will not be mended.
    WillNotFix,
    /// It is none for whoever uses the package as it is meant.
    Unimportant,
    /// Nobody has looked yet.
    NotJudged,
    /// The version that is there fixes it.
    Fixed,
    /// The release never had it.
    NeverAffected,
    /// Whoever made the image says that it is not affected.
    Vex,
    /// Whoever made the image accepts it for a while.
    Accepted,
}

impl Word {
    /// Returns it as a text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Fixable => "fixable",
            Self::Open => "open",
            Self::EndOfLife => "end of life",
            Self::Later => "later",
            Self::Minor => "minor",
            Self::WillNotFix => "will not fix",
            Self::Unimportant => "unimportant",
            Self::NotJudged => "not judged",
            Self::Fixed => "fixed",
            Self::NeverAffected => "never affected",
            Self::Vex => "not affected (VEX)",
            Self::Accepted => "accepted",
        }
    }

    /// Tells whether each of these is shown, not only counted.
    #[must_use]
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Fixable | Self::Open | Self::EndOfLife)
    }

    /// Tells whether the image has the vulnerability.
    #[must_use]
    pub fn is_affected(self) -> bool {
        self <= Self::Unimportant
    }
}

/// Judges a version of a source package by what a release says.
#[must_use]
pub fn judge(installed: &str, entry: &Entry) -> Word {
    let fixed = entry.fixed.as_deref();
    match (&*entry.status, fixed) {
        (_, Some("0")) => Word::NeverAffected,
        ("resolved", Some(fixed)) if version::compare(installed, fixed).is_ge() => Word::Fixed,
        ("undetermined", _) => Word::NotJudged,
        _ if entry.urgency == "unimportant" => Word::Unimportant,
        _ if entry.urgency == "end-of-life" => Word::EndOfLife,
        ("resolved", Some(_)) => Word::Fixable,
        _ if entry.reason == "ignored" => Word::WillNotFix,
        _ if entry.reason == "postponed" => Word::Later,
        _ if entry.nodsa => Word::Minor,
        _ => Word::Open,
    }
}

/// Releases of Debian, each before the one that follows it.
const RELEASES: [&str; 7] = ["buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid"];

/// Returns the release whose data fit a version: a backport is built from what is in the next one.
fn release_of<'a>(version: &str, release: &'a str) -> &'a str {
    let at = RELEASES.iter().position(|it| *it == release);
    match at.and_then(|at| RELEASES.get(at + 1)) {
        Some(next) if version.contains("~bpo") => next,
        _ => release,
    }
}

/// Judges all that is known of a source package.
pub(super) fn all(source: &Source, data: &Data, release: &str) -> Vec<Finding> {
    let wanted = release_of(&source.version, release);
    let known = data.get(&source.name).into_iter().flatten();
    let of_release = known.filter_map(|(id, releases)| Some((id, releases.get(wanted)?)));
    of_release
        .map(|(id, entry)| Finding {
            id: id.clone(),
            source: source.clone(),
            word: judge(&source.version, entry),
            fixed: entry.fixed.clone().filter(|fixed| fixed != "0"),
            release: wanted.to_owned(),
            remote: entry.remote,
            vex: None,
            accepted: None,
        })
        .collect()
}
