//! Wires what every system goes through, whether a medium runs it or installs it: packages, contributors, kernel, initrd.

use std::sync::Arc;

use isoplug_engine::{Artifact, Blob, Graph, Tree};
use isoplug_manifest::By;
use isoplug_manifest::lock::LockedPackage;
use isoplug_sandbox::dpkg::Answer;

use super::drivers;
use crate::contribute::Contributor;
use crate::image::Image;
use crate::stages::base::Base;
use crate::stages::contribute::{Contribute, Earlier};
use crate::stages::fetch::Fetch;
use crate::stages::hooks::Hooks;
use crate::stages::initrd::Initrd;
use crate::stages::initrd_files::InitrdFiles;
use crate::stages::initrd_inputs::InitrdInputs;
use crate::stages::kernel::{self, Kernel};
use crate::stages::layer::Round;
use crate::stages::packages::Packages;
use crate::stages::settled::Settled;
use crate::stages::trial::Trial;

/// What there is of a system.
pub(super) struct Made {
    /// The trees on the way, in their order.
    pub(super) layers: Vec<Artifact<Tree>>,
    /// The last of them.
    pub(super) layer: Artifact<Tree>,
    /// What contributors add to it.
    pub(super) overlays: Vec<Artifact<Tree>>,
    /// What only tells that programs of the system take what was added.
    pub(super) trials: Vec<Artifact<Blob>>,
    /// The newest kernel.
    pub(super) vmlinuz: Artifact<Blob>,
    /// Its version.
    pub(super) version: Artifact<Blob>,
    /// Its initrd.
    pub(super) initrd: Artifact<Blob>,
    /// What an initrd reads of the overlays.
    pub(super) inputs: Artifact<Tree>,
    /// The packages that were fetched.
    pub(super) debs: Debs,
}

/// Wires the stages. Read it from top to bottom: each line uses only lines above it.
pub(super) fn add(image: &Image, graph: &mut Graph) -> Made {
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
    Made { layers, layer, overlays, trials, vmlinuz, version, initrd, inputs, debs }
}

/// Installs the groups of packages one over the other; returns the layers.
pub(super) fn layers(
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
        let foreign = image.foreign.clone();
        let packages =
            Packages { parent, debs, index, answers, foreign, drivers_apart, arch, epoch, round };
        layers.push(graph.add(packages).tree);
    }
    layers
}

/// Returns the uppermost layer; there is always that of the base system.
pub(super) fn last(layers: &[Artifact<Tree>]) -> Artifact<Tree> {
    layers[layers.len() - 1]
}

/// Returns the answers that packages ask for, so that those of others do not make it anew.
pub(super) fn answers(image: &Image, packages: &[LockedPackage]) -> Vec<Answer> {
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

/// The fetched packages.
#[derive(Clone)]
pub(super) struct Debs {
    /// Those of each install group.
    pub(super) groups: Vec<Artifact<Blob>>,
    /// Those that only boot the medium.
    pub(super) boot: Artifact<Blob>,
    /// Those that drivers are compiled from and with.
    pub(super) drivers: Option<Artifact<Blob>>,
    /// Those that lie on the medium as they are.
    pub(super) offline: Option<Artifact<Blob>>,
}

pub(super) fn fetch(image: &Image, graph: &mut Graph) -> Debs {
    let mut fetch = |group: String, packages: &Vec<_>| {
        let (packages, places) = (packages.clone(), image.places.clone());
        graph.add(Fetch { group, packages, places }).debs
    };
    let groups = image.locked.groups.iter().enumerate();
    let groups = groups.map(|(index, group)| fetch(index.to_string(), group)).collect();
    let drivers = image.drivers.as_ref();
    let drivers = drivers.map(|_| fetch("drivers".to_owned(), &image.locked.drivers));
    let offline = image.pool.as_ref();
    let offline = offline.map(|_| fetch("offline".to_owned(), &image.locked.offline));
    Debs { groups, boot: fetch("boot".to_owned(), &image.locked.boot), drivers, offline }
}

/// Makes the initrd of a kernel.
pub(super) fn initrd(
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
        on_disk: image.installed,
        verity: image.verity,
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
