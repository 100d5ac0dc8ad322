//! Wires the stages of an image into a graph.

use std::sync::Arc;

use isoplug_engine::{Artifact, ArtifactId, Blob, Graph};

use crate::contribute::Contributor;
use crate::image::Image;
use crate::stages::base::Base;
use crate::stages::boot::Boot;
use crate::stages::contribute::Contribute;
use crate::stages::facts::{self, Facts};
use crate::stages::fetch::Fetch;
use crate::stages::initrd::Initrd;
use crate::stages::iso::Iso;
use crate::stages::kernel::Kernel;
use crate::stages::loaders::Loaders;
use crate::stages::medium::Medium;
use crate::stages::packages::Packages;
use crate::stages::rootfs::Rootfs;
use crate::stages::squashfs::Squashfs;

/// What a build is for.
#[derive(Clone, Copy)]
pub struct Products {
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// The image's identity: 32 hexadecimal digits, which the running system shows too.
    pub identity: Artifact<Blob>,
    /// What is put beside the ISO.
    pub facts: facts::Outputs,
}

impl Products {
    /// Returns all of them.
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        let Self { iso, identity, facts } = self;
        let mut all = vec![iso.id(), identity.id()];
        all.extend(facts.artifacts());
        all
    }
}

/// Wires the stages. Read it from top to bottom: each line uses only lines above it.
pub fn pipeline(image: &Image, graph: &mut Graph) -> Products {
    let Image { arch, epoch, places, menu, volume_id, .. } = image.clone();
    let mut fetch = |name: &str, packages: &[_]| {
        let (name, packages, places) = (name.to_owned(), packages.to_vec(), places.clone());
        graph.add(Fetch { name, packages, places }).debs
    };
    let essential = fetch("essential", image.essential());
    let groups: Vec<_> = image.groups().map(|(n, group)| (n, fetch(&format!("group {n}"), group))).collect();
    let boot_debs = fetch("boot loaders", &image.boot_packages);

    let mut layer = graph.add(Base { debs: essential, arch: arch.clone(), epoch }).tree;
    for (index, debs) in groups {
        layer = graph.add(Packages { parent: layer, debs, index, arch: arch.clone(), epoch }).tree;
    }
    let kernel = graph.add(Kernel { layer });
    let vmlinuz = kernel.vmlinuz;
    let initrd = graph.add(Initrd { layer, kernel: kernel.version, options: image.initrd.clone(), epoch }).image;

    let mut overlays = Vec::new();
    for contributor in &image.contributors {
        let contribute = Contribute { layer, earlier: overlays.clone(), contributor: Arc::clone(contributor), epoch };
        let name = contributor.name().to_owned();
        overlays.push((name, graph.add(contribute).overlay));
    }
    let overlays = overlays.into_iter().map(|(_, overlay)| overlay).collect();
    let rootfs = graph.add(Rootfs { layer, overlays, docs: image.docs, epoch }).tree;
    let squashfs = graph.add(image.squashfs.stage(rootfs, epoch)).image;

    let loaders = graph.add(image.loaders.stage(boot_debs)).files;
    let contents = image.medium.clone().map(|files| graph.add(Medium { files, epoch }).files);
    let description = image.description.clone();
    let boot = graph.add(Boot { loaders, vmlinuz, initrd, squashfs, contents, menu, machine: image.machine, volume_id, description, epoch: epoch.into() });
    let iso = graph.add(Iso { vmlinuz, initrd, squashfs, loaders, boot: boot.files, esp: boot.esp, identity: boot.identity, contents, volume_id: image.volume_id.clone(), epoch: epoch.into(), max_size: image.max_size }).iso;
    let facts = graph.add(Facts { iso });
    Products { iso, identity: boot.identity, facts }
}
