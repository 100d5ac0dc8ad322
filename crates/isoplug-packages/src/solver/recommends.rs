//! Adds what chosen packages recommend, in rounds, as far as it can be had.
//!
//! A dependency `good | virtual` that is satisfied only because something provides the virtual name
//! counts as a recommendation of `good` too: its maintainer named the best choice first. A dependency
//! stays satisfied without it, so that who wants no recommendations gets the smaller image. Where a version
//! of the virtual name is asked for, as in `python3-tomli | python3-supported-min (>= 3.11)`, whoever provides it
//! is meant.

use std::collections::BTreeSet;

use isoplug_formats::apt::{Relation, relation};

use super::{Problem, Solver, Unsatisfiable};
use crate::universe::{Id, Universe};

/// Solves the problem, then adds what the chosen packages recommend.
///
/// What an addition recommends comes in the next round. A recommendation that conflicts with
/// what was chosen before is left out, as apt does.
///
/// # Errors
///
/// When what is asked for cannot be installed together.
pub fn solve_with_recommends(
    solver: &dyn Solver,
    universe: &Universe,
    problem: &Problem,
) -> Result<BTreeSet<Id>, Unsatisfiable> {
    let wished = problem.wanted.iter().flatten().map(|relation| relation.name);
    let wished = wished.chain(problem.preferred.iter().copied()).collect();
    let mut rounds = Rounds { universe, wished, asked: BTreeSet::new() };
    let mut problem = problem.clone();
    let mut chosen = solver.solve(universe, &problem)?;
    loop {
        let open = rounds.open(&problem.removed, &chosen);
        if open.is_empty() {
            return Ok(chosen);
        }
        add_possible(solver, universe, &mut problem, &mut chosen, &open)?;
    }
}

struct Rounds<'r, 'a> {
    universe: &'r Universe<'a>,
    /// Names that somebody asked for: they are as good a choice as any.
    wished: BTreeSet<&'r str>,
    /// Whose group of which field was asked for already.
    asked: BTreeSet<(Id, &'a str, usize)>,
}

impl<'a> Rounds<'_, 'a> {
    /// Returns the recommendations of the chosen packages that are not satisfied and not yet asked
    /// for, and notes them as asked.
    fn open(&mut self, removed: &BTreeSet<&str>, chosen: &BTreeSet<Id>) -> Vec<Vec<Relation<'a>>> {
        let mut open = Vec::new();
        for &id in chosen {
            let package = self.universe.package(id);
            for field in [package.recommends, package.pre_depends, package.depends] {
                let groups = relation::parse(field).unwrap_or_default();
                for (place, mut group) in groups.into_iter().enumerate() {
                    if field != package.recommends {
                        group.truncate(usize::from(self.is_by_chance(&group, chosen)));
                    }
                    if self.is_open(&group, removed, chosen)
                        && self.asked.insert((id, field, place))
                    {
                        open.push(group);
                    }
                }
            }
        }
        open
    }

    fn is_open(&self, group: &[Relation], removed: &BTreeSet<&str>, chosen: &BTreeSet<Id>) -> bool {
        let mut found = self.satisfiers(group);
        found.retain(|id| !removed.contains(self.universe.package(*id).name));
        !found.is_empty() && found.is_disjoint(chosen)
    }

    /// Tells whether the group has a real first choice, and is satisfied by none that it names and
    /// none that was asked for.
    fn is_by_chance(&self, group: &[Relation], chosen: &BTreeSet<Id>) -> bool {
        let Some(first) = group.first().filter(|_| group.len() > 1) else { return false };
        let versioned = group.iter().skip(1).filter(|relation| relation.version.is_some());
        let versioned: BTreeSet<Id> =
            versioned.flat_map(|relation| self.universe.satisfiers(relation)).collect();
        let meant = |id: &Id| {
            let name = self.universe.package(*id).name;
            self.wished.contains(name)
                || group.iter().any(|relation| relation.name == name)
                || versioned.contains(id)
        };
        let mut satisfying = self.satisfiers(group);
        satisfying.retain(|id| chosen.contains(id));
        !self.universe.named(first.name).is_empty() && !satisfying.iter().any(meant)
    }

    fn satisfiers(&self, group: &[Relation]) -> BTreeSet<Id> {
        group.iter().flat_map(|relation| self.universe.satisfiers(relation)).collect()
    }
}

/// Adds the groups that can be satisfied together, halving those that cannot.
///
/// # Errors
///
/// When the time or the memory for choosing ends.
pub fn add_possible<'a>(
    solver: &dyn Solver,
    universe: &Universe,
    problem: &mut Problem<'a>,
    chosen: &mut BTreeSet<Id>,
    groups: &[Vec<Relation<'a>>],
) -> Result<(), Unsatisfiable> {
    let before = problem.wanted.len();
    problem.wanted.extend_from_slice(groups);
    match solver.solve(universe, problem) {
        Ok(answer) => *chosen = answer,
        // An answer is never smaller because the machine was slow.
        Err(error) if error.gave_up => return Err(error),
        Err(_) => {
            problem.wanted.truncate(before);
            if groups.len() > 1 {
                let (first, rest) = groups.split_at(groups.len() / 2);
                add_possible(solver, universe, problem, chosen, first)?;
                add_possible(solver, universe, problem, chosen, rest)?;
            }
        }
    }
    Ok(())
}
