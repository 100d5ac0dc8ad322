//! Why a package stays at its version though a source has one that would come first: what holds it, in one line.

use std::collections::BTreeSet;

use isoplug_formats::apt::{Relation, foreign, relation, version};
use isoplug_manifest::lock::LockedImage;

use super::{Image, Part, pinned};
use crate::solver::Problem;
use crate::universe::{Id, Universe};

/// How many packages the solver is asked about, where no single relation tells.
const ASKED: usize = 10;

/// A package that stays behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Its name.
    pub package: String,
    /// The version that it stays at.
    pub version: String,
    /// The version that it would have; none if no source has a newer one.
    pub offered: Option<String>,
    /// What holds it, for people.
    pub because: String,
}

impl Held {
    /// Tells of the packages that a part names and that have no version to move to.
    pub(super) fn named(
        part: &Part,
        universe: &Universe,
        lock: &LockedImage,
        free: &BTreeSet<String>,
    ) -> Vec<Self> {
        let named =
            |name: &str| part.packages.contains(foreign::split(name).0) && !free.contains(name);
        let mut packages: Vec<_> =
            lock.packages().map(|one| (pinned::name(universe, one), &*one.version)).collect();
        packages.sort();
        packages.dedup();
        let held =
            packages.into_iter().filter(|(name, _)| named(name)).map(|(package, version)| {
                let (offered, because) = kept_out(part, universe, package, version);
                let (package, version) = (universe.spelled(package), version.to_owned());
                Self { package, version, offered, because }
            });
        held.collect()
    }
}

/// Says why no newer version of a package may be taken.
fn kept_out(part: &Part, universe: &Universe, name: &str, is: &str) -> (Option<String>, String) {
    let is_newer = |id: &Id| version::compare(universe.package(*id).version, is).is_gt();
    let newer: Vec<Id> = universe.named(name).filter(is_newer).collect();
    let Some(&first) = newer.first() else {
        let because = match universe.refuses(name) {
            true => "a priority below 0 keeps its other versions out",
            false => "no source has a newer version",
        };
        return (None, because.to_owned());
    };
    let offer = universe.offer(first);
    let because = match newer.iter().find(|id| part.allows(universe, **id)) {
        None => format!("only {} has it, which was not asked for", offer.suite),
        Some(&allowed) => {
            let allowed = universe.offer(allowed);
            let before = universe.named(name).next().map(|id| universe.offer(id).pin);
            let before = before.unwrap_or_default();
            format!("{} has priority {}, and {is} has {before}", allowed.suite, allowed.pin)
        }
    };
    (Some(offer.package.version.to_owned()), because)
}

impl Image<'_, '_> {
    /// Returns the chosen packages of which a version that comes first is not taken. `fixed` is what had to stay.
    pub(super) fn held(&self, groups: &[Vec<Id>], fixed: &BTreeSet<Id>) -> Vec<Held> {
        let all: BTreeSet<Id> = groups.iter().flatten().copied().collect();
        let target = |id: &Id| self.universe.named(self.universe.package(*id).name).start;
        let behind = all.iter().map(|id| (*id, target(id))).filter(|(id, target)| id != target);
        let mut left = ASKED;
        let held = behind.map(|(id, target)| {
            let [is, offered] = [id, target].map(|id| self.universe.package(id));
            Held {
                package: self.universe.spelled(is.name),
                version: is.version.to_owned(),
                offered: Some(offered.version.to_owned()),
                because: self.universe.spelled(&self.because(id, target, &all, fixed, &mut left)),
            }
        });
        held.collect()
    }

    fn because(
        &self,
        id: Id,
        target: Id,
        all: &BTreeSet<Id>,
        fixed: &BTreeSet<Id>,
        left: &mut usize,
    ) -> String {
        let holder = Holder { universe: self.universe, all, id, target };
        let found = holder.wish(&self.wanted).or_else(|| holder.own());
        let found = found.or_else(|| holder.foe()).or_else(|| holder.others());
        found.unwrap_or_else(|| match left.checked_sub(1) {
            None => "it does not go with the rest".to_owned(),
            Some(fewer) => {
                *left = fewer;
                let fixed = fixed.iter().copied().chain([target]).collect();
                let solved = self.solve(&Problem { fixed, ..self.problem() });
                solved.err().map_or_else(|| "the solver chose otherwise".to_owned(), |e| e.reason)
            }
        })
    }
}

