//! The systems that a medium installs, each compared as the live system is.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;

use crate::image::Image;
use crate::look::owners::Owners;
use crate::target::Target;

use super::{Fact, FileChange, PackageChange, files, packages, system};

/// A system that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TargetChange {
    /// Its name.
    pub name: String,
    /// `added`, `removed` or `changed`.
    pub way: &'static str,
    /// Its packages.
    pub packages: Vec<PackageChange>,
    /// Its files, without those that differ in the live system in the same way.
    pub files: Vec<FileChange>,
    /// How many differ in the live system in the same way.
    pub as_live: usize,
    /// Units, users, names.
    pub system: Vec<Fact>,
}

/// Compares the systems of two media; `live` is what differs in the live system.
pub(super) fn compare(a: &Image, b: &Image, live: &[FileChange]) -> io::Result<Vec<TargetChange>> {
    let by_name = |image: &Image| -> BTreeSet<String> {
        image.targets.iter().map(|target| target.name.clone()).collect()
    };
    let live: BTreeMap<&str, &FileChange> = live.iter().map(|file| (&*file.path, file)).collect();
    let mut found = Vec::new();
    for name in by_name(a).union(&by_name(b)) {
        let of = |image: &'_ Image| image.targets.iter().position(|target| target.name == *name);
        let one = |way| TargetChange { name: name.clone(), way, ..TargetChange::default() };
        found.extend(match (of(a), of(b)) {
            (Some(old), Some(new)) => changed(&a.targets[old], &b.targets[new], &live)?,
            (Some(_), None) => Some(one("removed")),
            _ => Some(one("added")),
        });
    }
    Ok(found)
}

fn changed(
    a: &Target,
    b: &Target,
    live: &BTreeMap<&str, &FileChange>,
) -> io::Result<Option<TargetChange>> {
    let owners = [a, b].map(|target| Owners::read(&target.root));
    let packages = packages::compare(&a.packages, &b.packages);
    let all = files::compare(&a.root, &b.root, &owners, &packages)?.changes;
    let (as_live, files): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|file| live.get(&*file.path).is_some_and(|it| *it == file));
    let system = system::compare(&(&a.root).into(), &(&b.root).into());
    let (name, way, as_live) = (a.name.clone(), "changed", as_live.len());
    let change = TargetChange { name, way, packages, files, as_live, system };
    let TargetChange { packages, files, as_live, system, .. } = &change;
    let differs = packages.len() + files.len() + as_live + system.len() > 0;
    Ok(differs.then_some(change))
}
