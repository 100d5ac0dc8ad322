//! Follows dependencies inside a chosen set, to see what is there for a reason.

use std::collections::BTreeSet;

use isoplug_formats::apt::{Relation, relation};

use crate::universe::{Id, Universe};

/// Returns the members of `chosen` that the wishes, or what they lead to, can make use of.
pub(super) fn from_wishes(
    universe: &Universe,
    chosen: &BTreeSet<Id>,
    wishes: &[Vec<Relation>],
    recommends: bool,
) -> BTreeSet<Id> {
    let mut open = satisfied_by(universe, chosen, wishes);
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            let package = universe.package(id);
            let mut fields = vec![package.pre_depends, package.depends];
            fields.extend(recommends.then_some(package.recommends));
            for field in fields {
                let groups = relation::parse(field).unwrap_or_default();
                open.extend(satisfied_by(universe, chosen, &groups));
            }
        }
    }
    reached
}

fn satisfied_by(universe: &Universe, chosen: &BTreeSet<Id>, groups: &[Vec<Relation>]) -> Vec<Id> {
    let satisfiers = groups.iter().flatten().flat_map(|relation| universe.satisfiers(relation));
    satisfiers.filter(|id| chosen.contains(id)).collect()
}
