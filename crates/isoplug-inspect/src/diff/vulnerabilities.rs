//! Which known vulnerabilities a newer image has no more, and which it has that the older had not; by the same data.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cve::{Finding, Report, Word};

/// A vulnerability that one of two images has, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VulnerabilityChange {
    /// `fixed`, `new`, or `open` where both have it.
    pub way: &'static str,
    /// Its number.
    pub id: String,
    /// The source package.
    pub source: String,
    /// The versions of that in the first image.
    pub old: Vec<String>,
    /// Those in the second.
    pub new: Vec<String>,
    /// What it comes to in the second, else in the first.
    pub word: Word,
}

/// The vulnerabilities of a report that are shown, by number and source package.
type Shown<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Finding>>;

/// Compares two reports by the same data; the most urgent comes first.
#[must_use]
pub fn compare(a: &Report, b: &Report) -> Vec<VulnerabilityChange> {
    let (old, new) = (shown(a), shown(b));
    let mut changes: Vec<VulnerabilityChange> =
        new.iter().map(|(which, found)| change(*which, old.get(which), Some(found))).collect();
    let gone = old.iter().filter(|(which, _)| !new.contains_key(*which));
    changes.extend(gone.map(|(which, found)| change(*which, Some(found), None)));
    let rank = |way| ["fixed", "new", "open"].iter().position(|known| *known == way);
    changes.sort_by_key(|it| (rank(it.way), it.word, it.source.clone(), it.id.clone()));
    changes
}

fn shown(report: &Report) -> Shown<'_> {
    let mut all = Shown::new();
    for finding in report.findings.iter().filter(|it| it.word.is_shown()) {
        all.entry((&*finding.id, &*finding.source.name)).or_default().push(finding);
    }
    all
}

fn change(
    (id, source): (&str, &str),
    old: Option<&Vec<&Finding>>,
    new: Option<&Vec<&Finding>>,
) -> VulnerabilityChange {
    let versions = |found: Option<&Vec<&Finding>>| -> Vec<String> {
        found.into_iter().flatten().map(|it| it.source.version.clone()).collect()
    };
    let way = match (old, new) {
        (Some(_), Some(_)) => "open",
        (_, Some(_)) => "new",
        _ => "fixed",
    };
    let word = new.or(old).and_then(|found| found.first()).map_or(Word::Open, |it| it.word);
    let (id, source) = (id.to_owned(), source.to_owned());
    VulnerabilityChange { way, id, source, old: versions(old), new: versions(new), word }
}
