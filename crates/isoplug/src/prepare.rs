//! From a profile to a graph that is ready to run: evaluate, lock, wire.

use std::collections::BTreeMap;
use std::path::Path;

use isoplug_engine::{Graph, Store};
use isoplug_fetch::Patience;
use isoplug_image::image::{self, Image, Materials};
use isoplug_image::pipeline::{Products, pipeline};
use isoplug_image::plugins::Plugins;
use isoplug_image::stages::fetch::Places;
use isoplug_image::stages::squashfs::BlockFolder;
use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::package::kernel_version;
use isoplug_manifest::{Diagnostics, System};
use isoplug_packages::Allow;
use isoplug_packages::locking::{Sources, image_name, locked_image};
use serde_json::{Value as Json, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::installer;
use crate::locked;
use crate::locking::{LockUse, lock_of, request, sources};
use crate::pick::Pick;
use crate::pins::pin_all;
use crate::plugins::{self, Guests};
use crate::project::Project;
use crate::secret;
use crate::session::Session;
use crate::templates;
use crate::unresolved;

/// Bytes of compressed blocks that are kept between builds.
const BLOCKS: u64 = 8_000_000_000;

/// A profile, ready to be built.
pub(crate) struct Prepared {
    /// The evaluated profile.
    pub(crate) system: System,
    /// What decides the image.
    pub(crate) image: Image,
    /// What a build is for.
    pub(crate) products: Products,
    /// Where artifacts are.
    pub(crate) store: Store,
}

/// Evaluates, locks and wires a profile alone; returns the stages too.
pub(crate) fn prepare(
    project: &Project,
    pick: &Pick,
    lock_use: LockUse,
    session: &Session,
) -> Result<(Graph, Prepared), Failure> {
    let planned = plan_medium(project, pick, lock_use, session)?;
    let mut graph = Graph::new();
    let prepared = wire(planned, &mut graph);
    Ok((graph, prepared))
}

/// Evaluates and locks a profile that has an ISO of its own.
pub(crate) fn plan_medium(
    project: &Project,
    pick: &Pick,
    lock_use: LockUse,
    session: &Session,
) -> Result<Planned, Failure> {
    let planned = plan(project, pick, lock_use, session)?;
    if planned.system.is_installed() {
        return Err(no_medium(&planned.system));
    }
    Ok(planned)
}

/// Adds the stages of a profile to a graph.
pub(crate) fn wire(planned: Planned, graph: &mut Graph) -> Prepared {
    let Planned { system, image, store } = planned;
    let products = pipeline(&image, graph);
    Prepared { system, image, products, store }
}

/// Says that a system for a disk has no ISO.
fn no_medium(system: &System) -> Failure {
    let profile = &system.profile;
    let message = format!("profile {profile} is for a disk, so it has no ISO of its own");
    let hint = format!(
        "build the profile of a live system that has \"{profile}\" in `install.targets`, such as one \
         that extends `isoplug:installer`"
    );
    Failure::new(Exit::Manifest, message).hint(hint)
}

/// A profile whose stages are not wired yet.
pub(crate) struct Planned {
    /// The evaluated profile.
    pub(crate) system: System,
    /// What decides its image.
    pub(crate) image: Image,
    /// Where artifacts are.
    pub(crate) store: Store,
}

/// Evaluates and locks a profile.
pub(crate) fn plan(
    project: &Project,
    pick: &Pick,
    lock_use: LockUse,
    session: &Session,
) -> Result<Planned, Failure> {
    let Pick { profile, arch } = pick;
    session.keep_gc_away()?;
    let pinned = pin_all(project, lock_use, session)?;
    let mut guests = Guests::new(project, &pinned, session);
    let system = project.evaluate_with(profile, arch, &mut guests, session)?;
    let lock = lock_of(project, &system, lock_use, Allow::default(), session)?;
    if lock_use == LockUse::AsItIs {
        session.warn(&guests.unpinned(&system));
    }
    let others = guests_of_targets(project, &system, &guests)?;
    let epoch = session.source_date_epoch().or_else(|| newest(&system, &lock));
    let of = Of { project, lock: &lock, epoch, session };
    let mut image = of.image(&system, guests)?;
    for (target, guests) in others {
        image.targets.push((target.profile.clone(), of.image(target, guests)?));
    }
    Ok(Planned { system, image, store: session.store()? })
}

/// A target, and the plugins as they answered for it.
type Target<'s, 'g> = (&'s System, Guests<'g>);

/// Lets the plugins answer for each target of a medium. What is to be told of them was told.
fn guests_of_targets<'s, 'g>(
    project: &Project,
    system: &'s System,
    guests: &Guests<'g>,
) -> Result<Vec<Target<'s, 'g>>, Failure> {
    let of = |target: &'s System| {
        let mut guests = guests.of_another();
        project.evaluate_silently((&target.profile, &target.arch), &mut guests)?;
        Ok((target, guests))
    };
    system.targets.iter().map(of).collect()
}

