//! Chooses what drivers are compiled from and with: their packages, a compiler, and the headers of each kernel.
//!
//! They are installed over the Essential set alone, so that nothing else of an image compiles its drivers anew.

use std::collections::BTreeSet;

use isoplug_formats::apt::{Operator, Relation};
use isoplug_manifest::package::kernel_version;

use super::{Error, Image, pinned, wish};
use crate::request::Request;
use crate::solver::Problem;
use crate::universe::Id;

/// What compiles, beside what the packages of drivers and of headers ask for themselves: DKMS only recommends it, since
/// it does not know where it will run.
const COMPILER: [&str; 2] = ["gcc", "libc6-dev"];

/// Returns what is installed for drivers, as a request of its own; without drivers, an empty one.
pub(super) fn request(request: &Request) -> Request {
    let compiler = COMPILER.iter().map(|&name| name.to_owned());
    let compiler = compiler.filter(|_| !request.drivers.is_empty());
    Request {
        suites: request.suites.clone(),
        install: request.drivers.iter().cloned().chain(compiler).collect(),
        ..Request::default()
    }
}

impl Image<'_, '_> {
    /// Returns what is installed over the first of the groups to compile the drivers for the kernels in all of them.
    pub(super) fn drivers(&self, groups: &[Vec<Id>]) -> Result<Vec<Id>, Error> {
        if self.drivers.is_empty() {
            return Ok(Vec::new());
        }
        let headers = groups.iter().flatten().map(|&id| self.headers(id));
        let headers = headers.collect::<Result<Vec<_>, Error>>()?.into_iter().flatten();
        let headers: Vec<_> = headers.map(|headers| vec![headers]).collect();
        if headers.is_empty() {
            return Err(Error::NoKernel);
        }
        let drivers = self.drivers.iter().cloned();
        let wanted = self.essential().into_iter().chain(drivers).chain(headers).collect();
        let fixed: BTreeSet<Id> = groups.first().into_iter().flatten().copied().collect();
        // The same version as in the image, where both have a package.
        let locked = self.lock.iter().flat_map(|lock| &lock.drivers);
        let locked = locked.filter_map(|package| pinned::find(self.universe, package));
        let favoured = groups.iter().flatten().copied().chain(locked).collect();
        let removed = BTreeSet::new();
        let problem = Problem { wanted, fixed: fixed.clone(), favoured, removed, ..self.problem() };
        let all = self.solver.solve(self.universe, &problem)?;
        Ok(all.difference(&fixed).copied().collect())
    }

    /// Returns the headers of the kernel that a package brings, if it brings one: of its own version, or else the newest.
    fn headers(&self, kernel: Id) -> Result<Option<Relation<'_>>, Error> {
        let kernel = self.universe.package(kernel);
        let Some(version) = kernel_version(kernel.name) else { return Ok(None) };
        let name = format!("linux-headers-{version}");
        let offers = || self.universe.named(&name).map(|id| self.universe.package(id));
        let same = offers().find(|headers| headers.version == kernel.version);
        let Some(headers) = same.or_else(|| offers().next()) else {
            return Err(Error::NoHeaders { kernel: version.to_owned(), headers: name });
        };
        let version = Some((Operator::Equal, headers.version));
        Ok(Some(Relation { version, ..wish::plain(headers.name) }))
    }
}
