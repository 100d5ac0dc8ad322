//! Resolves a request to locked packages in ordered install groups.
//!
//! Group 0 is the Essential set, which is the same for every image that has the same sources.
//! Group 1 is the rest. A request that grew adds a group and changes nothing before it, so that
//! the layers of the earlier groups stay valid; any other change resolves anew.

mod drivers;
mod error;
mod held;
mod nearest;
mod offline;
mod part;
mod pinned;
mod reach;
mod reasons;
mod wish;

use std::collections::BTreeSet;

use isoplug_formats::apt::Relation;
use isoplug_manifest::lock::{LockedImage, LockedPackage};

pub use error::{Error, UnknownPackage};
pub use held::Held;
pub use part::Part;
pub use reasons::{Reason, reasons};

use super::request::Request;
use super::solver::{Limits, Problem, Solver, Unsatisfiable, add_possible, solve_with_recommends};
use super::universe::{Id, Universe};

/// Resolves a request. A lock whose request is the same is returned as it is; else the epoch is
/// left to the caller, who knows the sources.
///
/// # Errors
///
/// When a wish names what no source has, or the packages cannot be together.
pub fn resolve(
    request: &Request,
    universe: &Universe,
    solver: &dyn Solver,
    lock: Option<&LockedImage>,
) -> Result<LockedImage, Error> {
    if let Some(lock) = lock.filter(|lock| lock.request == request.digest()) {
        return Ok(lock.clone());
    }
    if !universe.unmet().is_empty() {
        return Err(Error::UnmetPins(universe.unmet().to_vec()));
    }
    let asked = Asked::of(request);
    let image = asked.image(universe, solver, lock)?;
    let groups = match image.grown()? {
        Some(groups) => groups,
        None => image.fresh()?,
    };
    image.locked(request.digest(), &groups)
}

/// Resolves a request anew: all of it, or of what is locked a part. What stays behind is told.
///
/// # Errors
///
/// As [`resolve`].
pub fn renew(
    request: &Request,
    universe: &Universe,
    solver: &dyn Solver,
    part: Option<(&LockedImage, &Part)>,
) -> Result<(LockedImage, Vec<Held>), Error> {
    if !universe.unmet().is_empty() {
        return Err(Error::UnmetPins(universe.unmet().to_vec()));
    }
    let asked = Asked::of(request);
    if let Some((lock, part)) = part {
        return part.update(&asked, universe, solver, lock);
    }
    let image = asked.image(universe, solver, None)?;
    let groups = image.fresh()?;
    let held = image.held(&groups, &BTreeSet::new());
    Ok((image.locked(request.digest(), &groups)?, held))
}

/// A request without what cannot matter, and what it asks for beside the image, as requests of their own.
struct Asked {
    digest: String,
    request: Request,
    drivers: Request,
    offline: Request,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let (digest, request) = (request.digest(), request.canonical());
        let (drivers, offline) = (drivers::request(&request), offline::request(&request));
        Self { digest, request, drivers, offline }
    }

    fn image<'r, 'a>(
        &'r self,
        universe: &'r Universe<'a>,
        solver: &'r dyn Solver,
        lock: Option<&'r LockedImage>,
    ) -> Result<Image<'r, 'a>, Error> {
        Ok(Image {
            request: &self.request,
            wanted: wish::relations(&self.request, universe)?,
            optional: wish::optional(&self.request, universe),
            drivers: wish::relations(&self.drivers, universe)?,
            offline: wish::relations(&self.offline, universe)?,
            universe,
            solver,
            lock,
            limits: Limits::from_now(),
        })
    }
}

struct Image<'r, 'a> {
    request: &'r Request,
    wanted: Vec<Vec<Relation<'r>>>,
    optional: Vec<Vec<Relation<'r>>>,
    drivers: Vec<Vec<Relation<'r>>>,
    offline: Vec<Vec<Relation<'r>>>,
    universe: &'r Universe<'a>,
    solver: &'r dyn Solver,
    lock: Option<&'r LockedImage>,
    limits: Limits,
}

