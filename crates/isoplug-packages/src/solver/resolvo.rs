//! The solver on resolvo: a SAT solver that tries alternatives in the order they are written.
//!
//! resolvo knows names, versions of a name and sets of versions. A dependency on a virtual name
//! becomes a choice between its providers; a conflict becomes a constraint to all other versions.

mod excludes;
mod interner;

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::foreign;
use isoplug_formats::apt::relation::{self, Relation};
use resolvo::conflict::{Conflict, ConflictEdge, ConflictNode};
use resolvo::{
    Candidates, ConditionalRequirement, DenseIndex, Dependencies, DependencyProvider,
    HintDependenciesAvailable, Interner, KnownDependencies, NameId, Requirement, SolvableId,
    SolverCache, StringId, UnsolvableOrCancelled, VersionSetId, VersionSetUnionId,
};

use super::expected::expected;
use super::wording::reword;
use super::{Problem, Solver, Unsatisfiable};
use crate::universe::{Id, Universe};
use interner::{Sets, VersionSet, describe};

/// Solves with resolvo.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resolvo;

impl Solver for Resolvo {
    fn solve(&self, universe: &Universe, problem: &Problem) -> Result<BTreeSet<Id>, Unsatisfiable> {
        let provider = Provider::new(universe, problem);
        let requirements = provider.roots()?;
        let mut solver = resolvo::Solver::new(provider);
        match solver.solve(resolvo::Problem::new().requirements(requirements)) {
            Ok(chosen) => Ok(chosen.into_iter().map(|id| id.to_index() as Id).collect()),
            Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
                if let Some(limit) = solver.provider().limit() {
                    return Err(Unsatisfiable::gave_up(limit));
                }
                let reason = universe.spelled(&reword(&conflict.display_user_friendly(&solver)));
                let names = names(&conflict, &solver);
                Err(Unsatisfiable { names, ..Unsatisfiable::because(reason) })
            }
            Err(UnsolvableOrCancelled::Cancelled(_)) => {
                let limit = solver.provider().limit().unwrap_or("the solver was stopped");
                Err(Unsatisfiable::gave_up(limit))
            }
        }
    }
}

/// Returns the wanted names that lead into a conflict, and the removed ones that are in it.
fn names(conflict: &Conflict, solver: &resolvo::Solver<Provider>) -> BTreeSet<String> {
    let (conflict, provider) = (conflict.graph(solver), solver.provider());
    let sets = |requirement: &Requirement| match *requirement {
        Requirement::Single(set) => vec![set],
        Requirement::Union(union) => provider.version_sets_in_union(union).collect(),
    };
    let wanted = conflict.graph.edges(conflict.root_node).flat_map(|edge| match edge.weight() {
        ConflictEdge::Requires(requirement) => sets(requirement),
        ConflictEdge::Conflict(_) => Vec::new(),
    });
    let wanted = wanted.map(|set| provider.names[provider.version_set_name(set).to_index()]);
    let involved = conflict.graph.node_weights().filter_map(|node| match node {
        ConflictNode::Solvable(id) => Some(provider.universe.package(id.to_index() as Id).name),
        _ => None,
    });
    let removed = involved.filter(|name| provider.problem.removed.contains(name));
    wanted.chain(removed).map(|name| foreign::split(name).0.to_owned()).collect()
}

/// The universe as resolvo asks for it. Names are numbered in order; a solvable is an [`Id`].
struct Provider<'u, 'a> {
    universe: &'u Universe<'a>,
    problem: &'u Problem<'u>,
    names: Vec<&'a str>,
    expected: BTreeSet<Id>,
    sets: RefCell<Sets>,
    reasons: RefCell<Vec<String>>,
}

impl<'u, 'a> Provider<'u, 'a> {
    fn new(universe: &'u Universe<'a>, problem: &'u Problem<'u>) -> Self {
        let names = universe.real_names().collect();
        let expected = expected(universe, problem);
        Self {
            universe,
            problem,
            names,
            expected,
            sets: RefCell::default(),
            reasons: RefCell::default(),
        }
    }

    fn roots(&self) -> Result<Vec<ConditionalRequirement>, Unsatisfiable> {
        let fixed = self.problem.fixed.iter().map(|id| {
            let package = self.universe.package(*id);
            Requirement::Single(self.set(
                package.name,
                vec![*id],
                format!("(= {})", package.version),
            ))
        });
        let wanted = self.problem.wanted.iter().map(|group| {
            let text = || group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
            self.requirement(group).ok_or_else(|| Unsatisfiable {
                names: group.iter().map(|relation| relation.name.to_owned()).collect(),
                ..Unsatisfiable::because(format!("no available package satisfies {}", text()))
            })
        });
        fixed.map(Ok).chain(wanted).map(|found| found.map(ConditionalRequirement::from)).collect()
    }

    fn name_id(&self, name: &str) -> NameId {
        // Every name that reaches here comes from an offer, so the search finds it.
        NameId::from_index(self.names.binary_search(&name).unwrap_or_default())
    }

