//! From an evaluated profile to a lock that fits it: the one that is there, or one made anew from the archives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use isoplug_engine::CancelToken;
use isoplug_fetch::{Downloader, Patience, Watch};

use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::{Diagnostics, System};
use isoplug_packages::apt::SourcePackage;
use isoplug_packages::locking::source_packages::Wanted;
use isoplug_packages::locking::{self, Freshness, Made, Sources, locked_image};
use isoplug_packages::resolve::{Part, Reason};
use isoplug_packages::{Access, Allow, Request};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::local_files;
use crate::locked;
use crate::project::Project;
use crate::read::read_bytes;
use crate::session::Session;
use crate::unresolved;

/// What may happen to the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockUse {
    /// It must fit.
    AsItIs,
    /// It must fit, and nothing is built from it.
    Looked,
    /// What the manifest asks for beyond it is added.
    Extend,
}

/// How a lock is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Renewal<'p> {
    /// The part of what is locked that may change; `None` for all.
    pub(crate) part: Option<&'p Part>,
    /// Whether it is written.
    pub(crate) saved: bool,
}

/// Returns a lock that has what the profile and those that it installs ask for, and writes it if it changed.
pub(crate) fn lock_of(
    project: &Project,
    system: &System,
    lock_use: LockUse,
    allow: Allow,
    session: &Session,
) -> Result<Lock, Failure> {
    for target in &system.targets {
        lock_of(project, target, lock_use, allow, session)?;
    }
    let wanted = Asked::of(project, system, session)?;
    match (lock_use, wanted.as_it_is()?) {
        (LockUse::AsItIs | LockUse::Looked, (_, false)) => {
            Err(out_of_date(project, system, session))
        }
        (_, (old, true)) => wanted.told(old),
        (LockUse::Extend, _) => wanted.anew(Freshness::Keep, true, allow).map(|made| made.lock),
    }
}

/// Makes what is locked of a profile and of those that it installs anew, all or a part.
pub(crate) fn renewed(
    project: &Project,
    system: &System,
    renewal: Renewal,
    allow: Allow,
    session: &Session,
) -> Result<Made, Failure> {
    for target in &system.targets {
        renewed(project, target, renewal, allow, session)?;
    }
    let freshness = renewal.part.map_or(Freshness::Renew, Freshness::Part);
    Asked::of(project, system, session)?.anew(freshness, renewal.saved, allow)
}

/// What a lock must have.
struct Asked<'a> {
    project: &'a Project,
    system: &'a System,
    sources: Sources,
    request: Request,
    session: &'a Session,
}

impl<'a> Asked<'a> {
    fn of(project: &'a Project, system: &'a System, session: &'a Session) -> Result<Self, Failure> {
        session.warn(&local_files::look(system)?);
        let sources = sources(system, session)?;
        let request = request(&sources, system);
        Ok(Self { project, system, sources, request, session })
    }

    /// Returns the lock that is there, and whether it has all.
    fn as_it_is(&self) -> Result<(Lock, bool), Failure> {
        let old = self.project.lock(self.session)?.unwrap_or_default();
        let fits = locked_image(&old, self.system, &self.request).is_some();
        Ok((old, fits))
    }

    /// Tells what is doubtful about the packages of a lock.
    fn told(&self, lock: Lock) -> Result<Lock, Failure> {
        if let Some(image) = locked_image(&lock, self.system, &self.request) {
            let compared = self.sources.compare(image);
            compared.map_err(|error| unresolved::failure(&error, self.system))?;
            locked::look(self.system, image, self.session)?;
        }
        Ok(lock)
    }

