//! Everything that the way from a registry to a plugin takes: runtime, registries, policies, and
//! the folder that keeps components.

mod withheld;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use isoplug_engine::Digest;
use isoplug_manifest::plugin::Requests;
use isoplug_plugin::{Component, Description, Runtime};
use isoplug_registry::{
    self, Cache, Claim, Layout, Pin, Place, Policy, Reference, Registries, Release, Resolved,
    Transport, Verdict, judge, resolve, signatures,
};
use semver::VersionReq;
use serde_json::json;

use super::seen::Seen;
use super::settings::Settings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// Where `isoplug plugin vendor` puts plugins, beside the manifest.
pub(crate) const VENDOR: &str = "vendor/plugins";

/// The way from a registry to a plugin.
pub(crate) struct Lookup {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) registries: Registries,
    pub(crate) policies: Vec<Policy>,
    pub(crate) settings: Settings,
    cache: Cache,
    vendor: Option<PathBuf>,
    /// Why no registry is asked, if so.
    offline: Option<String>,
    seen: Seen,
    /// Whether what is older than what is locked or was seen is accepted.
    pub(crate) allow_older: bool,
}

/// A plugin of a registry that could be used.
pub(crate) struct Offer {
    pub(crate) reference: Reference,
    pub(crate) requirement: VersionReq,
    pub(crate) resolved: Resolved,
    pub(crate) verdict: Verdict,
    pub(crate) description: Description,
}

/// A version that fits and is believed.
pub(crate) struct Chosen {
    pub(crate) resolved: Resolved,
    pub(crate) verdict: Verdict,
    path: PathBuf,
}

impl Lookup {
    /// Prepares the way, with the policy of a project if there is one.
    pub(crate) fn new(project: Option<&Project>, session: &Session) -> Result<Self, Failure> {
        Self::with(super::runtime(session)?, project, session)
    }

    /// Prepares the way with a runtime that is there: what one compiled, another cannot run.
    pub(crate) fn with(
        runtime: Arc<Runtime>,
        project: Option<&Project>,
        session: &Session,
    ) -> Result<Self, Failure> {
        let settings = Settings::read(session)?;
        let trust = project.map(Project::trust).transpose()?.flatten();
        let vendor = project.map(|project| project.folder.join(VENDOR));
        Ok(Self {
            runtime,
            registries: settings.registries(session)?,
            policies: settings.policies(trust.as_ref())?,
            settings,
            cache: Cache::open(&session.cache_dir("plugin-releases")?)?,
            vendor: vendor.filter(|folder| folder.is_dir()),
            offline: session.offline(),
            seen: Seen::new(session),
            allow_older: false,
        })
    }

    /// Opens a repository, or what is read in place of it.
    pub(crate) fn open(&self, reference: &Reference) -> Result<Box<dyn Transport>, Failure> {
        let place = self.registries.mirrored(reference)?.place;
        if let (Some(why), Place::Registry { .. }) = (&self.offline, &place) {
            return Err(Failure::new(Exit::Failed, format!("cannot contact {place}: {why}")).hint(
                "run `isoplug lock` once with a network, or use a mirror (`isoplug plugin mirror`)",
            ));
        }
        Ok(self.registries.open(reference)?)
    }

    /// Finds the newest version of a plugin, and judges it. What the user approves of just now
    /// counts as locked.
    pub(crate) fn offer(
        &self,
        reference: &Reference,
        requirement: &VersionReq,
        locked: Option<&Pin>,
        approved: bool,
    ) -> Result<Offer, Failure> {
        let Chosen { resolved, verdict, path } =
            self.choose(reference, requirement, locked, approved)?;
        let release = &resolved.release;
        let (_, description) = self.read(&path, release.component.digest)?;
        check_said(reference, release, &description)?;
        let (reference, requirement) = (reference.clone(), requirement.clone());
        Ok(Offer { reference, requirement, resolved, verdict, description })
    }

    /// Finds the newest version of a plugin or module, judges it by its signatures, and fetches it. What the user
    /// approves of just now counts as locked.
    pub(crate) fn choose(
        &self,
        reference: &Reference,
        requirement: &VersionReq,
        locked: Option<&Pin>,
        approved: bool,
    ) -> Result<Chosen, Failure> {
        let from = self.open(reference)?;
        let yanked = self.yanked(reference)?;
        let resolved = resolve(&*from, reference, requirement, &yanked, locked)
            .and_then(|resolved| resolved.unmoved(reference))?;
        self.check_newer(reference, requirement, locked, &resolved)?;
        let release = &resolved.release;
        let signed = signatures(&*from, release.manifest)?;
        let mut claim = Claim::of(reference, release, &signed).locked(locked);
        claim.is_locked |= approved;
        let verdict = judge(&self.policies, &claim).map_err(isoplug_registry::Error::from)?;
        let path = self.cache.fetch(&*from, release)?;
        Ok(Chosen { resolved, verdict, path })
    }

