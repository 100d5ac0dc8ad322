//! Wires the stages of an image into a graph.

mod beside;
mod drivers;
mod kernels;

use std::sync::Arc;

use isoplug_engine::{Artifact, ArtifactId, Blob, Graph, Tree};
use serde_json::json;

use crate::bootable::Bootable;
use crate::contribute::Contributor;
use crate::image::Image;
use crate::outputs::{self, Live};
use crate::plugins::{self, Planner};
use crate::stages::base::Base;
use crate::stages::check::Check;
use crate::stages::compare::Compare;
use crate::stages::contribute::{Contribute, Earlier};
use crate::stages::fetch::Fetch;
use crate::stages::hooks::Hooks;
use crate::stages::initrd::Initrd;
use crate::stages::initrd_files::InitrdFiles;
use crate::stages::initrd_inputs::InitrdInputs;
use crate::stages::kernel::{self, Kernel};
use crate::stages::layer::Round;
use crate::stages::output::Output;
use crate::stages::packages::Packages;
use crate::stages::papers;
use crate::stages::rootfs::Rootfs;
use crate::stages::settled::Settled;
use crate::stages::squashfs::Squashfs;
use crate::stages::trial::Trial;
use isoplug_manifest::By;
use isoplug_manifest::lock::LockedPackage;
use isoplug_sandbox::dpkg::Answer;

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
    /// What plugins say of it, by plugin; [`check::read`] reads it.
    pub checks: Vec<(String, Artifact<Blob>)>,
    /// What only tells that programs of the image take what was added.
    pub trials: Vec<Artifact<Blob>>,
}

impl Products {
    /// Returns all that a build is asked for.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        let Self { rootfs: _, layers: _, iso, identity, inventory: _, papers, .. } = self;
        let Self { outputs, checks, trials, .. } = self;
        let papers = papers.all().into_iter().map(|(artifact, _)| artifact);
        let own = [*iso, *identity].into_iter().chain(papers);
        let plugins = outputs.iter().chain(checks).map(|(_, artifact)| *artifact);
        own.chain(plugins).chain(trials.iter().copied()).map(Artifact::id).collect()
    }
}

