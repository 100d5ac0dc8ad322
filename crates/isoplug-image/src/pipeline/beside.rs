//! Wires what lies beside the ISO and says what it is made of.

use isoplug_engine::{Artifact, Blob, Graph, Tree};
use isoplug_manifest::By;

use super::Debs;
use crate::image::Image;
use crate::outputs::Live;
use crate::stages::inventory::Collect;
use crate::stages::papers::{self, Papers};
use crate::stages::sha512::Sha512;

/// Adds the stages; returns what packages say of themselves, and the papers. `overlays` are in the order in which they
/// were added.
pub(super) fn add(
    image: &Image,
    debs: Debs,
    overlays: Vec<Artifact<Tree>>,
    (live, iso): (Live, Artifact<Blob>),
    graph: &mut Graph,
) -> (Artifact<Blob>, papers::Outputs) {
    let inventory = inventory(image, debs, overlays, live.rootfs, graph);
    let papers = Papers {
        iso,
        bootable: live.bootable,
        inventory,
        about: image.about.clone(),
        file_name: format!("{}.iso", image.name),
        installed: image.locked.groups.iter().flatten().cloned().collect(),
        boot: image.locked.boot.clone(),
        drivers: image.driver_packages(),
        plugins: image.used.clone(),
        lock: image.lock_text.clone(),
        epoch: image.epoch,
    };
    (inventory, graph.add(papers))
}

/// Collects the facts of the bills of materials. Of the overlays those of nobody who contributes come first.
fn inventory(
    image: &Image,
    debs: Debs,
    overlays: Vec<Artifact<Tree>>,
    rootfs: Artifact<Tree>,
    graph: &mut Graph,
) -> Artifact<Blob> {
    let Debs { groups, boot, drivers } = debs;
    let beside: Vec<Artifact<Blob>> = [boot].into_iter().chain(drivers).collect();
    let all = groups.into_iter().chain(beside.iter().copied());
    let sha512 = all.map(|debs| graph.add(Sha512 { debs }).digests).collect();
    let of_drivers = (overlays.len() > image.contributors.len()).then(|| {
        let title = By::Part("drivers").to_string();
        (title.clone(), title)
    });
    let contributors = image.contributors.iter();
    let named = contributors.map(|one| (one.title(), one.by().to_string()));
    let named = of_drivers.into_iter().chain(named).zip(overlays);
    let overlays = named.map(|((title, by), overlay)| (title, by, overlay)).collect();
    graph.add(Collect { rootfs, beside, sha512, overlays }).inventory
}