/// Looks for the one relation that keeps a package from its target.
struct Holder<'h, 'a> {
    universe: &'h Universe<'a>,
    all: &'h BTreeSet<Id>,
    id: Id,
    target: Id,
}

impl Holder<'_, '_> {
    fn chosen(&self, relation: &Relation) -> impl Iterator<Item = Id> {
        let found = self.universe.satisfiers(relation).into_iter();
        found.filter(|id| self.all.contains(id))
    }

    /// Tells whether relations are met now and would not be by the target.
    fn loses(&self, group: &[Relation]) -> bool {
        let mut others = group.iter().flat_map(|relation| self.chosen(relation));
        let target = || group.iter().flat_map(|relation| self.universe.satisfiers(relation));
        others.all(|id| id == self.id)
            && group.iter().any(|relation| self.chosen(relation).any(|id| id == self.id))
            && !target().any(|id| id == self.target)
    }

    /// The manifest asks for this version.
    fn wish(&self, wanted: &[Vec<Relation>]) -> Option<String> {
        let wish = wanted.iter().find(|group| self.loses(group))?;
        Some(format!("the manifest asks for {}", shown(wish)))
    }

    /// What the target asks for is not there.
    fn own(&self) -> Option<String> {
        let groups = needs(self.universe, self.target);
        let mut lacking = groups.into_iter().filter(|group| {
            !group.iter().any(|one| self.universe.satisfiers(one).contains(&self.target))
                && group.iter().all(|one| self.chosen(one).next().is_none())
        });
        let is_there = |relation: &Relation| {
            self.all.iter().find(|id| self.universe.package(**id).name == relation.name)
        };
        lacking.find_map(|group| {
            let stays = self.universe.package(*group.iter().find_map(is_there)?);
            let (needs, name, version) = (shown(&group), stays.name, stays.version);
            Some(format!("it needs {needs}, and {name} stays at {version}"))
        })
    }

    /// What the target does not go with is there.
    fn foe(&self) -> Option<String> {
        foes(self.universe, self.target).into_iter().find_map(|relation| {
            let stays = self.chosen(&relation).find(|id| *id != self.id)?;
            let stays = self.universe.package(stays);
            let (name, version) = (stays.name, stays.version);
            Some(format!("it does not go with {relation}, and {name} stays at {version}"))
        })
    }

    /// What is there needs the version that is there, or does not go with the target.
    fn others(&self) -> Option<String> {
        self.all.iter().filter(|id| **id != self.id).find_map(|other| {
            let package = self.universe.package(*other);
            let title = format!("{} {}", package.name, package.version);
            let needs = needs(self.universe, *other).into_iter().find(|group| self.loses(group));
            let needs = needs.map(|group| format!("{title} needs {}", shown(&group)));
            needs.or_else(|| {
                let is_target =
                    |one: &Relation| self.universe.satisfiers(one).contains(&self.target);
                let foe = foes(self.universe, *other).into_iter().find(is_target)?;
                Some(format!("{title} does not go with {foe}"))
            })
        })
    }
}

fn needs<'a>(universe: &Universe<'a>, id: Id) -> Vec<Vec<Relation<'a>>> {
    let package = universe.package(id);
    let fields = [package.pre_depends, package.depends].into_iter();
    fields.flat_map(|field| relation::parse(field).unwrap_or_default()).collect()
}

fn foes<'a>(universe: &Universe<'a>, id: Id) -> Vec<Relation<'a>> {
    let package = universe.package(id);
    let fields = [package.conflicts, package.breaks].into_iter();
    fields.flat_map(|field| relation::parse_list(field).unwrap_or_default()).collect()
}

fn shown(group: &[Relation]) -> String {
    group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}
