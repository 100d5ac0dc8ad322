//! Wires the archive of packages that lies on the medium.

use isoplug_engine::{Artifact, Blob, Graph};

use crate::image::Image;
use crate::stages::pool::{self, Pool};

/// Adds the archive, if packages lie on the medium.
pub(super) fn add(
    image: &Image,
    debs: Option<Artifact<Blob>>,
    graph: &mut Graph,
) -> Option<pool::Outputs> {
    let (debs, own) = debs.zip(image.pool.clone())?;
    let (arch, epoch) = (image.arch.clone(), image.epoch);
    Some(graph.add(Pool { debs, key: own.key, arch, epoch }))
}