/// Wires the stages. Read it from top to bottom: each line uses only lines above it.
pub fn pipeline(image: &Image, graph: &mut Graph) -> Products {
    let debs = fetch(image, graph);
    let mut layers = layers(image, &debs.groups, Round::First, graph);
    settle(image, &mut layers, graph);
    let (base, layer) = (layers[0], last(&layers));
    let kernel::Outputs { vmlinuz, version } = graph.add(Kernel { layer, version: None });

    let drivers = debs.drivers.map(|debs| drivers::add(image, debs, [base, layer], graph));
    let overlays = contribute(image, layer, drivers, graph);
    let trials = trials(image, layer, &overlays, graph);
    let inputs = graph.add(InitrdInputs { overlays: overlays.clone() }).overlay;
    let initrd = initrd(image, layer, inputs, version, graph);

    let rootfs = graph.add(rootfs(image, layer, overlays.clone())).tree;
    let squashfs = graph.add(squashfs(image, rootfs)).image;

    let bootable = Bootable { vmlinuz, initrd, squashfs };
    let live = Live { rootfs, bootable, boot_debs: debs.boot };
    let kernels = (version, kernels::add(image, layer, inputs, graph));
    let outputs::iso::Made { iso, identity } = image.iso.add(live, kernels, image.epoch, graph);
    let (inventory, papers) = beside::add(image, debs, overlays, (live, iso), graph);
    let outputs = outputs_beside(image, live, iso, graph);
    let checks = checks(image, rootfs, iso, graph);
    Products { rootfs, layers, iso, identity, inventory, papers, outputs, checks, trials }
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

/// Installs the groups of packages one over the other; returns the layers.
fn layers(
    image: &Image,
    debs: &[Artifact<Blob>],
    round: Round,
    graph: &mut Graph,
) -> Vec<Artifact<Tree>> {
    let (arch, epoch, groups) = (&image.arch, image.epoch, &image.locked.groups);
    let drivers_apart = image.drivers.is_some();
    let essential = answers(image, &groups[0]);
    let base = Base { debs: debs[0], answers: essential, arch: arch.clone(), epoch, round };
    let mut layers = vec![graph.add(base).tree];
    for (index, &debs) in debs.iter().enumerate().skip(1) {
        let (answers, arch, parent) = (answers(image, &groups[index]), arch.clone(), last(&layers));
        let packages = Packages { parent, debs, index, answers, drivers_apart, arch, epoch, round };
        layers.push(graph.add(packages).tree);
    }
    layers
}

/// Returns the uppermost layer; there is always that of the base system.
fn last(layers: &[Artifact<Tree>]) -> Artifact<Tree> {
    layers[layers.len() - 1]
}

/// Returns the answers that packages ask for, so that those of others do not make it anew.
fn answers(image: &Image, packages: &[LockedPackage]) -> Vec<Answer> {
    let asked = |answer: &&Answer| packages.iter().any(|package| *package.name == *answer.package);
    image.answers.iter().filter(asked).cloned().collect()
}

/// Takes the state of a machine away, and runs the scripts of plugins.
fn settle(image: &Image, layers: &mut Vec<Artifact<Tree>>, graph: &mut Graph) {
    let (layer, own, epoch) = (last(layers), image.machine_state.clone(), image.epoch);
    layers.push(graph.add(Settled { layer, own, epoch }).tree);
    hooks(image, layers, graph);
}

/// Runs the scripts of each plugin, plugins in the order of their first script.
fn hooks(image: &Image, layers: &mut Vec<Artifact<Tree>>, graph: &mut Graph) {
    for hooks in image.hooks.chunk_by(|one, next| one.plugin == next.plugin) {
        let (plugin, hooks) = (hooks[0].plugin.clone(), hooks.to_vec());
        let (arch, epoch) = (image.arch.clone(), image.epoch);
        let parent = last(layers);
        layers.push(graph.add(Hooks { parent, plugin, hooks, arch, epoch }).tree);
    }
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
    let Live { bootable, .. } = live;
    let output = |planner: &Arc<dyn Planner>| {
        let (planner, image) = (Arc::clone(planner), facts.clone());
        let name = planner.name().to_owned();
        (name, graph.add(Output { planner, image, bootable, iso }).files)
    };
    image.planners.iter().filter(|planner| planner.plans("output")).map(output).collect()
}

/// Lets programs of the image look at what contributors add. What those behind one add is not for its program, or
/// they would come before it.
fn trials(
    image: &Image,
    layer: Artifact<Tree>,
    overlays: &[Artifact<Tree>],
    graph: &mut Graph,
) -> Vec<Artifact<Blob>> {
    // Those of nobody who contributes come first.
    let others = overlays.len() - image.contributors.len();
    let trial = |(index, contributor): (usize, &Arc<dyn Contributor>)| {
        let (asked, of) = (contributor.trial()?, contributor.title());
        let (arch, epoch) = (image.arch.clone(), image.epoch);
        let overlays = overlays[..=others + index].to_vec();
        Some(graph.add(Trial { layer, overlays, of, asked, arch, epoch }).passed)
    };
    image.contributors.iter().enumerate().filter_map(trial).collect()
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

/// The fetched packages.
#[derive(Clone)]
struct Debs {
    /// Those of each install group.
    groups: Vec<Artifact<Blob>>,
    /// Those that only boot the medium.
    boot: Artifact<Blob>,
    /// Those that drivers are compiled from and with.
    drivers: Option<Artifact<Blob>>,
}

fn fetch(image: &Image, graph: &mut Graph) -> Debs {
    let mut fetch = |group: String, packages: &Vec<_>| {
        let (packages, places) = (packages.clone(), image.places.clone());
        graph.add(Fetch { group, packages, places }).debs
    };
    let groups = image.locked.groups.iter().enumerate();
    let groups = groups.map(|(index, group)| fetch(index.to_string(), group)).collect();
    let drivers = image.drivers.as_ref();
    let drivers = drivers.map(|_| fetch("drivers".to_owned(), &image.locked.drivers));
    Debs { groups, boot: fetch("boot".to_owned(), &image.locked.boot), drivers }
}

/// Makes the initrd of a kernel.
fn initrd(
    image: &Image,
    layer: Artifact<Tree>,
    inputs: Artifact<Tree>,
    kernel: Artifact<Blob>,
    graph: &mut Graph,
) -> Artifact<Blob> {
    let files = graph.add(initrd_files(image, layer, inputs, kernel)).files;
    let (compression, epoch) = (image.initrd_compression, image.epoch);
    graph.add(Initrd { files, compression, epoch }).image
}

fn initrd_files(
    image: &Image,
    layer: Artifact<Tree>,
    inputs: Artifact<Tree>,
    kernel: Artifact<Blob>,
) -> InitrdFiles {
    InitrdFiles {
        layer,
        inputs,
        kernel,
        modules: image.initrd_modules.clone(),
        drivers: image.initrd_drivers,
        arch: image.arch.clone(),
        epoch: image.epoch,
    }
}

/// Lets each contributor add its overlay, knowing those before it; the drivers come first.
fn contribute(
    image: &Image,
    layer: Artifact<Tree>,
    drivers: Option<Artifact<Tree>>,
    graph: &mut Graph,
) -> Vec<Artifact<Tree>> {
    let of_drivers = |overlay| {
        let by = By::Part("drivers");
        Earlier { title: by.to_string(), by, overlay }
    };
    let mut earlier: Vec<Earlier> = drivers.into_iter().map(of_drivers).collect();
    for contributor in &image.contributors {
        let stage = Contribute {
            layer,
            earlier: earlier.clone(),
            contributor: Arc::clone(contributor),
            epoch: image.epoch,
        };
        let (title, by) = (contributor.title(), contributor.by());
        earlier.push(Earlier { title, by, overlay: graph.add(stage).overlay });
    }
    earlier.into_iter().map(|earlier| earlier.overlay).collect()
}

fn rootfs(image: &Image, layer: Artifact<Tree>, overlays: Vec<Artifact<Tree>>) -> Rootfs {
    Rootfs { layer, overlays, docs: image.docs, epoch: image.epoch }
}

fn squashfs(image: &Image, rootfs: Artifact<Tree>) -> Squashfs {
    let (codec, block_size) = image.compression;
    let (exclude, blocks) = (image.exclude.clone(), image.blocks.clone());
    Squashfs { rootfs, codec, block_size, exclude, epoch: image.epoch, blocks }
}
