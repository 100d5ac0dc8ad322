//! Wires the stages of an image into a graph.

mod beside;
mod drivers;
mod kernels;
mod pool;
mod secrets;
mod system;
mod targets;

use std::sync::Arc;

use isoplug_engine::{Artifact, ArtifactId, Blob, Graph, Tree};
use serde_json::json;

use crate::bootable::{Bootable, Offered, OtherKernel, Parts, Verified};
use crate::grub::paths;
use crate::image::Image;
use crate::outputs::{self, Live};
use crate::plugins::{self, Planner};
use crate::stages::check::Check;
use crate::stages::compare::Compare;
use crate::stages::layer::Round;
use crate::stages::output::Output;
use crate::stages::papers;
use crate::stages::rootfs::Rootfs;
use crate::stages::secrets::Secrets;
use crate::stages::squashfs::Squashfs;
use crate::stages::verity::Verity;
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
    /// What its packages say of themselves; [`crate::papers::inventory::read`] reads it.
    pub inventory: Artifact<Blob>,
    /// What is put beside the ISO.
    pub papers: papers::Outputs,
    /// The files that plugins put beside it, by plugin; [`output::read`] reads them.
    pub outputs: Vec<(String, Artifact<Blob>)>,
    /// What in it looks like a secret; [`stages::secrets::read`](crate::stages::secrets::read) reads it.
    pub secrets: Artifact<Blob>,
    /// What plugins say of it, by plugin; [`check::read`] reads it.
    pub checks: Vec<(String, Artifact<Blob>)>,
    /// What only tells that programs of the image take what was added.
    pub trials: Vec<Artifact<Blob>>,
}

impl Products {
    /// Returns all that a build is asked for.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        let Self { rootfs: _, layers: _, iso, identity, inventory: _, papers, .. } = self;
        let Self { outputs, secrets, checks, trials, .. } = self;
        let papers = papers.all().into_iter().map(|(artifact, _)| artifact);
        let own = [*iso, *identity, *secrets].into_iter().chain(papers);
        let plugins = outputs.iter().chain(checks).map(|(_, artifact)| *artifact);
        own.chain(plugins).chain(trials.iter().copied()).map(Artifact::id).collect()
    }
}

/// Wires the stages. Read it from top to bottom: each line uses only lines above it.
pub fn pipeline(image: &Image, graph: &mut Graph) -> Products {
    let (mut secrets, made) = secrets::live(image, graph);
    let Made { layers, layer, overlays, vmlinuz, version, initrd, inputs, debs, mut trials } = made;
    let (all, docs, epoch) = (overlays.clone(), image.docs, image.epoch);
    let rootfs = graph.add(Rootfs { layer, overlays: all, docs, epoch }).tree;
    let shared = targets::add(image, rootfs, (&mut secrets, &mut trials), graph);
    let whole = |graph: &mut Graph| graph.add(squashfs(image, rootfs, None)).image;
    let squashfs = shared.as_ref().map_or_else(|| whole(graph), |shared| shared.live);

    let bootable = Bootable { vmlinuz, initrd, squashfs };
    let live = Live { rootfs, bootable, boot_debs: debs.boot };
    let others = kernels::add(image, layer, inputs, graph);
    let (parts, targets) = shared.map(|shared| (shared.parts, shared.targets)).unzip();
    let offered = offered(image, (live.bootable, others, parts), debs.offline, graph);
    let outputs::iso::Made { iso, identity, contents: medium } =
        image.iso.add((live.boot_debs, version), offered, epoch, graph);
    let (inventory, papers) = beside::add(image, (debs, overlays, targets), (live, iso), graph);
    let secrets = graph.add(Secrets { medium, ..secrets }).findings;
    let outputs = outputs_beside(image, live, iso, graph);
    let checks = checks(image, rootfs, iso, graph);
    Products { rootfs, layers, iso, identity, inventory, papers, outputs, secrets, checks, trials }
}

/// Adds what a medium has beside what it boots.
fn offered(
    image: &Image,
    (first, others, parts): (Bootable, Vec<OtherKernel>, Option<Parts>),
    offline: Option<Artifact<Blob>>,
    graph: &mut Graph,
) -> Offered {
    let pool = pool::add(image, offline, graph);
    let verified = verified(image, first.squashfs, parts.as_ref(), graph);
    Offered { first, others, parts, pool, verified }
}

/// Adds what the live system's squashfs are checked with as they are read, if that is wanted.
fn verified(
    image: &Image,
    first: Artifact<Blob>,
    parts: Option<&Parts>,
    graph: &mut Graph,
) -> Vec<Verified> {
    if !image.verity {
        return Vec::new();
    }
    let path = if parts.is_some() { paths::LIVE_PART } else { paths::SQUASHFS };
    let own = (path.to_owned(), None, first);
    let of_live = parts.iter().flat_map(|parts| &parts.parts).filter(|it| it.members.contains(&0));
    let of_live = of_live.map(|it| (it.path.clone(), Some(it.members.clone()), it.squashfs));
    let verify = |(path, members, squashfs): (String, _, _)| {
        let part = parts.map(|_| path.clone());
        Verified { path, members, made: graph.add(Verity { squashfs, part }) }
    };
    [own].into_iter().chain(of_live).map(verify).collect()
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
fn outputs_beside(
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

/// Returns what packs the whole of a system, or a part of which what is to be left out has been.
fn squashfs(image: &Image, rootfs: Artifact<Tree>, part: Option<&str>) -> Squashfs {
    let (codec, block_size) = image.compression;
    let (exclude, blocks) = (image.exclude.clone(), image.blocks.clone());
    let exclude = if part.is_some() { Vec::new() } else { exclude };
    let part = part.map(str::to_owned);
    Squashfs { rootfs, codec, block_size, exclude, epoch: image.epoch, blocks, part }
}
