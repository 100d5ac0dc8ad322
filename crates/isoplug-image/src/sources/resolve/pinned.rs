//! Turns offers into locked packages, and finds a locked package among the offers again.

use isoplug_manifest::lock::LockedPackage;

use super::Error;
use crate::sources::universe::{Id, Offer, Universe};

/// Locks offers in their order.
pub(super) fn pin(universe: &Universe, ids: &[Id]) -> Result<Vec<LockedPackage>, Error> {
    ids.iter().map(|id| pin_one(universe.offer(*id))).collect()
}

/// Returns the offer that is the locked package to the byte.
pub(super) fn find(universe: &Universe, locked: &LockedPackage) -> Option<Id> {
    universe.named(&locked.name).find(|id| {
        let package = universe.package(*id);
        package.version == locked.version && package.sha256 == locked.sha256
    })
}

fn pin_one(offer: &Offer) -> Result<LockedPackage, Error> {
    let package = &offer.package;
    let bad = |field| Error::BadRecord {
        package: package.name.to_owned(),
        version: package.version.to_owned(),
        archive: offer.archive.to_owned(),
        field,
    };
    if !is_inside(package.path) {
        return Err(bad("Filename"));
    }
    if package.sha256.len() != 64 || !package.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad("SHA256"));
    }
    Ok(LockedPackage {
        name: package.name.to_owned(),
        version: package.version.to_owned(),
        architecture: package.architecture.to_owned(),
        source: offer.archive.to_owned(),
        path: package.path.to_owned(),
        size: package.size,
        sha256: package.sha256.to_owned(),
    })
}

/// A path that leaves the archive must not become part of an address.
fn is_inside(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.split('/').all(plain) && !path.contains(['?', '#', '\\', ' '])
}
