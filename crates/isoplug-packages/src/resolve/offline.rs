//! Chooses what lies on the medium beside the image: packages with what they need and the image does not have.

use std::collections::BTreeSet;

use super::{Error, Image, pinned, wish};
use crate::request::Request;
use crate::solver::Problem;
use crate::universe::Id;

/// Returns what lies on the medium, as a request of its own.
pub(super) fn request(request: &Request) -> Request {
    Request {
        suites: request.suites.clone(),
        install: request.offline.clone(),
        ..Request::default()
    }
}

impl Image<'_, '_> {
    /// Returns what the image must get to have the packages of the medium, too, so that all of them can be installed
    /// there at once: beside what is installed, or, where a wish asks for another version of that, in its place.
    pub(super) fn offline(&self, groups: &[Vec<Id>]) -> Result<Vec<Id>, Error> {
        if self.offline.is_empty() {
            return Ok(Vec::new());
        }
        let installed: BTreeSet<Id> = groups.iter().flatten().copied().collect();
        let locked = self.lock.iter().flat_map(|lock| &lock.offline);
        let locked = locked.filter_map(|package| pinned::find(self.universe, package));
        let image = self.problem();
        let beside = Problem {
            wanted: image.wanted.into_iter().chain(self.offline.iter().cloned()).collect(),
            fixed: installed.clone(),
            favoured: image.favoured.into_iter().chain(locked).collect(),
            ..image
        };
        let all = self.solve(&beside).or_else(|error| match error.gave_up {
            true => Err(error),
            false => self.solve(&self.upgrading(beside, &installed)).map_err(|_| error),
        })?;
        Ok(all.difference(&installed).copied().collect())
    }

    /// Returns the problem with other versions of what is installed, where a wish asks for one; nothing is removed by it.
    fn upgrading<'p>(&'p self, beside: Problem<'p>, installed: &BTreeSet<Id>) -> Problem<'p> {
        let names = installed.iter().map(|id| self.universe.package(*id).name);
        Problem {
            wanted: beside
                .wanted
                .into_iter()
                .chain(names.map(|name| vec![wish::plain(name)]))
                .collect(),
            fixed: BTreeSet::new(),
            favoured: beside.favoured.into_iter().chain(installed.iter().copied()).collect(),
            ..beside
        }
    }
}
