//! Why each locked package is there: who is asked for, and who brings the rest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use isoplug_formats::apt::relation;
use isoplug_manifest::lock::LockedImage;

use super::pinned;
use crate::universe::{Id, Universe};

/// Who brings a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The package that asks for it.
    pub by: String,
    /// Whether it is recommended, and not needed.
    pub recommended: bool,
}

/// Returns who brings each installed package that is not of `roots`, by the shortest way from those.
pub fn reasons(
    universe: &Universe,
    locked: &LockedImage,
    roots: &BTreeSet<String>,
) -> BTreeMap<String, Reason> {
    let found = locked.groups.iter().flatten().filter_map(|one| pinned::find(universe, one));
    let all: BTreeSet<Id> = found.collect();
    let name = |id: Id| universe.spelled(universe.package(id).name);
    let is_root = |id: &Id| roots.contains(&name(*id));
    let mut next: VecDeque<Id> = all.iter().copied().filter(is_root).collect();
    let mut reached: BTreeSet<Id> = next.iter().copied().collect();
    let mut reasons = BTreeMap::new();
    while let Some(id) = next.pop_front() {
        for (brought, recommended) in brings(universe, id) {
            if all.contains(&brought) && reached.insert(brought) {
                reasons.insert(name(brought), Reason { by: name(id), recommended });
                next.push_back(brought);
            }
        }
    }
    reasons
}

/// Returns what a package needs, then what it recommends.
fn brings(universe: &Universe, id: Id) -> Vec<(Id, bool)> {
    let package = universe.package(id);
    let fields =
        [(package.pre_depends, false), (package.depends, false), (package.recommends, true)];
    let of = |(field, recommended): (&str, bool)| {
        let groups = relation::parse(field).unwrap_or_default();
        let ids = groups.iter().flatten().flat_map(|relation| universe.satisfiers(relation));
        ids.map(|id| (id, recommended)).collect::<Vec<_>>()
    };
    fields.into_iter().flat_map(of).collect()
}
