//! From a profile to a graph that is ready to run: evaluate, lock, wire.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use isoplug_engine::{Graph, Store};
use isoplug_image::image::{self, Image, Surroundings};
use isoplug_image::locking::{self, Freshness, Sources, locked_image};
use isoplug_image::pipeline::{Products, pipeline};
use isoplug_image::sources::download::{Downloader, Patience, Unwatched};
use isoplug_image::sources::{Access, Request, apt, resolve};
use isoplug_image::stages::fetch::Places;
use isoplug_image::stages::squashfs::BlockFolder;
use isoplug_manifest::lock::Lock;
use isoplug_manifest::{Diagnostic, Diagnostics, System};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

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
    let system = project.evaluate(profile, arch, session)?;
    let lock = lock_of(project, &system, lock_use, session)?;
    let store = session.store()?;
    let sources = sources(&system, session)?;
    let locked = locked_image(&lock, &system, &sources.request(&system)).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("the lock has no {profile} for {arch}"))
    })?;
    let blocks = store
        .cache_dir("squashfs-blocks")
        .map_err(|error| Failure::new(Exit::Failed, "the store cannot be used").because(&error))?;
    let around = Surroundings {
        folder: Path::new(""),
        lock: &lock,
        locked,
        epoch: session.source_date_epoch(),
        places: Places {
            mirrors: sources.mirror_list(),
            vendor: Some(project.folder.join("vendor")).filter(|folder| folder.is_dir()),
            offline: session.global.offline,
            patience: Patience::default(),
        },
        blocks: BlockFolder { path: blocks, limit: BLOCKS },
    };
    let image = Image::new(&system, around).map_err(|error| no_image(&error))?;
    let mut graph = Graph::new();
    let products = pipeline(&image, &mut graph);
    Ok(Prepared { system, name: image.name, graph, products, store })
}

/// Returns a lock that has what the profile asks for, and writes it if it changed.
pub(crate) fn lock_of(
    project: &Project,
    system: &System,
    lock_use: LockUse,
    session: &Session,
) -> Result<Lock, Failure> {
    let sources = sources(system, session)?;
    let request = sources.request(system);
    let old = project.lock()?.unwrap_or_default();
    let fits = locked_image(&old, system, &request).is_some();
    match lock_use {
        LockUse::AsItIs if !fits => return Err(out_of_date(project, system)),
        LockUse::AsItIs | LockUse::Extend if fits => return Ok(old),
        _ => {}
    }
    let freshness = if lock_use == LockUse::Extend { Freshness::Keep } else { Freshness::Renew };
    session.note(&format!("resolving {} for {}", system.profile, system.arch));
    let new = resolve_anew(&sources, system, old, freshness, session)
        .map_err(|error| unresolved(&error, system, &request))?;
    if lock_use != LockUse::RenewUnsaved {
        project.save_lock(&new)?;
    }
    Ok(new)
}

fn resolve_anew(
    sources: &Sources,
    system: &System,
    old: Lock,
    freshness: Freshness,
    session: &Session,
) -> Result<Lock, ResolveError> {
    let store = session.store()?;
    let cache = store
        .cache_dir("indices")
        .map_err(|error| Failure::new(Exit::Failed, "the store cannot be used").because(&error))?;
    let access = Access {
        downloader: &Downloader::new(4, Patience::default()),
        cache,
        now: now(),
        offline: session.global.offline,
        architecture: system.arch.clone(),
        watch: &Unwatched,
    };
    Ok(sources.lock(system, old, freshness, &access)?)
}

/// Why there is no lock.
enum ResolveError {
    Failure(Failure),
    Locking(locking::Error),
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
        let path = source.keyring.as_ref()?;
        std::fs::read(path).ok()
    };
    for (name, source) in &system.sources {
        if let Some(path) = source.keyring.as_ref().map(Path::new) {
            readable(name, path, system)?;
        }
    }
    Sources::new(system, &session.mirrors(), keyring)
        .map_err(|error| Failure::new(Exit::Manifest, "a source cannot be used").because(&error))
}

fn readable(name: &str, path: &Path, system: &System) -> Result<(), Failure> {
    let Err(error) = std::fs::read(path) else { return Ok(()) };
    let message = format!("cannot read the keyring {}: {error}", path.display());
    let diagnostic = Diagnostic::error("unreadable-keyring", message);
    Err(at_manifest(system, &format!("sources.{name}.keyring"), diagnostic))
}

/// Draws a diagnostic on the manifest line of something outside of profiles, if there is one.
fn at_manifest(system: &System, path: &str, diagnostic: Diagnostic) -> Failure {
    let diagnostic = match system.manifest_origin(path) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    };
    Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
}

fn out_of_date(project: &Project, system: &System) -> Failure {
    let path = project.lock_path();
    let message = format!("{} does not fit profile {}", path.display(), system.profile);
    Failure::new(Exit::Lock, message)
        .hint("run `isoplug lock` and commit what it writes, or build without --locked")
}

fn no_image(error: &image::Error) -> Failure {
    Failure::new(Exit::Manifest, "the image cannot be made").because(error)
}

fn unresolved(error: &ResolveError, system: &System, request: &Request) -> Failure {
    let error = match error {
        ResolveError::Failure(failure) => return failure.clone(),
        ResolveError::Locking(error) => error,
    };
    if let locking::Error::Resolve(resolve::Error::Unknown(packages)) = error {
        let list = packages.iter().map(|package| unknown(package, system)).collect();
        return Failure::manifest(Diagnostics { list, texts: system.texts.clone() });
    }
    let exit = match error {
        locking::Error::Resolve(_) => Exit::Manifest,
        locking::Error::Source(source) if is_of_manifest(source) => Exit::Manifest,
        locking::Error::Source(_) => Exit::Failed,
    };
    let suites = request.suites.len();
    let s = if suites == 1 { "" } else { "s" };
    Failure::new(exit, format!("cannot resolve {} from {suites} suite{s}", system.profile))
        .because(error)
}

/// Tells what a changed manifest would mend from what only the network or the archive can.
fn is_of_manifest(error: &apt::Error) -> bool {
    matches!(
        error,
        apt::Error::NoMirror { .. }
            | apt::Error::UnknownSuite { .. }
            | apt::Error::UnknownComponent { .. }
            | apt::Error::UnknownArchitecture { .. }
            | apt::Error::Keyring { .. }
    )
}

/// Returns the diagnostic of a package that no source has, on the line that asks for it.
fn unknown(package: &resolve::UnknownPackage, system: &System) -> Diagnostic {
    let wish = &package.wish;
    let message = format!("no source has the package `{wish}`");
    let mut diagnostic = Diagnostic::error("unknown-package", message);
    if let Some(origin) = system.origin_of("packages.install", wish) {
        diagnostic = diagnostic.at(origin, "asked for here");
    }
    match (&package.offered[..], &package.nearest[..]) {
        ([], []) => diagnostic.help("is the component that has it enabled in its source?"),
        ([], names) => diagnostic.help(format!("did you mean `{}`?", names.join("` or `"))),
        (offered, _) => diagnostic.help(format!("there is {}", offered.join(", "))),
    }
}

/// Returns the time, which only says whether a Release file is still valid.
#[expect(clippy::disallowed_methods, reason = "validity of signatures is about now")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}
