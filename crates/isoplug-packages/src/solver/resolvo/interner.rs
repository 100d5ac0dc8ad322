//! What resolvo is told of the numbers that it works with: names, versions, sets of them, and reasons.

use std::collections::BTreeMap;
use std::fmt::Display;

use isoplug_formats::apt::relation::Relation;
use resolvo::{
    Condition, ConditionId, DenseIndex, Interner, NameId, SolvableId, StringId, VersionSetId,
    VersionSetUnionId,
};

use super::Provider;
use crate::universe::Id;

/// The version sets and unions that were handed out.
#[derive(Default)]
pub(super) struct Sets {
    pub(super) sets: Vec<VersionSet>,
    pub(super) known: BTreeMap<(usize, Vec<Id>, String), VersionSetId>,
    pub(super) unions: Vec<Vec<VersionSetId>>,
    /// How many ids are in all of them.
    pub(super) alternatives: usize,
}

pub(super) struct VersionSet {
    pub(super) name: NameId,
    pub(super) ids: Vec<Id>,
    pub(super) text: String,
}

impl Interner for Provider<'_, '_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, id: SolvableId) -> impl Display + '_ {
        let package = self.universe.package(id.to_index() as Id);
        format!("{} {}", package.name, package.version)
    }

    fn display_merged_solvables(&self, ids: &[SolvableId]) -> impl Display + '_ {
        let packages: Vec<_> =
            ids.iter().map(|id| self.universe.package(id.to_index() as Id)).collect();
        let mut versions: Vec<&str> = packages.iter().map(|package| package.version).collect();
        versions.dedup();
        let name = packages.first().map_or("", |package| package.name);
        format!("{name} {}", versions.join(" or "))
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        self.names[name.to_index()]
    }

    fn display_version_set(&self, set: VersionSetId) -> impl Display + '_ {
        self.sets.borrow().sets[set.to_index()].text.clone()
    }

    fn display_string(&self, reason: StringId) -> impl Display + '_ {
        self.reasons.borrow()[reason.to_index()].clone()
    }

    fn version_set_name(&self, set: VersionSetId) -> NameId {
        self.sets.borrow().sets[set.to_index()].name
    }

    fn solvable_name(&self, id: SolvableId) -> NameId {
        NameId::from_index(self.universe.name_number(id.to_index() as Id))
    }

    fn version_sets_in_union(
        &self,
        union: VersionSetUnionId,
    ) -> impl Iterator<Item = VersionSetId> {
        self.sets.borrow().unions[union.to_index()].clone().into_iter()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("no requirement here has a condition")
    }
}

/// Says how a relation limits the package of this name: nothing, a version, or "for" a virtual name.
pub(super) fn describe(relation: &Relation, name: &str) -> String {
    match relation.version {
        _ if relation.name != name => format!("(for {relation})"),
        Some((operator, version)) => format!("({} {version})", operator.sign()),
        None => String::new(),
    }
}
