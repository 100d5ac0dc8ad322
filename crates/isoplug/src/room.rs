//! Tells before a build that the disk of the store will hardly hold what it makes. An estimate: a full disk is an error of
//! its own, when it comes.

use isoplug_engine::{ArtifactId, Graph, Store, Unit, plan_targets};
use isoplug_image::image::Image;
use isoplug_manifest::{Diagnostic, Diagnostics};

use crate::prepare::Prepared;
use crate::progress::amount;

/// How many times the bytes of its packages a build from nothing takes at the most: measured 5.6 for a minimal image, 8.7
/// for GNOME with what it recommends.
const FROM_NOTHING: u64 = 9;

/// The same where the system is installed already: the squashfs, its blocks that are kept, and the ISO.
const FROM_SYSTEM: u64 = 4;

/// Returns a warning if the store's disk has less room than a build is likely to take.
pub(crate) fn warning(graph: &Graph, prepared: &Prepared) -> Diagnostics {
    let Prepared { image, products, store, .. } = prepared;
    let packages = packed(image);
    // A disk that cannot be asked is not warned of.
    let Ok(disk) = rustix::fs::statvfs(store.root()) else { return Diagnostics::default() };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= packages * FROM_NOTHING {
        return Diagnostics::default();
    }
    let system = products.layers.last().map(|layer| layer.id());
    let needed = match (
        is_made(system.as_slice(), graph, store),
        is_made(&[products.iso.id()], graph, store),
    ) {
        (true, _) => packages * FROM_NOTHING,
        (false, true) => packages * FROM_SYSTEM,
        (false, false) => 0,
    };
    let warning = (needed > free).then(|| too_little(needed, free, prepared));
    Diagnostics { list: warning.into_iter().collect(), ..Diagnostics::default() }
}

/// Returns how many bytes the packages of an image have, as they are fetched.
fn packed(image: &Image) -> u64 {
    let locked = &image.locked;
    locked.packages().map(|package| package.size).sum()
}

/// Tells whether a build would make one of these, as far as that is known.
pub(crate) fn is_made(targets: &[ArtifactId], graph: &Graph, store: &Store) -> bool {
    let plan = plan_targets(graph, targets, store);
    plan.is_ok_and(|plan| plan.stages.iter().any(|row| row.state.cached() != Some(true)))
}

fn too_little(needed: u64, free: u64, prepared: &Prepared) -> Diagnostic {
    let [needed, free] = [needed, free].map(|bytes| amount(bytes, Unit::Bytes));
    let store = prepared.store.root().display();
    let message = format!(
        "{} takes about {needed} in the store, whose disk has {free} left: {store}",
        prepared.image.name
    );
    Diagnostic::warning("little-room", message)
        .help("`isoplug cache gc` removes what no build used lately; `--store DIR` keeps it on another disk")
}
