//! Wires what a medium installs: the tree of each target, and the parts that all systems of the medium are made of.

use isoplug_engine::{Artifact, Blob, Graph, Tree};

use super::kernels;
use super::system::{Debs, Made};
use crate::bootable::{Part, Parts};
use crate::grub::paths;
use crate::image::Image;
use crate::share::Members;
use crate::stages::install_plan::WithPlan;
use crate::stages::installed_initrd::InstalledInitrd;
use crate::stages::installed_pool::InstalledPool;
use crate::stages::rootfs::Rootfs;
use crate::stages::secrets::Secrets;
use crate::stages::share::{Sets, Share, Sharing};

/// What a medium has instead of one squashfs.
pub(super) struct Shared {
    /// The live system's own part.
    pub(super) live: Artifact<Blob>,
    /// All others.
    pub(super) parts: Parts,
    /// The targets.
    pub(super) targets: Vec<Target>,
}

/// What looks at all that is added: for secrets, and whether programs of the target take it.
type LookedAt<'a> = (&'a mut Secrets, &'a mut Vec<Artifact<Blob>>);

/// A system that the medium installs.
pub(super) struct Target {
    /// Its name.
    pub(super) name: String,
    /// Its whole tree.
    pub(super) rootfs: Artifact<Tree>,
    /// What contributors add to it.
    pub(super) overlays: Vec<Artifact<Tree>>,
    /// The archive of its packages for later, at its place.
    pub(super) pool: Option<Artifact<Tree>>,
    /// Its packages.
    pub(super) debs: Debs,
}

/// Adds the targets of a medium, if it has some, and parts them from its live system. What they add is looked through for
/// secrets.
pub(super) fn add(
    image: &Image,
    live: Artifact<Tree>,
    looked_at: LookedAt<'_>,
    graph: &mut Graph,
) -> Option<Shared> {
    if image.targets.is_empty() {
        return None;
    }
    let of_live = sharing("live", live, image);
    let (systems, targets, kernels) = each(image, of_live, looked_at, graph);
    let sets = graph.add(Sets { systems: systems.clone() }).sets;
    let (own, others) = all_members(systems.len());
    let parts = others.iter().map(|members| part(image, &systems, members, graph));
    let parts = Parts { sets, parts: parts.collect() };
    let live = graph.add(share(&systems, &own)).tree;
    let (plan, epoch) = (image.plan.clone(), image.epoch);
    let live = graph.add(WithPlan { live, plan, kernels, parts: parts.clone(), epoch }).tree;
    let live = graph.add(super::squashfs(image, live, Some("live"))).image;
    Some(Shared { live, parts, targets })
}

/// Adds each target; returns all systems with the live one first, the targets, and the version of each one's kernel.
fn each(
    image: &Image,
    live: Sharing,
    (secrets, trials): LookedAt<'_>,
    graph: &mut Graph,
) -> (Vec<Sharing>, Vec<Target>, Vec<Artifact<Blob>>) {
    let (mut systems, mut targets, mut kernels) = (vec![live], Vec::new(), Vec::new());
    for (index, (name, target)) in image.targets.iter().enumerate() {
        let made = super::secrets::system(secrets, target, index + 1, graph);
        let pool = installed_pool(target, &made, graph);
        let rootfs = rootfs(target, &made, pool, graph);
        systems.push(sharing(name, rootfs, target));
        kernels.push(made.version);
        trials.extend(made.trials);
        let (name, overlays, debs) = (name.clone(), made.overlays, made.debs);
        targets.push(Target { name, rootfs, overlays, pool, debs });
    }
    (systems, targets, kernels)
}

fn sharing(name: &str, rootfs: Artifact<Tree>, image: &Image) -> Sharing {
    Sharing { name: name.to_owned(), rootfs, exclude: image.exclude.clone() }
}

/// Returns whose the live system's own part is, and whose every other that there can be: each system's own, and the sets.
fn all_members(systems: usize) -> (Members, Vec<Members>) {
    let has = |set: usize| move |member: &usize| set >> member & 1 == 1;
    let sets = (1..1_usize << systems).map(|set| (0..systems).filter(has(set)).collect());
    let mut all: Vec<Members> = sets.collect();
    all.sort_by_key(|members| (members.len() > 1, members.clone()));
    (all.remove(0), all)
}

