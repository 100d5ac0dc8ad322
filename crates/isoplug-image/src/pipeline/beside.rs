//! Wires what lies beside the ISO and says what it is made of.

use isoplug_engine::{Artifact, Blob, Graph, Tree};
use isoplug_manifest::By;

use super::system::Debs;
use super::targets::Target;
use crate::image::Image;
use crate::outputs::Live;
use crate::stages::inventory::Collect;
use crate::stages::papers::{self, Papers};
use crate::stages::sha512::Sha512;

/// Adds the stages; returns what packages say of themselves, and the papers. `overlays` are in the order in which they
/// were added.
pub(super) fn add(
    image: &Image,
    (debs, overlays, targets): (Debs, Vec<Artifact<Tree>>, Option<Vec<Target>>),
    (live, iso): (Live, Artifact<Blob>),
    graph: &mut Graph,
) -> (Artifact<Blob>, papers::Outputs) {
    let targets = targets.unwrap_or_default();
    let inventory = inventory(image, (debs, overlays), targets, live.rootfs, graph);
    let papers = Papers {
        iso,
        bootable: live.bootable,
        inventory,
        about: image.about.clone(),
        file_name: format!("{}.iso", image.name),
        installed: image.installed_packages(),
        systems: image.systems(),
        boot: image.locked.boot.clone(),
        drivers: image.driver_packages(),
        offline: image.offline_packages(),
        plugins: image.used.clone(),
        lock: image.lock_text.clone(),
        epoch: image.epoch,
    };
    (inventory, graph.add(papers))
}

/// Collects the facts of the bills of materials, of the live system and of what it installs.
fn inventory(
    image: &Image,
    (debs, overlays): (Debs, Vec<Artifact<Tree>>),
    targets: Vec<Target>,
    rootfs: Artifact<Tree>,
    graph: &mut Graph,
) -> Artifact<Blob> {
    let Debs { groups, boot, drivers, offline } = debs;
    let named = [("boot", Some(boot)), ("drivers", drivers), ("offline", offline)];
    let named = named.into_iter().filter_map(|(name, debs)| Some((name.to_owned(), debs?)));
    let numbered = groups.into_iter().enumerate().map(|(index, debs)| (index.to_string(), debs));
    let mut beside: Vec<Artifact<Blob>> = named.clone().map(|(_, debs)| debs).collect();
    let all = numbered.chain(named);
    let mut sha512: Vec<_> =
        all.map(|(group, debs)| graph.add(Sha512 { debs, group }).digests).collect();
    let mut overlays = added(image, overlays, "");
    let targets = targets.into_iter().zip(&image.targets).map(|(target, (_, image))| {
        let Target { name, rootfs, overlays: more, pool, debs } = target;
        beside.extend(debs.offline);
        sha512.extend(digests(&name, debs, graph));
        overlays.extend(added(image, more, &format!(" of {name}")));
        let by = By::Part("pool").to_string();
        overlays.extend(pool.map(|pool| (format!("packages for later of {name}"), by, pool)));
        (name, rootfs)
    });
    let targets = targets.collect();
    graph.add(Collect { rootfs, targets, beside, sha512, overlays }).inventory
}

/// Adds what hashes the packages of a target.
fn digests(target: &str, debs: Debs, graph: &mut Graph) -> Vec<Artifact<Blob>> {
    let groups = debs.groups.into_iter().enumerate();
    let groups = groups.map(|(index, debs)| (index.to_string(), debs));
    let all = groups.chain(debs.offline.map(|debs| ("offline".to_owned(), debs)));
    let group = |(group, debs)| Sha512 { debs, group: format!("{group} of {target}") };
    all.map(|one| graph.add(group(one)).digests).collect()
}

/// Names those who added overlays to a system, and on whose behalf. Those of nobody who contributes come first.
fn added(
    image: &Image,
    overlays: Vec<Artifact<Tree>>,
    whose: &str,
) -> Vec<(String, String, Artifact<Tree>)> {
    let of_drivers = (overlays.len() > image.contributors.len()).then(|| {
        let title = By::Part("drivers").to_string();
        (title.clone(), title)
    });
    let contributors = image.contributors.iter();
    let named = contributors.map(|one| (one.title(), one.by().to_string()));
    let named = of_drivers.into_iter().chain(named).zip(overlays);
    named.map(|((title, by), overlay)| (format!("{title}{whose}"), by, overlay)).collect()
}
