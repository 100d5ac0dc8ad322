//! Packages that are installed from one source: `packages.from`, and the names that sources have there.

use std::collections::BTreeMap;

use isoplug_promise::Promise;

use crate::diagnostic::Diagnostic;
use crate::distribution;
use crate::manifest::{Pocket, Source};
use crate::option::{Path, option};
use crate::package::{from_source, named_in};
use crate::part::{Contribution, Lint};

use super::{Packages, contradiction};

pub(super) fn contribute(packages: &Packages, arch: &str, out: &mut Contribution) {
    for (source, wishes) in &packages.from {
        let mut listed = out.because(option!(packages.from).below(source));
        for wish in wishes {
            let name = named_in(wish, arch).to_owned();
            listed
                .package(&from_source(wish, source))
                .promise(Promise::Package { name, version: None });
        }
    }
}

pub(super) fn lint(packages: &Packages, sources: &BTreeMap<String, Source>, lint: &mut Lint<'_>) {
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    for (source, wishes) in &packages.from {
        let path = option!(packages.from).below(source);
        if let Some(diagnostic) = unknown(source, sources) {
            lint.report_at(diagnostic, &path);
        }
        let wanted = Path::written(&path.to_string());
        contradiction(lint, (wishes, &wanted), (&packages.remove, &option!(packages.remove)));
        for (wish, origin) in wishes.iter().zip(lint.items(&path)) {
            let earlier = asked.insert(wish, source);
            if let Some(earlier) = earlier.filter(|earlier| earlier != source) {
                let message = format!("\"{wish}\" is asked for from {earlier} and from {source}");
                lint.report(Diagnostic::error("two-sources", message).at(origin, "here"));
            }
        }
    }
}

/// Says that nothing has this name: no source, no pocket and no suite.
pub(super) fn unknown(from: &str, sources: &BTreeMap<String, Source>) -> Option<Diagnostic> {
    let suites = |(name, source): (&String, &Source)| match distribution::of(name, source) {
        Some(of) => (of.suites)(source).into_iter().map(|one| one.name).collect(),
        None => vec![source.suite.clone()],
    };
    let all: Vec<String> = sources.iter().flat_map(suites).collect();
    let is_known = sources.contains_key(from) || all.iter().any(|suite| is_called(suite, from));
    if is_known {
        return None;
    }
    let message = format!("no source is called `{from}`, and none has such a suite");
    Some(Diagnostic::error("unknown-source", message).help(help(from, sources, &all)))
}

/// Tells whether a suite is meant by a word: its name, or its last part, as `backports`.
fn is_called(suite: &str, word: &str) -> bool {
    let rest = suite.strip_suffix(word);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
}

fn help(from: &str, sources: &BTreeMap<String, Source>, suites: &[String]) -> String {
    let pockets = [Pocket::Updates, Pocket::Security, Pocket::Backports];
    let pocket = pockets.into_iter().find(|pocket| pocket.word() == from);
    let mut of_distribution =
        sources.iter().filter(|(name, source)| distribution::of(name, source).is_some());
    if let (Some(pocket), Some((name, source))) = (pocket, of_distribution.next()) {
        let kept = source.pockets.iter().copied().chain([pocket]);
        let list: Vec<String> = kept.map(|pocket| format!("\"{}\"", pocket.word())).collect();
        return format!("add it to [sources.{name}]: `pockets = [{}]`", list.join(", "));
    }
    let names: Vec<&str> = sources.keys().map(String::as_str).collect();
    format!(
        "the sources are {}, with the suites {}; add a table [sources.{from}]",
        names.join(", "),
        suites.join(", ")
    )
}
