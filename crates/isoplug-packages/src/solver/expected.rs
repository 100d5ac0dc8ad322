//! Guesses which packages an answer will have, so that a choice falls on one that is there anyway.
//!
//! What has no choice comes first; only then is the first alternative taken where nothing that
//! is expected satisfies a dependency. A choice that another one makes needless later was made too early: it is put
//! off, and the guess begins anew. Conflicts are not looked at: the solver heeds them, and a wrong guess
//! only costs a package that could have been spared.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use isoplug_formats::apt::{Relation, relation};

use super::Problem;
use crate::universe::{Id, Universe};

/// How often the guess begins anew at most. Each round puts off at least one choice more.
const ROUNDS: usize = 8;

/// Returns the packages that an answer probably has, one of each name. Another version of one of them is not there: it may
/// provide what this one does not.
pub(super) fn expected(universe: &Universe, problem: &Problem) -> BTreeSet<Id> {
    let mut needs = Needs { universe, problem, known: BTreeMap::new() };
    let (mut late, mut rounds) = (BTreeSet::new(), 1);
    loop {
        let guess = Guess::make(&mut needs, &late);
        let before = late.len();
        late.extend(guess.too_early());
        if late.len() == before || rounds == ROUNDS {
            return guess.added;
        }
        rounds += 1;
    }
}

/// What packages need, which every round asks again.
struct Needs<'g, 'a> {
    universe: &'g Universe<'a>,
    problem: &'g Problem<'g>,
    known: BTreeMap<Id, Rc<[Vec<Id>]>>,
}

impl Needs<'_, '_> {
    /// Returns for each dependency of a package what satisfies it.
    fn of(&mut self, id: Id) -> Rc<[Vec<Id>]> {
        if let Some(known) = self.known.get(&id) {
            return Rc::clone(known);
        }
        let package = self.universe.package(id);
        let fields = [package.pre_depends, package.depends];
        let groups = fields.iter().flat_map(|field| relation::parse(field).unwrap_or_default());
        let needs: Rc<[Vec<Id>]> = groups.map(|group| self.satisfiers(&group)).collect();
        self.known.insert(id, Rc::clone(&needs));
        needs
    }

    /// Returns what satisfies one of the alternatives and is not removed, the first to choose in front.
    fn satisfiers(&self, group: &[Relation]) -> Vec<Id> {
        let Problem { removed, preferred, .. } = self.problem;
        let name = |id: &Id| self.universe.package(*id).name;
        let mut ids: Vec<Id> =
            group.iter().flat_map(|relation| self.universe.satisfiers(relation)).collect();
        if !removed.is_empty() {
            ids.retain(|id| !removed.contains(name(id)));
        }
        if !preferred.is_empty() {
            ids.sort_by_key(|id| {
                preferred.iter().position(|preferred| *preferred == name(id)).unwrap_or(usize::MAX)
            });
        }
        ids
    }
}

struct Guess<'g, 'a> {
    universe: &'g Universe<'a>,
    /// One package of each name that is in it, and whether a name is, by its number.
    added: BTreeSet<Id>,
    has: Vec<bool>,
    open: VecDeque<Id>,
    /// The choices in which nothing satisfied a dependency, and so the first was taken.
    taken: Vec<Vec<Id>>,
}

impl<'g, 'a> Guess<'g, 'a> {
    /// Guesses, with these choices after all others.
    fn make(needs: &mut Needs<'g, 'a>, late: &BTreeSet<Vec<Id>>) -> Self {
        let (universe, problem) = (needs.universe, needs.problem);
        let (added, has) = (BTreeSet::new(), vec![false; universe.len()]);
        let mut guess = Self { universe, added, has, open: VecDeque::new(), taken: Vec::new() };
        let (mut choices, mut last) = (VecDeque::new(), VecDeque::new());
        problem.fixed.iter().for_each(|id| guess.add(*id));
        problem.wanted.iter().for_each(|group| guess.visit(&needs.satisfiers(group), &mut choices));
        loop {
            guess.close(needs, &mut choices);
            let Some(choice) = choices.pop_front().or_else(|| last.pop_front()) else {
                return guess;
            };
            if late.contains(&choice) && !choices.is_empty() {
                last.push_back(choice);
            } else if !choice.iter().any(|id| guess.has(*id)) {
                choice.first().into_iter().for_each(|id| guess.add(*id));
                guess.taken.push(choice);
            }
        }
    }

