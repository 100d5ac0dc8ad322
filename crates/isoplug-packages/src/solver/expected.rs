//! Guesses which packages an answer will have, so that a choice falls on one that is there anyway.
//!
//! What has no choice comes first; only then is the first alternative taken where nothing that
//! is expected satisfies a dependency. Conflicts are not looked at: the solver heeds them, and a wrong guess
//! only costs a package that could have been spared.

use std::collections::{BTreeSet, VecDeque};

use isoplug_formats::apt::{Relation, relation};

use super::Problem;
use crate::universe::{Id, Universe};

/// Returns the names that an answer probably has.
pub(super) fn expected<'a>(universe: &Universe<'a>, problem: &Problem) -> BTreeSet<&'a str> {
    let mut guess = Guess { universe, problem, names: BTreeSet::new(), open: VecDeque::new() };
    let mut choices = VecDeque::new();
    problem.fixed.iter().for_each(|id| guess.add(*id));
    problem.wanted.iter().for_each(|group| guess.visit(group, &mut choices));
    loop {
        while let Some(id) = guess.open.pop_front() {
            let package = universe.package(id);
            for field in [package.pre_depends, package.depends] {
                let groups = relation::parse(field).unwrap_or_default();
                groups.iter().for_each(|group| guess.visit(group, &mut choices));
            }
        }
        let Some(choice) = choices.pop_front() else { return guess.names };
        if !choice.iter().any(|id| guess.has(*id)) {
            choice.first().into_iter().for_each(|id| guess.add(*id));
        }
    }
}

struct Guess<'g, 'a> {
    universe: &'g Universe<'a>,
    problem: &'g Problem<'g>,
    names: BTreeSet<&'a str>,
    open: VecDeque<Id>,
}

impl Guess<'_, '_> {
    fn has(&self, id: Id) -> bool {
        self.names.contains(self.universe.package(id).name)
    }

    fn add(&mut self, id: Id) {
        if self.names.insert(self.universe.package(id).name) {
            self.open.push_back(id);
        }
    }

    /// Adds what satisfies the group if there is no choice of name, and notes the choice if there is.
    fn visit(&mut self, group: &[Relation], choices: &mut VecDeque<Vec<Id>>) {
        let Problem { removed, preferred, .. } = self.problem;
        let name = |id: &Id| self.universe.package(*id).name;
        let mut ids: Vec<Id> =
            group.iter().flat_map(|relation| self.universe.satisfiers(relation)).collect();
        ids.retain(|id| !removed.contains(name(id)));
        ids.sort_by_key(|id| {
            preferred.iter().position(|preferred| *preferred == name(id)).unwrap_or(usize::MAX)
        });
        let names: BTreeSet<&str> = ids.iter().map(name).collect();
        match names.len() {
            0 => {}
            1 => self.add(ids[0]),
            _ => choices.push_back(ids),
        }
    }
}
