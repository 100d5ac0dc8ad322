//! Finds what options promise of one unit and cannot both be true: that it starts at boot, and that it does not.
//!
//! It looks at what all parts promise, so a part need not know the others.

use std::collections::BTreeMap;

use isoplug_promise::{Promise, UnitState};

use crate::diagnostic::Diagnostic;
use crate::merge::{Content, Setting};
use crate::part::Contribution;
use crate::path::split;
use crate::text::Origin;

/// Returns a warning for each unit that one option starts and another keeps from it.
pub(super) fn units(needs: &Contribution, settings: &Setting) -> Vec<Diagnostic> {
    let mut enabled = BTreeMap::new();
    for (name, state, because) in promised(needs) {
        if state == UnitState::Enabled {
            enabled.entry(name).or_insert(because);
        }
    }
    let kept = promised(needs).filter(|(_, state, _)| word(*state).is_some());
    kept.filter_map(|(name, state, because)| {
        let starts = enabled.get(name)?;
        let done = word(state)?;
        let message = format!("`{starts}` starts `{name}` at boot, and `{because}` {done}");
        let diagnostic = Diagnostic::warning("at-odds", message);
        let help = "take one of them away; together `isoplug test` fails whatever the image does";
        let diagnostic = match origin(settings, because, name) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        };
        let diagnostic = match origin(settings, starts, name) {
            Some(origin) => diagnostic.and(origin, "this starts it"),
            None => diagnostic,
        };
        Some(diagnostic.help(help))
    })
    .collect()
}

/// All that options make of units: the name, the state, the option.
fn promised(needs: &Contribution) -> impl Iterator<Item = (&str, UnitState, &str)> {
    needs.checks.iter().filter_map(|check| match &check.what.promise {
        Promise::Unit { name, state } => Some((name.as_str(), *state, check.because.as_str())),
        _ => None,
    })
}

/// What is done to a unit that does not start at boot; nothing if the state lets it start.
fn word(state: UnitState) -> Option<&'static str> {
    match state {
        UnitState::Masked => Some("masks it"),
        UnitState::Disabled => Some("disables it"),
        _ => None,
    }
}

/// Where an option says it: the item of a list that names the unit, or the option.
fn origin<'a>(settings: &'a Setting, option: &str, unit: &str) -> Option<&'a Origin> {
    let keys = split(option);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let setting = settings.at(&keys)?;
    let named = |text: &str| text == unit || unit.strip_suffix(".service") == Some(text);
    match &setting.content {
        Content::List(items) => {
            let item = items.iter().find(|item| item.as_str().is_some_and(named));
            item.map(|item| &item.origin)
        }
        _ => setting.won.last().map(|said| &said.value.origin),
    }
}
