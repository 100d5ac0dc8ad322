//! Wires what a medium installs: the tree of each target, and the parts that all systems of the medium are made of.

use isoplug_engine::{Artifact, Blob, Graph, Tree};

use super::kernels;
use super::system::{self, Made};
use crate::bootable::{Part, Parts};
use crate::grub::paths;
use crate::image::Image;
use crate::share::Members;
use crate::stages::installed_initrd::InstalledInitrd;
use crate::stages::rootfs::Rootfs;
use crate::stages::share::{Sets, Share, Sharing};

/// What a medium has instead of one squashfs.
pub(super) struct Shared {
    /// The live system's own part.
    pub(super) live: Artifact<Blob>,
    /// All others.
    pub(super) parts: Parts,
    /// What tells that programs of the targets take what was added.
    pub(super) trials: Vec<Artifact<Blob>>,
}

/// Adds the targets of a medium, if it has some, and parts them from its live system.
pub(super) fn add(image: &Image, live: Artifact<Tree>, graph: &mut Graph) -> Option<Shared> {
    if image.targets.is_empty() {
        return None;
    }
    let of_live = sharing("live", live, image);
    let (mut systems, mut trials) = (vec![of_live], Vec::new());
    for (name, target) in &image.targets {
        let made = system::add(target, graph);
        systems.push(sharing(name, rootfs(target, &made, graph), target));
        trials.extend(made.trials);
    }
    let sets = graph.add(Sets { systems: systems.clone() }).sets;
    let mut part = |members: &Members| part(image, &systems, members, graph);
    let all = all_members(systems.len());
    let parts = all.iter().skip(1).map(&mut part).collect();
    let live = part(&all[0]).squashfs;
    Some(Shared { live, parts: Parts { sets, parts }, trials })
}

fn sharing(name: &str, rootfs: Artifact<Tree>, image: &Image) -> Sharing {
    Sharing { name: name.to_owned(), rootfs, exclude: image.exclude.clone() }
}

/// Returns every part that there can be: first each system's own, the live one's before all, then the sets.
fn all_members(systems: usize) -> Vec<Members> {
    let has = |set: usize| move |member: &usize| set >> member & 1 == 1;
    let sets = (1..1_usize << systems).map(|set| (0..systems).filter(has(set)).collect());
    let mut all: Vec<Members> = sets.collect();
    all.sort_by_key(|members| (members.len() > 1, members.clone()));
    all
}

/// Adds one part of the medium.
fn part(image: &Image, systems: &[Sharing], members: &Members, graph: &mut Graph) -> Part {
    let name = name(systems, members);
    let share = Share { systems: systems.to_vec(), members: members.clone(), name: name.clone() };
    let tree = graph.add(share).tree;
    let squashfs = super::squashfs(image, tree, Some(&name));
    let path = path(&name, members, systems.len());
    Part { path, members: members.clone(), squashfs: graph.add(squashfs).image }
}

/// Returns where a part lies. live-boot lays its parts over each other by their names where nobody tells it the order,
/// the first on top: so the live system's own comes first.
fn path(name: &str, members: &Members, systems: usize) -> String {
    match (members.contains(&0), members.len()) {
        (true, 1) => paths::LIVE_PART.to_owned(),
        (true, count) if count == systems => "live/10-common.squashfs".to_owned(),
        (true, _) => format!("live/20-{}.squashfs", name.trim_start_matches("live+")),
        (false, _) => format!("install/{name}.squashfs"),
    }
}

fn name(systems: &[Sharing], members: &Members) -> String {
    let names: Vec<&str> = members.iter().map(|&member| &*systems[member].name).collect();
    names.join("+")
}

/// Adds the tree of a target: with an initrd for each of its kernels.
fn rootfs(target: &Image, made: &Made, graph: &mut Graph) -> Artifact<Tree> {
    let (layer, epoch) = (made.layer, target.epoch);
    let others = kernels::add(target, layer, made.inputs, graph);
    let others = others.into_iter().map(|other| (other.text, other.initrd));
    let first = (made.version, made.initrd);
    let mut overlays = made.overlays.clone();
    for (kernel, initrd) in [first].into_iter().chain(others) {
        overlays.push(graph.add(InstalledInitrd { initrd, kernel, epoch }).overlay);
    }
    graph.add(Rootfs { layer, overlays, docs: target.docs, epoch }).tree
}
