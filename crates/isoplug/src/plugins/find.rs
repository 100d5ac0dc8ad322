//! Finds the component of a plugin: a file of this machine, or what the lock pins.

use std::path::Path;

use isoplug_manifest::ModuleSource;
use isoplug_manifest::lock::LockedPlugin;
use isoplug_manifest::plugin::PluginSource;
use isoplug_plugin::Runtime;
use isoplug_registry::{Pin, Reference};
use semver::VersionReq;

use super::Found;
use super::lookup::Lookup;
use crate::failure::Failure;
use crate::read::read_bytes;

/// Why the component of a plugin is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFound {
    #[error("there is no file {0}")]
    NoFile(String),
    #[error("{path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("it needs `registry` or `path`, one of them")]
    NoSource,
    #[error("invalid version requirement \"{text}\": {error}")]
    Requirement { text: String, error: semver::Error },
    #[error("isoplug.lock does not pin it; `isoplug plugin add` or `isoplug lock` does")]
    NotLocked,
    #[error("isoplug.lock does not pin it; `isoplug lock` does")]
    ModuleNotLocked,
    #[error(transparent)]
    Component(#[from] isoplug_plugin::Error),
    #[error(transparent)]
    Registry(#[from] isoplug_registry::Error),
    #[error("{0}")]
    Runtime(String),
    #[error("{}", shown(.0))]
    Failed(Box<Failure>),
}

fn shown(failure: &Failure) -> String {
    let hints = failure.hints.iter().map(|hint| format!("\n  try: {hint}"));
    let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
    let causes: String = causes.collect();
    format!("{}{causes}{}", failure.message, hints.collect::<String>())
}

/// Reads a plugin's file.
pub(crate) fn file(path: &str, runtime: &Runtime) -> Result<Found, NotFound> {
    read(&bytes(path)?, runtime)
}

/// Returns what is in a plugin's file.
pub(crate) fn bytes(path: &str) -> Result<Vec<u8>, NotFound> {
    read_bytes(Path::new(path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => NotFound::NoFile(path.to_owned()),
        _ => NotFound::Unreadable { path: path.to_owned(), error },
    })
}

/// Reads a plugin that is a file of this machine.
pub(crate) fn read(bytes: &[u8], runtime: &Runtime) -> Result<Found, NotFound> {
    let component = runtime.component(bytes)?;
    let description = runtime.describe(&component)?;
    Ok(Found { component, description, source: String::new(), publisher: String::new() })
}

/// Reads a plugin that the lock pins.
pub(crate) fn pinned(pin: &Pin, lookup: &Lookup) -> Result<Found, NotFound> {
    let found = lookup.pinned(pin).map_err(|failure| NotFound::Failed(Box::new(failure)))?;
    let (component, description) = found;
    let (source, publisher) = (pin.source.source(), pin.publisher.clone());
    Ok(Found { component, description, source, publisher })
}

/// What the manifest says of a plugin or a shared module of a registry.
pub(crate) struct InRegistry {
    pub(crate) reference: Reference,
    pub(crate) requirement: VersionReq,
}

impl InRegistry {
    /// Reads it; `None` if the plugin is a file.
    pub(crate) fn plugin(source: &PluginSource) -> Result<Option<Self>, NotFound> {
        Self::read(&source.registry, &source.path, &source.version)
    }

    /// Reads it; `None` if the module is a folder of this machine.
    pub(crate) fn module(source: &ModuleSource) -> Result<Option<Self>, NotFound> {
        Self::read(&source.registry, &source.path, &source.version)
    }

    fn read(
        registry: &Option<String>,
        path: &Option<String>,
        version: &Option<String>,
    ) -> Result<Option<Self>, NotFound> {
        match (registry, path) {
            (Some(registry), None) => {
                let text = version.clone().unwrap_or_else(|| "*".to_owned());
                let requirement = VersionReq::parse(&text)
                    .map_err(|error| NotFound::Requirement { text, error })?;
                Ok(Some(Self { reference: registry.parse()?, requirement }))
            }
            (None, Some(_)) => Ok(None),
            _ => Err(NotFound::NoSource),
        }
    }

    /// Returns what the lock pins for it, if that is what the manifest asks for.
    pub(crate) fn pin(&self, locked: Option<&LockedPlugin>) -> Result<Pin, NotFound> {
        let pin = Pin::try_from(locked.ok_or(NotFound::NotLocked)?)?;
        let same = self.is_from_here(&pin) && pin.requirement == self.requirement.to_string();
        if same { Ok(pin) } else { Err(NotFound::NotLocked) }
    }

    /// Tells whether what is locked comes from the same place, whatever version was asked for.
    pub(crate) fn is_from_here(&self, locked: &Pin) -> bool {
        locked.source.place == self.reference.place
    }
}
