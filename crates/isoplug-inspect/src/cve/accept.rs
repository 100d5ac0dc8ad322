//! What whoever makes an image accepts for a while. Knows no manifest and no clock: the day is given.

use serde::Serialize;

use super::{Finding, Report, Word};
use crate::look::packages::Package;

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

/// A system of a medium: its packages, and what its profile accepts.
#[derive(Debug, Clone, Default)]
pub struct Accepting<'a> {
    /// Its packages.
    pub packages: &'a [Package],
    /// What is accepted.
    pub accepted: Vec<Acceptance>,
}

impl Accepting<'_> {
    fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|it| it.name == package || it.source == package)
    }

    fn accepts(&self, other: &Acceptance) -> bool {
        self.accepted.iter().any(|it| it.is_of_same(other))
    }
}

impl Acceptance {
    fn is_of_same(&self, other: &Self) -> bool {
        (&self.id, &self.package) == (&other.id, &other.package)
    }
}

/// Returns what a medium with several systems accepts. The first system is the live one, whose profile speaks for the whole
/// medium. What another accepts counts where every other that has the package accepts it, too, until the first of their days.
#[must_use]
pub fn of_medium(systems: &[Accepting<'_>]) -> Vec<Acceptance> {
    let Some((live, targets)) = systems.split_first() else { return Vec::new() };
    let mut all = live.accepted.clone();
    for acceptance in targets.iter().flat_map(|target| &target.accepted) {
        let counts = |it: &Accepting<'_>| it.accepts(acceptance) || !it.has(&acceptance.package);
        match all.iter_mut().find(|it| it.is_of_same(acceptance)) {
            Some(_) if live.accepts(acceptance) => {}
            Some(earlier) if acceptance.until < earlier.until => *earlier = acceptance.clone(),
            Some(_) => {}
            None if systems.iter().all(counts) => all.push(acceptance.clone()),
            None => {}
        }
    }
    all
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
