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
use isoplug_packages::locking::{Sources, locked_image};
use serde_json::{Value as Json, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::locked;
use crate::locking::{LockUse, lock_of, request, sources};
use crate::plugins::pin::pin_all;
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
    /// The stages.
    pub(crate) graph: Graph,
    /// What a build is for.
    pub(crate) products: Products,
    /// Where artifacts are.
    pub(crate) store: Store,
}

/// Evaluates, locks and wires a profile.
pub(crate) fn prepare(
    project: &Project,
    profile: &str,
    arch: &str,
    lock_use: LockUse,
    session: &Session,
) -> Result<Prepared, Failure> {
    let Planned { system, image, store } = plan(project, profile, arch, lock_use, session)?;
    let mut graph = Graph::new();
    let products = pipeline(&image, &mut graph);
    Ok(Prepared { system, image, graph, products, store })
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
    profile: &str,
    arch: &str,
    lock_use: LockUse,
    session: &Session,
) -> Result<Planned, Failure> {
    session.keep_gc_away()?;
    let pinned = pin_all(project, lock_use, session)?;
    let mut guests = Guests::new(project, &pinned, session);
    let system = project.evaluate_with(profile, arch, &mut guests, session)?;
    let lock = lock_of(project, &system, lock_use, Allow::default(), session)?;
    if lock_use == LockUse::AsItIs {
        session.warn(&guests.unpinned(&system));
    }
    let materials = materials(project, &system, &lock, guests, session)?;
    let image = Image::new(&secret::read(system.clone())?, materials)
        .map_err(|error| no_image(error, &system))?;
    session.warn(&plugins::reported(image.reports.clone(), &system));
    Ok(Planned { system, image, store: session.store()? })
}

/// Returns what an image depends on besides the profile.
fn materials<'a>(
    project: &Project,
    system: &System,
    lock: &'a Lock,
    guests: Guests<'_>,
    session: &Session,
) -> Result<Materials<'a>, Failure> {
    let sources = sources(system, session)?;
    let locked = locked_image(lock, system, &request(&sources, system)).ok_or_else(|| {
        let System { profile, arch, .. } = system;
        Failure::new(Exit::Internal, format!("the lock has no {profile} for {arch}"))
    })?;
    let epoch = session.source_date_epoch();
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
        places: places(project, &sources, session),
        blocks: BlockFolder { path: session.cache_dir("squashfs-blocks")?, limit: BLOCKS },
    })
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

fn places(project: &Project, sources: &Sources, session: &Session) -> Places {
    Places {
        mirrors: sources.mirror_list(),
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
        | image::Error::Epoch(_) => Exit::Manifest,
    };
    let failure = Failure::new(exit, "the image cannot be made").because(&error);
    let image::Error::Refused { reports, .. } = error else { return failure };
    Failure { diagnostics: Box::new(plugins::reported(reports, system)), ..failure }
}
