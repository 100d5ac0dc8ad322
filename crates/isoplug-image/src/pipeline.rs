//! Wires the stages of an image into a graph.

mod drivers;
mod kernels;
mod system;
mod targets;

use std::sync::Arc;

use isoplug_engine::{Artifact, ArtifactId, Blob, Graph, Tree};
use isoplug_manifest::lock::LockedPackage;
use serde_json::json;

use crate::bootable::{Bootable, Offered};
use crate::image::Image;
use crate::outputs::{self, Live};
use crate::plugins::{self, Planner};
use crate::stages::check::Check;
use crate::stages::compare::Compare;
use crate::stages::layer::Round;
use crate::stages::output::Output;
use crate::stages::papers::{self, Papers};
use crate::stages::rootfs::Rootfs;
use crate::stages::squashfs::Squashfs;
use system::{Debs, Made, fetch, last, layers};

/// What a build is for.
#[derive(Clone)]
pub struct Products {
    /// What the squashfs is made of.
    pub rootfs: Artifact<Tree>,
    /// The trees on the way to it, in their order: of the base system, of each group of packages, and so on.
    pub layers: Vec<Artifact<Tree>>,
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// The image's identity: 32 hexadecimal digits, which the running system shows too.
    pub identity: Artifact<Blob>,
    /// What is put beside the ISO.
    pub papers: papers::Outputs,
    /// The files that plugins put beside it, by plugin; [`output::read`] reads them.
    pub outputs: Vec<(String, Artifact<Blob>)>,
    /// What plugins say of it, by plugin; [`check::read`] reads it.
    pub checks: Vec<(String, Artifact<Blob>)>,
    /// What only tells that programs of the image take what was added.
    pub trials: Vec<Artifact<Blob>>,
}

impl Products {
    /// Returns all that a build is asked for.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        let Self { rootfs: _, layers: _, iso, identity, papers, outputs, checks, trials } = self;
        let papers::Outputs { checksum, packages, sbom, lock } = *papers;
        let own = [*iso, *identity, checksum, packages, sbom, lock];
        let plugins = outputs.iter().chain(checks).map(|(_, artifact)| *artifact);
        own.into_iter().chain(plugins).chain(trials.iter().copied()).map(Artifact::id).collect()
    }
}

/// Wires the stages. Read it from top to bottom: each line uses only lines above it.
pub fn pipeline(image: &Image, graph: &mut Graph) -> Products {
    let epoch = image.epoch;
    let Made { layers, layer, overlays, vmlinuz, version, initrd, inputs, boot_debs, mut trials } =
        system::add(image, graph);
    let rootfs = graph.add(Rootfs { layer, overlays, docs: image.docs, epoch }).tree;
    let shared = targets::add(image, rootfs, graph);
    let squashfs = match &shared {
        Some(shared) => shared.live,
        None => graph.add(squashfs(image, rootfs, None)).image,
    };
    trials.extend(shared.iter().flat_map(|shared| &shared.trials));

    let live = Live { rootfs, bootable: Bootable { vmlinuz, initrd, squashfs }, boot_debs };
    let others = kernels::add(image, layer, inputs, graph);
    let (first, parts) = (live.bootable, shared.map(|shared| shared.parts));
    let offered = Offered { first, others, parts };
    let outputs::iso::Made { iso, identity } =
        image.iso.add((boot_debs, version), offered, epoch, graph);
    let papers = graph.add(papers(image, iso));
    let outputs = beside(image, live, iso, graph);
    let checks = checks(image, rootfs, iso, graph);
    Products { rootfs, layers, iso, identity, papers, outputs, checks, trials }
}

/// Wires what makes the layers of packages twice and compares them; returns the differences, which
/// [`compare::read`](crate::stages::compare::read) reads.
pub fn rebuild(image: &Image, graph: &mut Graph) -> Artifact<Blob> {
    let Debs { groups, .. } = fetch(image, graph);
    let [first, again] =
        [Round::First, Round::Again].map(|round| last(&layers(image, &groups, round, graph)));
    let own = image.machine_state.clone();
    graph.add(Compare { first, again, own, epoch: image.epoch }).differences
}

/// Lets each plugin that plans an output add files beside the ISO.
fn beside(
    image: &Image,
    live: Live,
    iso: Artifact<Blob>,
    graph: &mut Graph,
) -> Vec<(String, Artifact<Blob>)> {
    let facts = json!({
        "name": image.name,
        "arch": image.arch,
        "epoch": image.epoch,
        "volume-id": image.iso.volume_id,
        "kernel-params": image.iso.shown.menu.kernel_params,
    });
    let Live { bootable, rootfs, .. } = live;
    let plans = |planner: &&Arc<dyn Planner>| planner.plans("output");
    let whole = image.planners.iter().any(|one| plans(&one)) && !image.targets.is_empty();
    // Whatever boots without the medium has no other parts.
    let squashfs = whole.then(|| graph.add(squashfs(image, rootfs, None)).image);
    let bootable = Bootable { squashfs: squashfs.unwrap_or(bootable.squashfs), ..bootable };
    let output = |planner: &Arc<dyn Planner>| {
        let (planner, image) = (Arc::clone(planner), facts.clone());
        let name = planner.name().to_owned();
        (name, graph.add(Output { planner, image, bootable, iso }).files)
    };
    image.planners.iter().filter(plans).map(output).collect()
}

/// Lets each checker look at the finished image.
fn checks(
    image: &Image,
    rootfs: Artifact<Tree>,
    iso: Artifact<Blob>,
    graph: &mut Graph,
) -> Vec<(String, Artifact<Blob>)> {
    let check = |checker: &Arc<dyn plugins::Checker>| {
        let (checker, epoch) = (Arc::clone(checker), image.epoch);
        let name = checker.name().to_owned();
        (name, graph.add(Check { rootfs, iso, checker, epoch }).reports)
    };
    image.checkers.iter().map(check).collect()
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

/// Returns what packs the whole of a system, or a part of which what is to be left out has been.
fn squashfs(image: &Image, rootfs: Artifact<Tree>, part: Option<&str>) -> Squashfs {
    let (codec, block_size) = image.compression;
    let (exclude, blocks) = (image.exclude.clone(), image.blocks.clone());
    let exclude = if part.is_some() { Vec::new() } else { exclude };
    let part = part.map(str::to_owned);
    Squashfs { rootfs, codec, block_size, exclude, epoch: image.epoch, blocks, part }
}

fn papers(image: &Image, iso: Artifact<Blob>) -> Papers {
    Papers {
        iso,
        file_name: format!("{}.iso", image.name),
        installed: installed(image),
        boot: image.locked.boot.clone(),
        drivers: image.driver_packages(),
        plugins: image.used.clone(),
        lock: image.lock_text.clone(),
        epoch: image.epoch,
    }
}
