//! Updates a part of what is locked: the rest keeps its versions to the byte.
//!
//! What may move is decided offer by offer, and all other offers of locked names are left out; the solver then moves
//! as much as goes together.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::foreign;
use isoplug_manifest::lock::{LockedImage, LockedPackage};

use super::{Asked, Error, Held, Image, pinned, reach};
use crate::solver::{Problem, Solver, Unsatisfiable};
use crate::universe::{Id, Universe};

/// Which locked packages may get a newer version. What is empty asks for nothing; the rest must hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// These.
    pub packages: BTreeSet<String>,
    /// Those that these sources, suites or pockets have.
    pub sources: BTreeSet<String>,
    /// Those that a suite of security updates has.
    pub security: bool,
}

/// What of a lock may move, in a universe that has what may be chosen.
struct Moves<'u> {
    /// By name, the locked offers, as far as they are still offered.
    locked: BTreeMap<String, BTreeSet<Id>>,
    /// The names that may move.
    free: BTreeSet<String>,
    part: &'u Part,
}

impl Part {
    /// Tells whether a newer version may be taken.
    pub(super) fn allows(&self, universe: &Universe, id: Id) -> bool {
        let Self { packages, sources, security } = self;
        (packages.is_empty() || packages.contains(foreign::split(universe.package(id).name).0))
            && (sources.is_empty() || sources.iter().any(|source| universe.is_from(id, source)))
            && (!security || universe.is_security(id))
    }

    /// Returns what is locked with newer versions of this part, and what of it stays behind.
    pub(super) fn update(
        &self,
        asked: &Asked,
        universe: &Universe,
        solver: &dyn Solver,
        lock: &LockedImage,
    ) -> Result<(LockedImage, Vec<Held>), Error> {
        let moves = Moves::of(self, universe, lock);
        let narrow = universe.keeping(|id| moves.keeps(universe, id));
        let kept = moves.kept(universe, lock);
        let image = asked.image(&narrow, solver, Some(&kept))?;
        let fixed: BTreeSet<Id> = image.locked_ids(kept.groups.iter().flatten()).collect();
        let groups = image.part(&fixed, lock)?;
        let mut held = image.held(&groups, &fixed);
        held.extend(Held::named(self, universe, lock, &moves.free));
        held.sort();
        Ok((image.locked(asked.digest.clone(), &groups)?, held))
    }
}

impl<'u> Moves<'u> {
    fn of(part: &'u Part, universe: &Universe, lock: &LockedImage) -> Self {
        let mut locked: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
        for package in lock.packages() {
            let ids = locked.entry(pinned::name(universe, package).to_owned()).or_default();
            ids.extend(pinned::find(universe, package));
        }
        let is_free = |(name, ids): &(&String, &BTreeSet<Id>)| {
            let newer = universe.named(name).start..ids.first().copied().unwrap_or_default();
            newer.into_iter().any(|id| part.allows(universe, id))
        };
        let free = locked.iter().filter(is_free).map(|(name, _)| name.clone()).collect();
        Self { locked, free, part }
    }

    /// A locked name has its locked version and those that may take its place. If that version is gone, it has all.
    fn keeps(&self, universe: &Universe, id: Id) -> bool {
        let name = universe.package(id).name;
        let Some(ids) = self.locked.get(name) else { return true };
        let Some(first) = ids.first() else { return true };
        ids.contains(&id) || (id < *first && self.part.allows(universe, id))
    }

    /// Returns the lock without what may move.
    fn kept(&self, universe: &Universe, lock: &LockedImage) -> LockedImage {
        let stays = |list: &Vec<LockedPackage>| {
            let is_free = |one: &LockedPackage| self.free.contains(pinned::name(universe, one));
            let stays = list.iter().filter(|package| !is_free(package));
            stays.cloned().collect()
        };
        LockedImage {
            groups: lock.groups.iter().map(stays).collect(),
            boot: stays(&lock.boot),
            drivers: stays(&lock.drivers),
            offline: stays(&lock.offline),
            ..lock.clone()
        }
    }
}

impl Image<'_, '_> {
    fn locked_ids<'l>(
        &'l self,
        packages: impl Iterator<Item = &'l LockedPackage> + 'l,
    ) -> impl Iterator<Item = Id> + 'l {
        packages.filter_map(|package| pinned::find(self.universe, package))
    }

    /// Chooses with what stays as it is; nothing that the rest can do without. The groups stay where nothing moves.
    fn part(&self, fixed: &BTreeSet<Id>, lock: &LockedImage) -> Result<Vec<Vec<Id>>, Error> {
        let all = match self.around(fixed.clone()) {
            Err(error) if !error.gave_up => self.around(BTreeSet::new())?,
            found => found?,
        };
        let ids = |group: &Vec<LockedPackage>| self.locked_ids(group.iter()).collect();
        let locked: Vec<Vec<Id>> = lock.groups.iter().map(ids).collect();
        if locked.iter().flatten().copied().collect::<BTreeSet<Id>>() == all {
            return Ok(locked);
        }
        let base = self.base_of(&all)?;
        let rest = all.difference(&base).copied().collect();
        Ok(vec![base.into_iter().collect(), rest])
    }

    fn around(&self, fixed: BTreeSet<Id>) -> Result<BTreeSet<Id>, Unsatisfiable> {
        let problem = self.with_optional(Problem { fixed, ..self.problem() })?;
        let all = self.solve(&problem)?;
        let recommends = self.request.recommends;
        let needed = reach::from_wishes(self.universe, &all, &problem.wanted, recommends);
        Ok(all.intersection(&needed).copied().collect())
    }

    /// Returns the Essential set within a chosen one.
    fn base_of(&self, all: &BTreeSet<Id>) -> Result<BTreeSet<Id>, Unsatisfiable> {
        let (wanted, favoured) = (self.essential(), all.clone());
        let problem = Problem { wanted, favoured, ..self.problem() };
        match self.solver.solve(self.universe, &problem) {
            Ok(base) if base.is_subset(all) => Ok(base),
            Err(error) if error.gave_up => Err(error),
            _ => Ok(reach::from_wishes(self.universe, all, &self.essential(), false)),
        }
    }
}
