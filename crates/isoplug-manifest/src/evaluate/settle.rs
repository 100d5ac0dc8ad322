//! Asks the parts what they set, merges it with what the user says, and asks again until nobody says anything
//! else.
//!
//! What a part sets gives way to what the user says plainly, and it sees what other parts set. Each
//! option is merged from what all say; so the order of the parts does not matter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Work;
use super::fragments::Fragments;
use super::guests::Module;
use crate::diagnostic::Diagnostic;
use crate::extra::Extra;
use crate::merge::{Said, Setting, merge};
use crate::part::{Contribution, Fragment, Lint, Part, Reason};
use crate::parts::{About, Options};
use crate::shape::Shape;

/// How often the parts are asked. A set that follows from a set takes one time more; none of ours follows from
/// more than a few.
const ROUNDS: usize = 16;

/// Wires the parts to what they read.
pub(super) type List = for<'o> fn(&'o Options, About<'o>) -> Vec<Box<dyn Part + 'o>>;

/// Who is asked.
pub(super) struct Asked<'a> {
    /// What plugins said.
    pub(super) modules: &'a [Module],
    /// The parts of this program.
    pub(super) parts: List,
    /// What the image is for.
    pub(super) about: About<'a>,
    /// The parts beside them.
    pub(super) extra: &'a [Extra],
    /// The settled options of plugins, put into the profile's.
    pub(super) plugins: &'a dyn Fn(&mut Options),
}

/// What the options came to.
pub(super) struct Settled {
    pub(super) settings: Setting,
    pub(super) options: Options,
    pub(super) own: BTreeMap<String, Json>,
    pub(super) needs: Contribution,
}

impl Work {
    /// Settles the options.
    pub(super) fn settle(
        &mut self,
        shape: &Shape,
        fragments: &mut Fragments<'_>,
        asked: &Asked<'_>,
    ) -> Option<Settled> {
        let modules = asked.modules.iter().map(|module| module as &dyn Part);
        let mut latest = contribution(modules).fragments;
        let mut turns = Vec::new();
        loop {
            let said = fragments.said(&latest, self);
            let before = self.diagnostics.len();
            let settled = self.turn(shape, said, asked)?;
            let next = settled.needs.fragments.clone();
            if next == latest {
                self.lint(&settled, asked)?;
                fragments.explain(&mut self.diagnostics, &settled.settings);
                return Some(settled);
            }
            // What was wrong is said by the turn that counts.
            self.diagnostics.truncate(before);
            turns.push(std::mem::replace(&mut latest, next));
            if turns.len() == ROUNDS {
                self.diagnostics.push(unsettled(&turns, &settled.settings));
                return None;
            }
        }
    }

    fn turn(&mut self, shape: &Shape, said: Vec<Said>, asked: &Asked<'_>) -> Option<Settled> {
        let settings = merge(shape, said, &mut self.diagnostics);
        self.ask(settings, asked)
    }

    /// Asks every part what it sets and needs.
    fn ask(&mut self, settings: Setting, asked: &Asked<'_>) -> Option<Settled> {
        let mut tree = settings.to_json();
        let own = asked.extra.iter().map(|extra| (extra.keys().join("."), extra.take(&mut tree)));
        let own = own.collect();
        let mut options: Options = self.read(tree)?;
        (asked.plugins)(&mut options);
        let mut settled = Settled { settings, options, own, needs: Contribution::default() };
        let parts = self.parts(&settled, asked)?;
        let needs = contribution(parts.iter().map(|part| &**part));
        drop(parts);
        settled.needs = needs;
        Some(settled)
    }

    /// Lets every part say what is wrong with its options. What an error left out would mislead them.
    fn lint(&mut self, settled: &Settled, asked: &Asked<'_>) -> Option<()> {
        if !self.sound() {
            return Some(());
        }
        let Settled { settings, needs, .. } = settled;
        let mut lint = Lint { settings, needs, found: Vec::new() };
        for part in self.parts(settled, asked)? {
            part.lint(&mut lint);
        }
        self.diagnostics.extend(lint.found);
        Some(())
    }

    /// Returns all parts: modules of plugins, those beside the built-in ones, and those.
    fn parts<'s>(
        &mut self,
        settled: &'s Settled,
        asked: &Asked<'s>,
    ) -> Option<Vec<Box<dyn Part + 's>>> {
        let Settled { options, own, .. } = settled;
        let modules = asked.modules.iter().map(|module| Box::new(module) as Box<dyn Part + 's>);
        let mut parts: Vec<Box<dyn Part + 's>> = modules.collect();
        for (extra, own) in asked.extra.iter().map(|extra| (extra, &own[&extra.keys().join(".")])) {
            match extra.part(own, options) {
                Ok(part) => parts.push(part),
                Err(error) => {
                    let message = format!("cannot read `{}`: {error}", extra.keys().join("."));
                    self.diagnostics.push(Diagnostic::error("unreadable", message));
                    return None;
                }
            }
        }
        parts.extend((asked.parts)(options, asked.about));
        Some(parts)
    }
}

/// Asks parts, in their order.
fn contribution<'p>(parts: impl Iterator<Item = &'p (dyn Part + 'p)>) -> Contribution {
    let mut out = Contribution::default();
    for part in parts {
        out.asked = part.by();
        part.contribute(&mut out);
    }
    out
}

/// Says which parts set and take back options without an end.
fn unsettled(turns: &[Vec<Fragment>], settings: &Setting) -> Diagnostic {
    let moving = moving(turns);
    let sets = moving.iter().map(|(by, Reason { option, because })| {
        format!("part {by} sets `{option}` because of `{because}`")
    });
    let sets = sets.collect::<Vec<_>>().join(", and ");
    let message = format!("parts set options without an end: {sets}");
    let mut diagnostic = Diagnostic::error("unsettled", message);
    for (by, Reason { option, because }) in &moving {
        if let Some(origin) = settings.at_path(because).and_then(Setting::origin) {
            let text = format!("because of this, part {by} sets `{option}`");
            diagnostic = diagnostic.at(origin, text);
        }
    }
    let options = moving.iter().map(|(_, reason)| format!("`{}`", reason.option));
    let options = options.collect::<Vec<_>>().join(" or ");
    diagnostic.help(format!("set {options} yourself: a plain value wins over what parts say"))
}

/// Returns who set something in one of the last turns and not in another one.
fn moving(turns: &[Vec<Fragment>]) -> BTreeSet<(String, &Reason)> {
    let last = &turns[turns.len() / 2..];
    let moves = |fragment: &&Fragment| !last.iter().all(|turn| turn.contains(fragment));
    let moving = last.iter().flatten().filter(moves);
    moving.filter_map(|each| Some((each.by.to_string(), each.reason.as_ref()?))).collect()
}

#[cfg(test)]
mod tests;
