//! What whoever makes an image accepts for a while. Knows no manifest and no clock: the day is given.

use serde::Serialize;

use super::{Finding, Report, Word};

/// A vulnerability that is accepted for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// Its number.
    pub id: String,
    /// The source package, or a binary package of it.
    pub package: String,
    /// Why.
    pub reason: String,
    /// The first day on which it counts again, as `2027-01-31`.
    pub until: String,
    /// A word of OpenVEX that says why the image is not affected, if that is said.
    pub justification: Option<String>,
}

/// An acceptance, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// What is accepted.
    pub accepted: Acceptance,
    /// Whether it counts.
    pub state: State,
}

/// What became of an acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It counts.
    Accepted,
    /// Its day has come: the vulnerability counts again.
    Expired,
    /// The image does not have the vulnerability.
    Unused,
}

/// Takes what is accepted over, as far as its day has not come; what is fixed stays fixed.
pub fn apply(report: &mut Report, acceptances: &[Acceptance], today: &str) {
    for acceptance in acceptances {
        let is_of = |it: &&mut Finding| is_about(acceptance, it);
        let found: Vec<&mut Finding> = report.findings.iter_mut().filter(is_of).collect();
        let state = match found.is_empty() {
            true => State::Unused,
            false if *acceptance.until <= *today => State::Expired,
            false => State::Accepted,
        };
        for finding in found.into_iter().filter(|_| state == State::Accepted) {
            finding.word = Word::Accepted;
            finding.accepted = Some(acceptance.clone());
        }
        report.acceptances.push(Decided { accepted: acceptance.clone(), state });
    }
    report.findings.sort_by_key(|finding| finding.word);
}

/// Tells whether an acceptance is of a vulnerability that the image has.
fn is_about(acceptance: &Acceptance, finding: &Finding) -> bool {
    let Acceptance { id, package, .. } = acceptance;
    let has_it = finding.word.is_affected() || finding.word == Word::NotJudged;
    let source = &finding.source;
    has_it && *id == finding.id && (*package == source.name || source.binaries.contains(package))
}