impl<'r> Image<'r, '_> {
    /// Locks groups with what lies beside them; `request` is the digest of what was asked for.
    fn locked(&self, request: String, groups: &[Vec<Id>]) -> Result<LockedImage, Error> {
        let (drivers, offline) = (self.drivers(groups)?, self.offline(groups)?);
        let pinned = groups.iter().map(|group| pinned::pin(self.universe, group));
        Ok(LockedImage {
            request,
            epoch: 0,
            groups: pinned.collect::<Result<_, _>>()?,
            boot: self.boot()?,
            drivers: pinned::pin(self.universe, &drivers)?,
            offline: pinned::pin(self.universe, &offline)?,
        })
    }

    /// Keeps all that the lock has and adds what is new as one more group; `None` if a locked
    /// package is gone, is no longer needed, or stands in the way.
    fn grown(&self) -> Result<Option<Vec<Vec<Id>>>, Error> {
        let Some(mut groups) = self.locked_groups() else { return Ok(None) };
        let kept: BTreeSet<Id> = groups.iter().flatten().copied().collect();
        let problem = Problem { fixed: kept.clone(), ..self.problem() };
        let solved = self.with_optional(problem).and_then(|problem| {
            let all = self.solve(&problem)?;
            Ok((problem, all))
        });
        let (problem, all) = match solved {
            Ok(solved) => solved,
            Err(error) if error.gave_up => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let needed =
            reach::from_wishes(self.universe, &all, &problem.wanted, self.request.recommends);
        let added: Vec<Id> = all.difference(&kept).copied().collect();
        if !added.is_empty() {
            groups.push(added);
        }
        Ok(kept.is_subset(&needed).then_some(groups))
    }

    fn locked_groups(&self) -> Option<Vec<Vec<Id>>> {
        let find = |package| pinned::find(self.universe, package);
        let groups = self.lock?.groups.iter();
        groups.map(|group| group.iter().map(find).collect()).collect()
    }

    /// Resolves without regard to groups, but keeps locked versions where that is possible.
    fn fresh(&self) -> Result<Vec<Vec<Id>>, Error> {
        let base_problem = Problem { wanted: self.essential(), ..self.problem() };
        if base_problem.wanted.is_empty() {
            return Err(Error::NoEssential(self.request.architecture.clone()));
        }
        let base = self.solver.solve(self.universe, &base_problem)?;
        let on_base = Problem { fixed: base.clone(), ..self.problem() };
        let whole = |problem| self.solve(&self.with_optional(problem)?);
        let (base, all) = match whole(on_base) {
            Ok(all) => (base, all),
            Err(error) if error.gave_up => return Err(error.into()),
            // The request wants another Essential set than the one that comes of itself.
            Err(_) => {
                let all = whole(self.problem())?;
                (reach::from_wishes(self.universe, &all, &self.essential(), false), all)
            }
        };
        let rest = all.difference(&base).copied().collect();
        Ok(vec![base.into_iter().collect(), rest])
    }

    fn solve(&self, problem: &Problem) -> Result<BTreeSet<Id>, Unsatisfiable> {
        match self.request.recommends {
            true => solve_with_recommends(self.solver, self.universe, problem),
            false => self.solver.solve(self.universe, problem),
        }
    }

    /// Returns the problem with what is optional and can be had.
    fn with_optional<'p>(&'p self, mut problem: Problem<'p>) -> Result<Problem<'p>, Unsatisfiable> {
        if !self.optional.is_empty() {
            let mut chosen = self.solver.solve(self.universe, &problem)?;
            let Self { solver, universe, optional, .. } = self;
            add_possible(*solver, universe, &mut problem, &mut chosen, optional)?;
        }
        Ok(problem)
    }

    fn problem(&self) -> Problem<'_> {
        let locked = self.lock.iter().flat_map(|lock| lock.groups.iter().flatten());
        Problem {
            wanted: self.essential().into_iter().chain(self.wanted.iter().cloned()).collect(),
            fixed: BTreeSet::new(),
            removed: self.request.remove.iter().map(|name| self.offered_as(name)).collect(),
            preferred: self.request.prefer.iter().map(|name| self.offered_as(name)).collect(),
            favoured: locked.filter_map(|package| pinned::find(self.universe, package)).collect(),
            limits: self.limits,
        }
    }

    /// Returns the name of offers that `name` or `name:architecture` means.
    fn offered_as(&self, name: &'r str) -> &'r str {
        let offered = name.split_once(':').and_then(|(name, of)| self.universe.name_of(name, of));
        offered.unwrap_or(name)
    }

    fn essential(&self) -> Vec<Vec<Relation<'_>>> {
        let names = self.universe.essential().map(|id| self.universe.package(id).name);
        let kept = names.filter(|name| !self.request.remove.iter().any(|removed| removed == name));
        kept.map(|name| vec![wish::plain(name)]).collect()
    }

    /// Returns the boot packages: the locked version if it is still offered, else the newest.
    fn boot(&self) -> Result<Vec<LockedPackage>, Error> {
        let locked: Vec<Id> = self
            .lock
            .iter()
            .flat_map(|lock| &lock.boot)
            .filter_map(|package| pinned::find(self.universe, package))
            .collect();
        let choose = |name: &String| {
            let mut offers = self.universe.named(name);
            let first = offers.start;
            offers.find(|id| locked.contains(id)).unwrap_or(first)
        };
        let chosen: Vec<Id> = self.request.boot.iter().map(choose).collect();
        pinned::pin(self.universe, &chosen)
    }
}

#[cfg(test)]
mod tests;
