//! The page of a report.

use std::collections::BTreeMap;

use crate::report::page::{Page, Section};

use super::accept::{Acceptance, Decided, State};
use super::{Finding, Report, Word};

impl Report {
    /// Returns it for people.
    #[must_use]
    pub fn page(&self) -> Page {
        let data = self.data.iter().map(|it| format!("{} ({}…)", it.file, &it.sha256[..12]));
        let data = data.collect::<Vec<_>>().join(" and ");
        let title = format!("{}, {}, by {data}", self.image, self.release);
        let unknown = [("packages", self.no_data.join(" "))];
        let sections = vec![
            self.section("Fixable: a newer version is there", Word::Fixable, false),
            self.section("Open", Word::Open, false),
            self.section("End of life: nobody mends these", Word::EndOfLife, false),
            self.section("Fixable in the kernel", Word::Fixable, true),
            self.section("Open in the kernel", Word::Open, true),
            self.accepted(),
            self.counts(),
            Section::facts("No data, which does not mean none", &unknown),
        ];
        Page { title, verdict: self.verdict(), sections }
    }

    fn section(&self, title: &str, word: Word, kernel: bool) -> Section {
        let is_of = |it: &&Finding| it.word == word && (it.source.name == "linux") == kernel;
        table(title, self.findings.iter().filter(is_of))
    }

    fn verdict(&self) -> String {
        let count = |word: Word| self.findings.iter().filter(|it| it.word == word).count();
        let [fixable, open] = [Word::Fixable, Word::Open].map(count);
        format!("{} source packages: {fixable} fixable, {open} open", self.sources)
    }

    fn accepted(&self) -> Section {
        let row = |Decided { accepted, state }: &Decided| {
            let Acceptance { id, package, reason, until, .. } = accepted;
            let state = match state {
                State::Accepted => format!("until {until}"),
                State::Expired => format!("no longer, since {until}"),
                State::Unused => "not in it".to_owned(),
            };
            vec![id.clone(), package.clone(), state, reason.clone()]
        };
        let heads = ["number", "package", "accepted", "reason"];
        let rows = self.acceptances.iter().map(row).collect();
        Section::table("Accepted by the manifest", &heads, rows)
    }

    fn counts(&self) -> Section {
        let mut counts: BTreeMap<Word, usize> = BTreeMap::new();
        for finding in self.findings.iter().filter(|it| !it.word.is_shown()) {
            *counts.entry(finding.word).or_default() += 1;
        }
        let rows =
            counts.into_iter().map(|(word, count)| vec![word.text().to_owned(), count.to_string()]);
        Section::table("Counted only (JSON lists them)", &[], rows.collect())
    }
}

fn table<'a>(title: &str, findings: impl Iterator<Item = &'a Finding>) -> Section {
    let rows = findings.map(|it| {
        let fixed = it.fixed.as_ref().map(|fixed| format!("fixed in {fixed}")).unwrap_or_default();
        let linked = if it.source.linked { "linked in" } else { "" };
        let remote = if it.remote { "remote" } else { "" };
        let more = [&*it.source.version, remote, linked, &fixed].join(" ");
        vec![
            it.id.clone(),
            it.source.name.clone(),
            more.split_whitespace().collect::<Vec<_>>().join(" "),
        ]
    });
    Section::table(title, &["number", "source", "version"], rows.collect())
}
