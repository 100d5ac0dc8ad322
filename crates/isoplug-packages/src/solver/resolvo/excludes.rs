//! What a package does not go with: constraints on the other names that are chosen.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::{Package, Relation};
use resolvo::VersionSetId;

use super::Provider;
use crate::universe::Id;

impl Provider<'_, '_> {
    /// A package is there for two architectures only in one version, and if it says that it can be.
    pub(super) fn alike(&self, package: &Package, sibling: &str) -> VersionSetId {
        let fits = |id: &Id| {
            let other = self.universe.package(*id);
            [package.multi_arch, other.multi_arch] == ["same", "same"]
                && other.version == package.version
        };
        let ids = self.universe.named(sibling).filter(fits).collect();
        let text = "in the same version, if it can be there for two architectures";
        self.set(sibling, ids, text.to_owned())
    }

    /// A package never conflicts with itself, not even through a name that it provides, nor with what it is for another
    /// architecture. What it does not go with it does not go with for any architecture.
    pub(super) fn add_conflict(
        &self,
        own: &str,
        siblings: &[&str],
        relation: &Relation,
        constrains: &mut Vec<VersionSetId>,
    ) {
        let mut bad: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
        for id in self.universe.meant(relation) {
            bad.entry(self.universe.package(id).name).or_default().insert(id);
        }
        bad.retain(|name, _| *name != own && !siblings.contains(name));
        for (name, bad) in bad {
            let others: Vec<Id> =
                self.universe.named(name).filter(|id| !bad.contains(id)).collect();
            let text = match others.is_empty() {
                true => format!("to be absent, since it conflicts with {relation}"),
                false => format!("in another version than {relation}"),
            };
            constrains.push(self.set(name, others, text));
        }
    }
}
