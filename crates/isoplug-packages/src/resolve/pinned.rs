//! Turns offers into locked packages, and finds a locked package among the offers again.

use isoplug_formats::apt::foreign;
use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

use super::Error;
use crate::universe::{Id, Offer, Universe};

/// Locks offers in their order.
pub(super) fn pin(universe: &Universe, ids: &[Id]) -> Result<Vec<LockedPackage>, Error> {
    ids.iter().map(|id| pin_one(universe.offer(*id), universe)).collect()
}

/// Returns the name under which the universe has offers of a locked package, if it has any.
pub(super) fn name<'l>(universe: &Universe<'l>, locked: &'l LockedPackage) -> &'l str {
    universe.name_of(&locked.name, &locked.architecture).unwrap_or(&locked.name)
}

/// Returns the offer that is the locked package to the byte.
pub(super) fn find(universe: &Universe, locked: &LockedPackage) -> Option<Id> {
    universe.named(name(universe, locked)).find(|id| {
        let package = universe.package(*id);
        locked.version == package.version && locked.sha256.eq_ignore_ascii_case(package.sha256)
    })
}

fn bad(offer: &Offer, universe: &Universe, field: &'static str) -> Error {
    Error::BadRecord {
        package: universe.spelled(offer.package.name),
        version: offer.package.version.to_owned(),
        archive: offer.archive.to_owned(),
        field,
    }
}

fn pin_one(offer: &Offer, universe: &Universe) -> Result<LockedPackage, Error> {
    let package = &offer.package;
    let bad = |field| bad(offer, universe, field);
    if package.sha256.len() != 64 || !package.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad("SHA256"));
    }
    if package.size == 0 {
        return Err(bad("Size"));
    }
    Ok(LockedPackage {
        name: PackageName::new(foreign::split(package.name).0).map_err(|_| bad("Package"))?,
        version: Version::new(package.version).map_err(|_| bad("Version"))?,
        architecture: Arch::new(package.architecture).map_err(|_| bad("Architecture"))?,
        source: offer.archive.to_owned(),
        path: ArchivePath::new(package.path).map_err(|_| bad("Filename"))?,
        size: package.size,
        sha256: package.sha256.to_ascii_lowercase(),
    })
}