/// Returns the latest epoch of a medium and what it installs, which is that of all.
fn newest(system: &System, lock: &Lock) -> Option<u64> {
    let all = system.targets.iter().chain([system]);
    let images = all.filter_map(|one| lock.images.get(&image_name(one)));
    images.map(|image| image.epoch).max()
}

/// What all systems of a medium are made of.
struct Of<'a> {
    project: &'a Project,
    lock: &'a Lock,
    epoch: Option<u64>,
    session: &'a Session,
}

impl Of<'_> {
    /// Makes the image of a system.
    fn image(&self, system: &System, guests: Guests<'_>) -> Result<Image, Failure> {
        self.session.warn(&installer::missing(system));
        let materials = self.materials(system, guests)?;
        let image = Image::new(&secret::read(system.clone())?, materials)
            .map_err(|error| no_image(error, system))?;
        self.session.warn(&plugins::reported(image.reports.clone(), system));
        Ok(image)
    }

    /// Returns what an image depends on besides the profile.
    fn materials(&self, system: &System, guests: Guests<'_>) -> Result<Materials<'_>, Failure> {
        let Self { project, lock, epoch, session } = *self;
        let sources = sources(system, session)?;
        let locked = locked_image(lock, system, &request(&sources, system)).ok_or_else(|| {
            let System { profile, arch, .. } = system;
            Failure::new(Exit::Internal, format!("the lock has no {profile} for {arch}"))
        })?;
        Ok(Materials {
            folder: Path::new(""),
            lock,
            locked,
            epoch,
            plugins: brought(guests, system, facts(system, locked, epoch))?,
            sources: sources
                .for_image(&system.arch)
                .map_err(|error| unresolved::failure(&error, system))?,
            answers: locked::answers(system)?,
            places: places(project, &sources, lock, session),
            installer: installer::program(&system.arch),
            blocks: BlockFolder { path: session.cache_dir("squashfs-blocks")?, limit: BLOCKS },
        })
    }
}

fn brought(
    guests: Guests<'_>,
    system: &System,
    facts: BTreeMap<String, Json>,
) -> Result<Plugins, Failure> {
    guests.bring(system, facts).map_err(|error| {
        Failure::new(Exit::Plugin, "what a plugin adds cannot go into an image").because(&error)
    })
}

/// Returns where the packages of a profile may be.
pub(crate) fn places(
    project: &Project,
    sources: &Sources,
    lock: &Lock,
    session: &Session,
) -> Places {
    Places {
        mirrors: sources.mirror_list(),
        snapshots: sources.snapshot_list(lock),
        folders: sources.folders(),
        vendor: Some(project.folder.join("vendor")).filter(|folder| folder.is_dir()),
        offline: session.offline().is_some(),
        patience: Patience::default(),
        authorities: session.authorities(),
    }
}

/// Returns what plugins may know of an image before it is built.
fn facts(system: &System, locked: &LockedImage, epoch: Option<u64>) -> BTreeMap<String, Json> {
    let packages = locked.groups.iter().flatten();
    let kernel = packages.clone().find_map(|package| kernel_version(&package.name));
    let packages: Vec<Json> = packages
        .map(|package| json!({ "name": package.name, "version": package.version }))
        .collect();
    BTreeMap::from([
        ("image.name".to_owned(), json!(system.image.name)),
        ("image.version".to_owned(), json!(system.image.version)),
        ("image.profile".to_owned(), json!(system.profile)),
        ("image.arch".to_owned(), json!(system.arch)),
        ("epoch".to_owned(), json!(epoch.unwrap_or(locked.epoch))),
        ("packages".to_owned(), Json::Array(packages)),
        ("kernel.version".to_owned(), json!(kernel)),
    ])
}

fn no_image(error: image::Error, system: &System) -> Failure {
    if let Some(drawn) = templates::missing(&error, system) {
        let texts = system.texts.clone();
        return Failure::manifest(Diagnostics { list: vec![drawn], texts });
    }
    let exit = match error {
        image::Error::Refused { .. } | image::Error::Plan { .. } => Exit::Plugin,
        image::Error::Parts(_)
        | image::Error::Iso(_)
        | image::Error::Drivers(_)
        | image::Error::Pool(_)
        | image::Error::Epoch(_) => Exit::Manifest,
    };
    let failure = Failure::new(exit, "the image cannot be made").because(&error);
    let image::Error::Refused { reports, .. } = error else { return failure };
    Failure { diagnostics: Box::new(plugins::reported(reports, system)), ..failure }
}
