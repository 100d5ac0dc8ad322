//! Wires what lies beside the ISO and says what it is made of.

use isoplug_engine::{Artifact, Blob, Graph, Tree};
use isoplug_manifest::By;
use isoplug_manifest::lock::LockedPackage;

use super::system::Debs;
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
        installed: installed(image),
        boot: image.locked.boot.clone(),
        drivers: image.driver_packages(),
        offline: image.locked.offline.clone(),
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
    let Debs { groups, boot, drivers, offline } = debs;
    let named = [("boot", Some(boot)), ("drivers", drivers), ("offline", offline)];
    let named = named.into_iter().filter_map(|(name, debs)| Some((name.to_owned(), debs?)));
    let numbered = groups.into_iter().enumerate().map(|(index, debs)| (index.to_string(), debs));
    let beside: Vec<Artifact<Blob>> = named.clone().map(|(_, debs)| debs).collect();
    let all = numbered.chain(named);
    let sha512 = all.map(|(group, debs)| graph.add(Sha512 { debs, group }).digests).collect();
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

/// Returns the packages of the live system, and those that what it installs has besides.
fn installed(image: &Image) -> Vec<LockedPackage> {
    let mut all: Vec<LockedPackage> = image.locked.groups.iter().flatten().cloned().collect();
    for package in
        image.targets.iter().flat_map(|(_, target)| target.locked.groups.iter().flatten())
    {
        if !all.contains(package) {
            all.push(package.clone());
        }
    }
    all
}