    /// Adds what the packages so far need, and notes the choices among it.
    fn close(&mut self, needs: &mut Needs<'g, 'a>, choices: &mut VecDeque<Vec<Id>>) {
        while let Some(id) = self.open.pop_front() {
            needs.of(id).iter().for_each(|ids| self.visit(ids, choices));
        }
    }

    /// The choices in which another alternative came after the first was taken.
    fn too_early(&self) -> impl Iterator<Item = Vec<Id>> {
        let number = |id: &Id| self.universe.name_number(*id);
        let other = move |choice: &&Vec<Id>| {
            choice.iter().any(|id| number(id) != number(&choice[0]) && self.has(*id))
        };
        self.taken.iter().filter(other).cloned()
    }

    fn has(&self, id: Id) -> bool {
        self.added.contains(&id)
    }

    fn add(&mut self, id: Id) {
        if !std::mem::replace(&mut self.has[self.universe.name_number(id)], true) {
            self.added.insert(id);
            self.open.push_back(id);
        }
    }

    /// Adds what satisfies a dependency if there is no choice of name, and notes the choice if there is.
    fn visit(&mut self, ids: &[Id], choices: &mut VecDeque<Vec<Id>>) {
        let Some((first, rest)) = ids.split_first() else { return };
        let number = self.universe.name_number(*first);
        match rest.iter().all(|id| self.universe.name_number(*id) == number) {
            true => self.add(*first),
            false => choices.push_back(ids.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Index;

    /// Returns what is guessed of packages, given as `name: dependencies`, for some wishes.
    fn guess(packages: &[&str], wishes: &str) -> String {
        let text: Vec<String> = packages
            .iter()
            .map(|package| {
                let (name, rest) = package.split_once(": ").unwrap();
                let (depends, provides) = rest.split_once("; ").unwrap_or((rest, ""));
                format!(
                    "Package: {name}\nVersion: 1\nArchitecture: all\nDepends: {depends}\n\
                     Provides: {provides}\n"
                )
            })
            .collect();
        let text = text.join("\n");
        let indices = [Index { distribution: true, pin: 500, text, ..Index::default() }];
        let universe = Universe::new(&indices, "amd64");
        let wanted = relation::parse(wishes).unwrap();
        named(&universe, &Problem { wanted, ..Problem::default() })
    }

    fn named(universe: &Universe, problem: &Problem) -> String {
        let names = expected(universe, problem).into_iter().map(|id| universe.package(id).name);
        names.collect::<Vec<_>>().join(" ")
    }

    /// What the other version provides is not there.
    #[test]
    fn another_version_of_what_comes_spares_nothing() {
        let index = |pin, text: &str| Index { pin, text: text.to_owned(), ..Index::default() };
        let stanza = |name, version, more| {
            format!("Package: {name}\nVersion: {version}\nArchitecture: all\n{more}\n\n")
        };
        let old =
            [stanza("app", 1, "Depends: mesa"), stanza("mesa", 1, ""), stanza("drivers", 1, "")];
        let new = stanza("mesa", 2, "Provides: driver");
        let indices = [index(500, &old.concat()), index(100, &new)];
        let universe = Universe::new(&indices, "amd64");
        let wanted = relation::parse("app, drivers | driver").unwrap();
        let problem = Problem { wanted, ..Problem::default() };
        assert_eq!(named(&universe, &problem), "app drivers mesa");
    }

    #[test]
    fn an_alternative_that_comes_anyway_spares_the_first() {
        let packages =
            ["cron: ", "systemd-cron: ", "backup: cron | systemd-cron", "os: systemd-cron"];
        assert_eq!(guess(&packages, "backup"), "backup cron");
        assert_eq!(guess(&packages, "backup, os"), "backup os systemd-cron");
    }

    #[test]
    fn one_that_comes_by_a_later_choice_spares_it_too() {
        let packages = [
            "cron: ",
            "systemd-cron: ",
            "backup: cron | systemd-cron",
            "first: systemd-cron",
            "second: ",
            "os: first | second",
        ];
        assert_eq!(guess(&packages, "backup, os"), "backup first os systemd-cron");
    }

    #[test]
    fn choices_that_would_spare_each_other_end() {
        let packages = ["a: ", "b: ", "x: a | b", "y: b | a"];
        assert_eq!(guess(&packages, "x, y"), "a x y");
        let packages = ["a: d", "b: c", "c: ", "d: ", "x: a | c", "y: b | d"];
        assert_eq!(guess(&packages, "x, y"), "a d x y");
    }
}