    fn set(&self, name: &str, ids: Vec<Id>, text: String) -> VersionSetId {
        let name = self.name_id(name);
        let Sets { sets, known, unions: _, alternatives } = &mut *self.sets.borrow_mut();
        *known.entry((name.to_index(), ids.clone(), text.clone())).or_insert_with(|| {
            *alternatives += ids.len() + 1;
            sets.push(VersionSet { name, ids, text });
            VersionSetId::from_index(sets.len() - 1)
        })
    }

    /// Returns the offers that satisfy one of the alternatives, by name, each with what asks for it.
    fn choices(&self, group: &[Relation]) -> Vec<(&'a str, BTreeSet<Id>, String)> {
        let mut choices: Vec<(&str, BTreeSet<Id>, String)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for relation in group {
            for id in self.universe.satisfiers(relation) {
                let name = self.universe.package(id).name;
                match places.get(name) {
                    Some(place) => _ = choices[*place].1.insert(id),
                    None => {
                        places.insert(name, choices.len());
                        choices.push((name, BTreeSet::from([id]), describe(relation, name)));
                    }
                }
            }
        }
        choices
    }

    /// Returns the choice between all offers that satisfy one of the alternatives, by name in the
    /// order in which to try them; `None` if nothing does.
    fn requirement(&self, group: &[Relation]) -> Option<Requirement> {
        let mut choices = self.choices(group);
        let preferred = &self.problem.preferred;
        choices.sort_by_key(|(name, ids, _)| {
            let place = preferred.iter().position(|preferred| preferred == name);
            (place.unwrap_or(usize::MAX), ids.is_disjoint(&self.expected))
        });
        let ids: Vec<VersionSetId> = choices
            .into_iter()
            .map(|(name, ids, text)| self.set(name, ids.into_iter().collect(), text))
            .collect();
        match ids[..] {
            [] => None,
            [only] => Some(Requirement::Single(only)),
            _ => Some(Requirement::Union(self.union(ids))),
        }
    }

    /// Says which limit is reached.
    fn limit(&self) -> Option<&'static str> {
        self.problem.limits.reached(self.sets.borrow().alternatives)
    }

    fn union(&self, ids: Vec<VersionSetId>) -> VersionSetUnionId {
        let Sets { unions, alternatives, .. } = &mut *self.sets.borrow_mut();
        *alternatives += ids.len();
        unions.push(ids);
        VersionSetUnionId::from_index(unions.len() - 1)
    }

    fn reason(&self, text: String) -> StringId {
        let mut reasons = self.reasons.borrow_mut();
        reasons.push(text);
        StringId::from_index(reasons.len() - 1)
    }

    fn dependency(&self, group: &[Relation]) -> Result<Requirement, String> {
        let text = || group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        let found = self.requirement(group);
        found.ok_or_else(|| format!("no source has its dependency {}", text()))
    }

    fn dependencies(&self, id: Id) -> Result<KnownDependencies, String> {
        let package = self.universe.package(id);
        let mut known = KnownDependencies::default();
        for field in [package.pre_depends, package.depends] {
            for group in relation::parse(field).map_err(|bad| bad.to_string())? {
                self.go_on()?;
                if !group.iter().any(|relation| self.universe.satisfiers(relation).contains(&id)) {
                    known.requirements.push(self.dependency(&group)?.into());
                }
            }
        }
        let siblings = self.universe.siblings(package.name);
        for field in [package.conflicts, package.breaks] {
            for relation in relation::parse_list(field).map_err(|bad| bad.to_string())? {
                self.go_on()?;
                self.add_conflict(package.name, &siblings, &relation, &mut known.constrains);
            }
        }
        known.constrains.extend(siblings.iter().map(|name| self.alike(package, name)));
        Ok(known)
    }

    fn go_on(&self) -> Result<(), String> {
        self.limit().map_or(Ok(()), |limit| Err(limit.to_owned()))
    }
}

impl DependencyProvider for Provider<'_, '_> {
    fn should_cancel_with_value(&self) -> Option<Box<dyn Any>> {
        self.limit().map(|limit| Box::new(limit) as Box<dyn Any>)
    }

    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let sets = self.sets.borrow();
        let ids = &sets.sets[set.to_index()].ids;
        let inside = |id: &SolvableId| ids.binary_search(&(id.to_index() as Id)).is_ok();
        candidates.iter().copied().filter(|id| inside(id) != inverse).collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        let name = self.names[name.to_index()];
        let ids: Vec<SolvableId> =
            self.universe.named(name).map(|id| SolvableId::from_index(id as usize)).collect();
        let mut found = Candidates {
            hint_dependencies_available: HintDependenciesAvailable::None,
            ..Candidates::default()
        };
        if self.problem.removed.contains(name) {
            let reason = self.reason("the manifest removes it".to_owned());
            found.excluded = ids.iter().map(|id| (*id, reason)).collect();
        }
        found.candidates = ids;
        Some(found)
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, ids: &mut [SolvableId]) {
        let favoured = |id: &SolvableId| self.problem.favoured.contains(&(id.to_index() as Id));
        ids.sort_by_key(|id| (!favoured(id), id.to_index()));
    }

    async fn get_dependencies(&self, id: SolvableId) -> Dependencies {
        match self.dependencies(id.to_index() as Id) {
            Ok(known) => Dependencies::Known(known),
            Err(reason) => Dependencies::Unknown(self.reason(reason)),
        }
    }
}
