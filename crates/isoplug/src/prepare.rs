//! From a profile to a graph that is ready to run: evaluate, lock, wire.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use isoplug_engine::{CancelToken, Graph, Store};
use isoplug_fetch::{Downloader, Patience, Watch};
use isoplug_image::image::{self, Image, Surroundings};
use isoplug_image::pipeline::{Products, pipeline};
use isoplug_image::stages::fetch::Places;
use isoplug_image::stages::squashfs::BlockFolder;
use isoplug_image::wish;
use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::{Diagnostics, System};
use isoplug_packages::locking::{self, Freshness, Sources, locked_image};
use isoplug_packages::{Access, Allow, Request};
use serde_json::{Value as Json, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::local_files;
use crate::locked;
use crate::plugins::pin::pin_all;
use crate::plugins::{self, Guests};
use crate::project::Project;
use crate::read::read_bytes;
use crate::session::Session;
use crate::unresolved;

/// Bytes of compressed blocks that are kept between builds.
const BLOCKS: u64 = 8_000_000_000;

/// A profile, ready to be built.
pub(crate) struct Prepared {
    /// The evaluated profile.
    pub(crate) system: System,
    /// The name of the ISO without its ending.
    pub(crate) name: String,
    /// The stages.
    pub(crate) graph: Graph,
    /// What a build is for.
    pub(crate) products: Products,
    /// Where artifacts are.
    pub(crate) store: Store,
}

/// What may happen to the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockUse {
    /// It must fit.
    AsItIs,
    /// It must fit, and nothing is built from it.
    Looked,
    /// What the manifest asks for beyond it is added.
    Extend,
    /// It is made anew.
    Renew,
    /// It is made anew and not written.
    RenewUnsaved,
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
    Ok(Prepared { system, name: image.name, graph, products, store })
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
    let store = session.store()?;
    let sources = sources(&system, session)?;
    let locked = locked_image(&lock, &system, &request(&sources, &system)).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("the lock has no {profile} for {arch}"))
    })?;
    let blocks = store
        .cache_dir("squashfs-blocks")
        .map_err(|error| Failure::new(Exit::Failed, "the store cannot be used").because(&error))?;
    let epoch = session.source_date_epoch();
    let facts = facts(&system, locked, epoch);
    if lock_use == LockUse::AsItIs {
        session.warn(&guests.unpinned(&system));
    }
    let plugins = guests.bring(&system, facts).map_err(|error| {
        Failure::new(Exit::Plugin, "what a plugin adds cannot go into an image").because(&error)
    })?;
    let in_image = sources.for_image(arch);
    let in_image = in_image.map_err(|error| unresolved::failure(&error, &system))?;
    let around = Surroundings {
        folder: Path::new(""),
        lock: &lock,
        locked,
        epoch,
        answers: locked::answers(&system)?,
        places: Places {
            mirrors: sources.mirror_list(),
            vendor: Some(project.folder.join("vendor")).filter(|folder| folder.is_dir()),
            offline: session.offline().is_some(),
            patience: Patience::default(),
            authorities: session.authorities(),
        },
        blocks: BlockFolder { path: blocks, limit: BLOCKS },
        plugins,
        sources: in_image,
    };
    let image = Image::new(&system, around).map_err(|error| no_image(error, &system))?;
    session.warn(&plugins::reported(image.reports.clone(), &system));
    Ok(Planned { system, image, store })
}

