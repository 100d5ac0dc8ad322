//! Wires the stages of the kernels that an image has beside its newest.

use isoplug_engine::{Artifact, Graph, Tree};
use isoplug_formats::apt::version;

use super::system::initrd;
use crate::bootable::OtherKernel;
use crate::image::Image;
use crate::stages::kernel::{self, Kernel};

/// Adds the kernels beside the newest, each with an initrd of its own, the newest of them first.
pub(super) fn add(
    image: &Image,
    layer: Artifact<Tree>,
    inputs: Artifact<Tree>,
    graph: &mut Graph,
) -> Vec<OtherKernel> {
    let mut versions = image.locked.kernels();
    versions.sort_by(|one, other| version::compare(other, one));
    let kernel = |version: String| {
        let kernel = Kernel { layer, version: Some(version.clone()) };
        let kernel::Outputs { vmlinuz, version: text } = graph.add(kernel);
        let initrd = initrd(image, layer, inputs, text, graph);
        OtherKernel { version, text, vmlinuz, initrd }
    };
    versions.into_iter().skip(1).map(kernel).collect()
}
