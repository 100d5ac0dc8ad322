//! Finds the package names that are nearest to one that no source has.

use crate::sources::universe::Universe;

/// How many names are worth showing.
const SHOWN: usize = 3;

/// Returns the names most like `wanted`, the best first; none if nothing is like it.
pub(super) fn nearest(universe: &Universe, wanted: &str) -> Vec<String> {
    let mut found: Vec<(usize, &str)> = universe
        .names()
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, _)| *distance <= tolerance(wanted))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(SHOWN).map(|(_, name)| name.to_owned()).collect()
}

/// A third of the letters may differ, as a slip of the hand or a forgotten suffix does.
fn tolerance(wanted: &str) -> usize {
    (wanted.len() / 3).max(1)
}

/// A name that only lacks a last part (`linux-image` for `linux-image-amd64`) is one step away.
fn distance(wanted: &str, name: &str) -> usize {
    let part = name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['-', '.']));
    if part && wanted.len() > 3 {
        return 1;
    }
    match wanted.len().abs_diff(name.len()) > tolerance(wanted) {
        true => usize::MAX,
        false => strsim::osa_distance(wanted, name),
    }
}