/// Returns what plugins may know of an image before it is built.
fn facts(system: &System, locked: &LockedImage, epoch: Option<u64>) -> BTreeMap<String, Json> {
    let packages = locked.groups.iter().flatten();
    let kernel = packages.clone().find_map(|package| {
        let version = package.name.strip_prefix("linux-image-")?;
        version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
    });
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

/// Returns a lock that has what the profile asks for, and writes it if it changed.
pub(crate) fn lock_of(
    project: &Project,
    system: &System,
    lock_use: LockUse,
    allow: Allow,
    session: &Session,
) -> Result<Lock, Failure> {
    session.warn(&local_files::look(system)?);
    let sources = sources(system, session)?;
    let request = request(&sources, system);
    let told = |lock: &Lock| match locked_image(lock, system, &request) {
        Some(image) => locked::look(system, image, session),
        None => Ok(()),
    };
    let fitting = || -> Result<(Lock, bool), Failure> {
        let old = project.lock(session)?.unwrap_or_default();
        let fits = locked_image(&old, system, &request).is_some();
        Ok((old, fits))
    };
    match (lock_use, fitting()?) {
        (LockUse::AsItIs | LockUse::Looked, (_, false)) => {
            return Err(out_of_date(project, system, session));
        }
        (LockUse::AsItIs | LockUse::Looked | LockUse::Extend, (old, true)) => {
            return told(&old).map(|()| old);
        }
        _ => {}
    }
    // Another run may add another profile to the lock meanwhile, or this one.
    let alone = project.alone(session)?;
    let (old, fits) = fitting()?;
    if fits && lock_use == LockUse::Extend {
        return told(&old).map(|()| old);
    }
    let freshness = if lock_use == LockUse::Extend { Freshness::Keep } else { Freshness::Renew };
    session.note(&format!("resolving {} for {}", system.profile, system.arch));
    let new = resolve_anew((&sources, &request), system, old, (freshness, allow), session)
        .map_err(|error| error.failure(system))?;
    if lock_use != LockUse::RenewUnsaved {
        project.save_lock(&new, &alone)?;
    }
    told(&new)?;
    Ok(new)
}

/// Returns what is doubtful about the packages of a profile, as far as the lock and the manifest tell.
/// What is wrong with a lock or a source is said by whoever needs it.
///
/// # Errors
///
/// When a package asks for consent that nobody gave.
pub(crate) fn foreseen(
    project: &Project,
    system: &System,
    session: &Session,
) -> Result<Diagnostics, Failure> {
    let lock = project.lock(session).ok().flatten().unwrap_or_default();
    let sources = sources(system, session).ok();
    let locked =
        sources.and_then(|sources| locked_image(&lock, system, &request(&sources, system)));
    locked::found(system, locked)
}

/// Returns what a profile asks of its sources.
fn request(sources: &Sources, system: &System) -> Request {
    wish::request(system, sources.lines())
}

fn resolve_anew(
    (sources, request): (&Sources, &Request),
    system: &System,
    old: Lock,
    (freshness, allow): (Freshness, Allow),
    session: &Session,
) -> Result<Lock, ResolveError> {
    let store = session.store()?;
    let cache = store
        .cache_dir("indices")
        .map_err(|error| Failure::new(Exit::Failed, "the store cannot be used").because(&error))?;
    let hint = "name a file of certificates in SSL_CERT_FILE, or unset it";
    let distrust = |error| {
        Failure::new(Exit::Host, "cannot verify the TLS certificate of any mirror")
            .because(&error)
            .hint(hint)
    };
    let downloader =
        Downloader::new(4, Patience::default(), &session.authorities()).map_err(distrust)?;
    let access = Access {
        downloader: &downloader,
        cache,
        now: now(),
        offline: session.offline().is_some(),
        architecture: system.arch.clone(),
        allow,
        watch: &Watched(&session.cancel),
    };
    Ok(sources.lock(system, request, old, freshness, &access)?)
}

/// Why there is no lock.
enum ResolveError {
    Failure(Failure),
    Locking(locking::Error),
}

impl ResolveError {
    fn failure(self, system: &System) -> Failure {
        match self {
            Self::Failure(failure) => failure,
            Self::Locking(error) => unresolved::failure(&error, system),
        }
    }
}

/// Stops a download when the run is to stop.
struct Watched<'a>(&'a CancelToken);

impl Watch for Watched<'_> {
    fn at(&self, _: u64) {}

    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl From<Failure> for ResolveError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<locking::Error> for ResolveError {
    fn from(error: locking::Error) -> Self {
        Self::Locking(error)
    }
}

fn sources(system: &System, session: &Session) -> Result<Sources, Failure> {
    let keyring = |source: &isoplug_manifest::Source| {
        source.keyring.as_ref().map(|path| read_bytes(Path::new(path))).transpose()
    };
    Sources::new(system, &session.mirrors(), keyring)
        .map_err(|error| unresolved::failure(&error, system))
}

fn out_of_date(project: &Project, system: &System, session: &Session) -> Failure {
    let (path, profile) = (project.lock_path(), &system.profile);
    let message = match path.exists() {
        true => format!("{} does not pin what profile {profile} asks for", path.display()),
        false => match session.only_looks() {
            Some(command) => format!(
                "there is no {}, and `isoplug {command}` does not use the network to make one",
                path.display()
            ),
            None => format!("there is no {}, and --locked forbids making it", path.display()),
        },
    };
    Failure::new(Exit::Lock, message).hint("`isoplug lock`, and commit what it writes")
}

fn no_image(error: image::Error, system: &System) -> Failure {
    let exit = match error {
        image::Error::Refused { .. } | image::Error::Plan { .. } => Exit::Plugin,
        image::Error::Parts(_) | image::Error::Iso(_) | image::Error::Epoch(_) => Exit::Manifest,
    };
    let failure = Failure::new(exit, "the image cannot be made").because(&error);
    let image::Error::Refused { reports, .. } = error else { return failure };
    Failure { diagnostics: Box::new(plugins::reported(reports, system)), ..failure }
}

/// Returns the time, which only says whether a Release file is still valid.
#[expect(clippy::disallowed_methods, reason = "validity of signatures is about now")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}
