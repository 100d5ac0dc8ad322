//! Finds the package names that are nearest to one that no source has.

use isoplug_formats::apt::foreign;

use crate::universe::Universe;

/// How many names are worth showing.
const SHOWN: usize = 3;

/// Returns the names most like `wanted`, the best first; none if nothing is like it.
pub(super) fn nearest(universe: &Universe, wanted: &str) -> Vec<String> {
    let mut found: Vec<(usize, usize, &str)> = universe
        .names()
        .filter(|name| foreign::split(name).1.is_none())
        .filter_map(|name| Some((distance(wanted, name)?, name.len(), name)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(SHOWN).map(|(_, _, name)| name.to_owned()).collect()
}

/// Counts the slips between two names; `None` if more than a third of the letters differ.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    if let Some(parts) = further_parts(wanted, name) {
        return Some(parts);
    }
    let tolerance = (wanted.len() / 3).max(1);
    let near = wanted.len().abs_diff(name.len()) <= tolerance;
    near.then(|| strsim::osa_distance(wanted, name)).filter(|distance| *distance <= tolerance)
}

/// Counts what a name has beyond the one that is wanted: `linux-image-amd64` one part more than
/// `linux-image`.
fn further_parts(wanted: &str, name: &str) -> Option<usize> {
    let rest = name.strip_prefix(wanted).filter(|rest| rest.starts_with(['-', '.']))?;
    (wanted.len() > 2).then(|| rest.matches(['-', '.']).count())
}
