//! Wires the archive of packages for later, which lies on the medium or in a target.

use isoplug_engine::{Artifact, Blob, Graph};

use crate::image::Image;
use crate::stages::pool::{self, Pool};

/// Adds the archive, if there are such packages.
pub(super) fn add(
    image: &Image,
    debs: Option<Artifact<Blob>>,
    graph: &mut Graph,
) -> Option<pool::Outputs> {
    let (debs, own) = debs.zip(image.pool.clone())?;
    let (arch, epoch) = (image.arch.clone(), image.epoch);
    Some(graph.add(Pool { debs, key: own.key, arch, epoch }))
}