/// Adds one part of the medium.
fn part(image: &Image, systems: &[Sharing], members: &Members, graph: &mut Graph) -> Part {
    let tree = graph.add(share(systems, members)).tree;
    let squashfs = super::squashfs(image, tree, Some(&name(systems, members)));
    let (path, squashfs) = (path(systems, members), graph.add(squashfs).image);
    Part { path, members: members.clone(), tree, squashfs }
}

fn share(systems: &[Sharing], members: &Members) -> Share {
    let (systems, members, name) = (systems.to_vec(), members.clone(), name(systems, members));
    Share { systems, members, name }
}

/// Returns where a part lies. live-boot lays its parts over each other by their names where nobody tells it the order,
/// the first on top: so the live system's own comes first.
fn path(systems: &[Sharing], members: &[usize]) -> String {
    match members {
        [0] => paths::LIVE_PART.to_owned(),
        [0, ..] if members.len() == systems.len() => "live/10-common.squashfs".to_owned(),
        [0, others @ ..] => format!("live/20-{}.squashfs", name(systems, others)),
        _ => format!("install/{}.squashfs", name(systems, members)),
    }
}

fn name(systems: &[Sharing], members: &[usize]) -> String {
    let names: Vec<&str> = members.iter().map(|&member| &*systems[member].name).collect();
    names.join("+")
}

/// Adds what lays the archive of a target's packages for later into it.
fn installed_pool(target: &Image, made: &Made, graph: &mut Graph) -> Option<Artifact<Tree>> {
    let pool = super::pool::add(target, made.debs.offline, graph)?;
    Some(graph.add(InstalledPool { pool, epoch: target.epoch }).overlay)
}

/// Adds the tree of a target: with an initrd for each of its kernels, and its packages for later.
fn rootfs(
    target: &Image,
    made: &Made,
    pool: Option<Artifact<Tree>>,
    graph: &mut Graph,
) -> Artifact<Tree> {
    let (layer, epoch) = (made.layer, target.epoch);
    let others = kernels::add(target, layer, made.inputs, graph);
    let others = others.into_iter().map(|other| (other.text, other.initrd));
    let first = (made.version, made.initrd);
    let mut overlays = made.overlays.clone();
    overlays.extend(pool);
    for (kernel, initrd) in [first].into_iter().chain(others) {
        overlays.push(graph.add(InstalledInitrd { initrd, kernel, epoch }).overlay);
    }
    graph.add(Rootfs { layer, overlays, docs: target.docs, epoch }).tree
}

#[cfg(test)]
mod tests {
    use isoplug_engine::{Context, Key, Slots, Stage};

    use super::*;

    /// A tree that nobody reads.
    struct NoTree;

    impl Stage for NoTree {
        const NAME: &'static str = "no-tree";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Tree>;
        type Error = isoplug_engine::Error;

        fn outputs(slots: &Slots) -> Artifact<Tree> {
            slots.slot("tree")
        }

        fn key(&self, _: &mut dyn Key) {}

        fn run(&self, _: &Artifact<Tree>, _: &Context) -> Result<(), isoplug_engine::Error> {
            Ok(())
        }
    }

    #[test]
    fn the_live_systems_own_part_is_first_by_name() {
        let rootfs = Graph::new().add(NoTree);
        let system = |name: &str| Sharing { name: name.to_owned(), rootfs, exclude: Vec::new() };
        let systems = ["live", "server", "desktop"].map(system);
        let (own, others) = all_members(systems.len());
        let paths: Vec<String> = others.iter().map(|members| path(&systems, members)).collect();
        let expected = [
            "install/server.squashfs",
            "install/desktop.squashfs",
            "live/20-server.squashfs",
            "live/10-common.squashfs",
            "live/20-desktop.squashfs",
            "install/server+desktop.squashfs",
        ];
        assert_eq!(paths, expected);
        let own = path(&systems, &own);
        assert!(paths.iter().filter(|path| path.starts_with("live/")).all(|path| own < *path));
    }
}
