//! Wires the stages that make the drivers of an image.

use isoplug_engine::{Artifact, Blob, Graph, Tree};

use super::system::answers;
use crate::drivers::{Drivers as Own, Signing};
use crate::image::Image;
use crate::stages::depmod::Depmod;
use crate::stages::drivers::{Drivers, Fit};
use crate::stages::sign_drivers::SignDrivers;

/// Compiles the drivers over the first layer, signs them, and lets depmod of the last one list them.
pub(super) fn add(
    image: &Image,
    debs: Artifact<Blob>,
    [base, layer]: [Artifact<Tree>; 2],
    graph: &mut Graph,
) -> Artifact<Tree> {
    let Own { packages, kernels, signing } = image.drivers.clone().unwrap_or_default();
    let (arch, epoch) = (image.arch.clone(), image.epoch);
    let own = (packages, kernels.clone());
    let compiled = compiled(image, debs, base, own, graph);
    let mut overlay = graph.add(compiled).overlay;
    if let Some(Signing { key, certificate }) = signing {
        overlay = graph.add(SignDrivers { overlay, key, certificate, epoch }).overlay;
    }
    graph.add(Depmod { layer, drivers: overlay, kernels, arch, epoch }).overlay
}

/// Returns the stage that compiles drivers of these packages for these kernels.
fn compiled(
    image: &Image,
    debs: Artifact<Blob>,
    base: Artifact<Tree>,
    (packages, kernels): (Vec<String>, Vec<String>),
    graph: &mut Graph,
) -> Drivers {
    let (arch, epoch) = (image.arch.clone(), image.epoch);
    let (drivers, versions) = (packages.clone(), kernels.clone());
    let fit = Fit { debs, packages: drivers, kernels: versions, arch: arch.clone() };
    let fit = graph.add(fit).fits;
    let answers = answers(image, &image.locked.drivers);
    Drivers { base, debs, packages, kernels, fit, answers, arch, epoch }
}
