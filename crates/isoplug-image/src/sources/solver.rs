//! Chooses packages: the one interface that a solver has here, and the rounds of Recommends.

mod expected;
mod resolvo;
mod wording;

use std::collections::BTreeSet;

use isoplug_formats::apt::relation::{self, Relation};

use super::universe::{Id, Universe};

pub use self::resolvo::Resolvo;

/// What must hold of the answer.
#[derive(Debug, Clone, Default)]
pub struct Problem<'a> {
    /// Each group needs one satisfied alternative.
    pub wanted: Vec<Vec<Relation<'a>>>,
    /// Offers that must be chosen as they are, which decides the version of their names.
    pub fixed: BTreeSet<Id>,
    /// Names that must not be chosen.
    pub removed: BTreeSet<&'a str>,
    /// Names to choose first among alternatives, the best first.
    pub preferred: Vec<&'a str>,
    /// Offers to choose first among the versions of their names.
    pub favoured: BTreeSet<Id>,
}

/// Why nothing satisfies the problem, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsatisfiable(pub String);

/// Finds a set of offers that satisfies a problem and all relations between its members.
pub trait Solver {
    /// Returns the chosen offers. The answer depends on nothing but the arguments.
    fn solve(&self, universe: &Universe, problem: &Problem) -> Result<BTreeSet<Id>, Unsatisfiable>;
}

/// Solves the problem, then adds what the chosen packages recommend, as far as it can be had.
///
/// What an addition recommends comes in the next round. A recommendation that conflicts with
/// what was chosen before is left out, as apt does.
pub fn solve_with_recommends(
    solver: &dyn Solver,
    universe: &Universe,
    problem: &Problem,
) -> Result<BTreeSet<Id>, Unsatisfiable> {
    let mut problem = problem.clone();
    let mut chosen = solver.solve(universe, &problem)?;
    let mut asked = BTreeSet::new();
    loop {
        let open = open_recommends(universe, &problem.removed, &chosen, &mut asked);
        if open.is_empty() {
            return Ok(chosen);
        }
        add_possible(solver, universe, &mut problem, &mut chosen, &open);
    }
}

/// Returns the recommendations of the chosen packages that are not satisfied and not yet asked
/// for, and notes them as asked.
fn open_recommends<'a>(
    universe: &Universe<'a>,
    removed: &BTreeSet<&str>,
    chosen: &BTreeSet<Id>,
    asked: &mut BTreeSet<(Id, usize)>,
) -> Vec<Vec<Relation<'a>>> {
    let mut open = Vec::new();
    for &id in chosen {
        let groups = relation::parse(universe.package(id).recommends).unwrap_or_default();
        for (place, group) in groups.into_iter().enumerate() {
            let mut found: BTreeSet<Id> =
                group.iter().flat_map(|relation| universe.satisfiers(relation)).collect();
            found.retain(|id| !removed.contains(universe.package(*id).name));
            if !found.is_empty() && found.is_disjoint(chosen) && asked.insert((id, place)) {
                open.push(group);
            }
        }
    }
    open
}

/// Adds the groups that can be satisfied together, halving those that cannot.
fn add_possible<'a>(
    solver: &dyn Solver,
    universe: &Universe,
    problem: &mut Problem<'a>,
    chosen: &mut BTreeSet<Id>,
    groups: &[Vec<Relation<'a>>],
) {
    let before = problem.wanted.len();
    problem.wanted.extend_from_slice(groups);
    match solver.solve(universe, problem) {
        Ok(answer) => *chosen = answer,
        Err(Unsatisfiable(_)) => {
            problem.wanted.truncate(before);
            if groups.len() > 1 {
                let (first, rest) = groups.split_at(groups.len() / 2);
                add_possible(solver, universe, problem, chosen, first);
                add_possible(solver, universe, problem, chosen, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests;
