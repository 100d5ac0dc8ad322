//! Asks the parts what they set, merges it with what the user says, and asks again until nobody says anything
//! else.
//!
//! A part sets options at the strength of a fallback, so the user wins, and sees what other parts set. Each
//! option is merged from what all say; so the order of the parts does not matter.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Work;
use super::fragments::Fragments;
use super::guests::Module;
use crate::diagnostic::Diagnostic;
use crate::merge::{Said, Setting, merge};
use crate::part::{Contribution, Extra, Fragment, Lint, Part, Reason};
use crate::parts::{About, Options};
use crate::path::split;
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
        said: &[Said],
        fragments: &mut Fragments<'_>,
        asked: &Asked<'_>,
    ) -> Option<Settled> {
        let mut turns =
            vec![contribution(asked.modules.iter().map(|module| module as &dyn Part)).fragments];
        loop {
            let latest = turns.last().map_or(&[][..], Vec::as_slice);
            let of_parts: Vec<Said> =
                latest.iter().filter_map(|fragment| fragments.said(fragment, self)).collect();
            let before = self.diagnostics.len();
            let all = of_parts.into_iter().chain(said.iter().cloned()).collect();
            let settings = merge(shape, all, &mut self.diagnostics);
            let settled = self.ask(settings, asked)?;
            if settled.needs.fragments == latest {
                self.lint(&settled, asked)?;
                fragments.explain(&mut self.diagnostics, &settled.settings);
                return Some(settled);
            }
            self.diagnostics.truncate(before);
            turns.push(settled.needs.fragments.clone());
            if turns.len() > ROUNDS {
                self.diagnostics.push(unsettled(&turns, &settled.settings));
                return None;
            }
        }
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
    // What never rests is in one of the last turns and not in another one.
    let last = &turns[turns.len() / 2..];
    let moves = |fragment: &&Fragment| !last.iter().all(|turn| turn.contains(fragment));
    let mut moving: Vec<(String, &Reason)> = Vec::new();
    for fragment in last.iter().flatten().filter(moves) {
        let Some(reason) = &fragment.reason else { continue };
        let each = (fragment.by.to_string(), reason);
        if !moving.contains(&each) {
            moving.push(each);
        }
    }
    moving.sort();
    let sets = moving.iter().map(|(by, Reason { option, because })| {
        format!("part {by} sets `{option}` because of `{because}`")
    });
    let message =
        format!("parts set options without an end: {}", sets.collect::<Vec<_>>().join(", and "));
    let mut diagnostic = Diagnostic::error("unsettled", message);
    for (by, Reason { option, because }) in &moving {
        let keys = split(because);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        if let Some(origin) = settings.at(&keys).and_then(Setting::origin) {
            diagnostic =
                diagnostic.at(origin, format!("because of this, part {by} sets `{option}`"));
        }
    }
    let options: Vec<String> =
        moving.iter().map(|(_, reason)| format!("`{}`", reason.option)).collect();
    let options = options.join(" or ");
    diagnostic.help(format!("set {options} yourself: what you say wins over what parts say"))
}

#[cfg(test)]
mod tests;