    /// Makes the lock anew, or only what it lacks, and writes it.
    fn anew(&self, freshness: Freshness, saved: bool, allow: Allow) -> Result<Made, Failure> {
        // Another run may add another profile to the lock meanwhile, or this one.
        let alone = self.project.alone(self.session)?;
        let (old, fits) = self.as_it_is()?;
        match freshness {
            Freshness::Keep if fits => {
                return Ok(Made { lock: self.told(old)?, ..Made::default() });
            }
            Freshness::Part(_) if !fits => return Err(no_part(self.project, self.system)),
            _ => {}
        }
        let System { profile, arch, .. } = self.system;
        self.session.note(&format!("resolving {profile} for {arch}"));
        let made =
            self.resolved(old, freshness, allow).map_err(|error| error.failure(self.system))?;
        if saved {
            self.project.save_lock(&made.lock, &alone)?;
        }
        Ok(Made { lock: self.told(made.lock)?, ..made })
    }

    fn resolved(
        &self,
        old: Lock,
        freshness: Freshness,
        allow: Allow,
    ) -> Result<Made, ResolveError> {
        let Self { system, sources, request, session, .. } = self;
        with_access(system, allow, session, |access| {
            Ok(sources.lock(system, request, old, freshness, access)?)
        })
    }
}

/// Lets something use what sources may use to read themselves.
fn with_access<T>(
    system: &System,
    allow: Allow,
    session: &Session,
    read: impl FnOnce(&Access) -> Result<T, ResolveError>,
) -> Result<T, ResolveError> {
    read(&Access {
        cache: session.cache_dir("indices")?,
        downloader: &downloader(session)?,
        now: now(),
        offline: session.offline().is_some(),
        architecture: system.arch.clone(),
        foreign: system.options.packages.architectures.clone(),
        others: others(&system.arch),
        allow,
        watch: &Watched(&session.cancel),
    })
}

fn others(arch: &str) -> Vec<String> {
    let all = isoplug_arch::with_images().into_iter();
    all.filter(|other| *other != arch).map(str::to_owned).collect()
}

/// Returns those of the source packages that the archives of a profile have.
pub(crate) fn source_packages(
    wanted: &BTreeSet<Wanted>,
    lock: &Lock,
    system: &System,
    session: &Session,
) -> Result<BTreeMap<Wanted, SourcePackage>, Failure> {
    let sources = sources(system, session)?;
    let read = |access: &Access| Ok(sources.source_packages(wanted, lock, access)?);
    with_access(system, Allow::default(), session, read).map_err(|error| error.failure(system))
}

/// Returns who brings the packages of an image, but those of `roots`; `None` where the indices of the lock cannot be had.
pub(crate) fn reasons(
    (sources, request): (&Sources, &Request),
    system: &System,
    (lock, image, roots): (&Lock, &LockedImage, &BTreeSet<String>),
    session: &Session,
) -> Result<Option<BTreeMap<String, Reason>>, Failure> {
    let read = |access: &Access| Ok(sources.reasons(request, lock, (image, roots), access)?);
    with_access(system, Allow::default(), session, read).map_err(|error| error.failure(system))
}

fn downloader(session: &Session) -> Result<Downloader, Failure> {
    Downloader::new(4, Patience::default(), &session.authorities()).map_err(|error| {
        Failure::new(Exit::Host, "cannot verify the TLS certificate of any mirror")
            .because(&error)
            .hint("name a file of certificates in SSL_CERT_FILE, or unset it")
    })
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
    let found = locked::found(system, locked)?;
    locked.map_or(Ok(()), |locked| locked::drivers_fit(system, locked, session))?;
    Ok(found)
}

/// Returns what a profile asks of its sources.
pub(crate) fn request(sources: &Sources, system: &System) -> Request {
    isoplug_image::request::request(system, sources.lines())
}

/// Returns where the packages of a profile are from.
pub(crate) fn sources(system: &System, session: &Session) -> Result<Sources, Failure> {
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

fn no_part(project: &Project, system: &System) -> Failure {
    let (path, profile) = (project.lock_path(), &system.profile);
    let message = format!(
        "{} does not pin what profile {profile} asks for, so that no part of it can be updated",
        path.display()
    );
    Failure::new(Exit::Lock, message).hint("`isoplug lock` first")
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

/// Returns the time, which only says whether a Release file is still valid.
#[expect(clippy::disallowed_methods, reason = "validity of signatures is about now")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}