    /// Returns the component that the lock pins, believed anew.
    pub(crate) fn pinned(&self, pin: &Pin) -> Result<(Component, Description), Failure> {
        let path = self.believed(pin)?;
        let (component, description) = self.read(&path, pin.component)?;
        check_as_pinned(pin, &description)?;
        Ok((component, description))
    }

    /// Returns the file of what the lock pins, fetched if it is not there, and believed anew.
    pub(crate) fn believed(&self, pin: &Pin) -> Result<PathBuf, Failure> {
        let path = self.fetch_pinned(pin)?;
        let layout = self.cache.layout();
        let row = isoplug_registry::verify(layout, std::slice::from_ref(pin), &self.policies).pop();
        if let Some(Err(error)) = row.map(|row| row.verdict) {
            return Err(error.into());
        }
        Ok(path)
    }

    fn fetch_pinned(&self, pin: &Pin) -> Result<PathBuf, Failure> {
        let cached = self.cache.locked(pin)?;
        if let Some(path) = cached {
            return Ok(path);
        }
        let vendored = self.vendor.as_ref().and_then(|folder| {
            let layout = Layout::open(folder, pin.source.name().as_deref()).ok()?;
            self.cache.fetch_locked(&layout, pin).ok()
        });
        match vendored {
            Some(path) => Ok(path),
            None => {
                let from = self.open(&pin.source)?;
                Ok(self.cache.fetch_locked(&*from, pin)?)
            }
        }
    }

    fn read(
        &self,
        path: &std::path::Path,
        wanted: Digest,
    ) -> Result<(Component, Description), Failure> {
        let bytes = fs::read(path).map_err(|error| {
            Failure::new(Exit::Failed, format!("cannot read {}", path.display())).because(&error)
        })?;
        let refused = |error: isoplug_plugin::Error| {
            Failure::new(Exit::Plugin, "the plugin cannot be used").because(&error)
        };
        let component = self.runtime.component(&bytes).map_err(refused)?;
        if component.digest != wanted {
            let message = format!("{} is damaged", path.display());
            return Err(Failure::new(Exit::Failed, message).hint("remove it"));
        }
        let description = self.runtime.describe(&component).map_err(refused)?;
        Ok((component, description))
    }
}

impl Offer {
    /// Returns what to lock under a name, once the user approved of the requests.
    pub(crate) fn pin(&self, name: &str) -> Result<Pin, Failure> {
        let approved = approval(&self.description.requests);
        let Self { reference, requirement, resolved, verdict, description: _ } = self;
        Ok(resolved.lock(name, reference, requirement, approved, verdict)?)
    }
}

/// Compares what a release says of its component with what the component says of itself.
fn check_said(
    reference: &Reference,
    release: &Release,
    description: &Description,
) -> Result<(), Failure> {
    let refused = |message: String| Failure::new(Exit::Plugin, message);
    match &release.description {
        Some(said) if said.digest() == digest(description) => Ok(()),
        Some(_) => {
            let message =
                format!("the description of {reference} differs from that of its component");
            Err(refused(message).hint("ask its publisher"))
        }
        None => {
            let message = format!("{reference} does not tell its options and requests");
            Err(refused(message)
                .hint("another tool put it there; `isoplug plugin publish` does it"))
        }
    }
}

/// Compares what a component says of itself with what the lock has of it.
fn check_as_pinned(pin: &Pin, description: &Description) -> Result<(), Failure> {
    let (name, version) = (&pin.name, &pin.version);
    if digest(description) != pin.describe {
        let message = format!(
            "the description of plugin {name} {version} differs from the one pinned in isoplug.lock"
        );
        return Err(Failure::new(Exit::Plugin, message).hint("`isoplug plugin update`"));
    }
    if approval(&description.requests) != pin.grants {
        let message = format!("what plugin {name} {version} asks for was never approved");
        let update = format!("`isoplug plugin update {name}`");
        return Err(Failure::new(Exit::Plugin, message).hint(update));
    }
    Ok(())
}

/// Returns the digest of what a plugin says of itself, as locks and signatures have it.
pub(crate) fn digest(description: &Description) -> Digest {
    let read = isoplug_registry::Description::read(&description.json);
    read.map_or_else(|_| Digest::of(description.json.as_bytes()), |said| said.digest())
}

/// Returns the digest that stands for the approval of requests.
pub(crate) fn approval(requests: &Requests) -> Digest {
    Digest::of(isoplug_registry::canonical(&json!(requests)).as_bytes())
}

/// A refusal of the policy is one of plugins.
impl From<isoplug_registry::Error> for Failure {
    fn from(error: isoplug_registry::Error) -> Self {
        use isoplug_registry::Error::{
            Absent, Moved, NoVersion, Reference, Refused, Unfit, WrongDigest,
        };
        let exit = match error {
            Refused(_) | Moved { .. } | WrongDigest { .. } | Unfit { .. } => Exit::Plugin,
            Reference { .. } | Absent { .. } | NoVersion { .. } => Exit::Manifest,
            _ => Exit::Failed,
        };
        let failure = Failure::new(exit, error.to_string()).because(&error);
        match error.help() {
            Some(help) => failure.hint(help),
            None => failure,
        }
    }
}
