//! The shared modules of a manifest: which the lock pins, and where the files of one are on this machine.
//!
//! A module of a registry is believed by its signature as a plugin is, each time it is used. Knows no profile.

pub(crate) mod pin;

use std::collections::BTreeMap;
use std::path::PathBuf;

use isoplug_manifest::lock::Lock;
use isoplug_manifest::{MODULE, System};
use isoplug_registry::Pin;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::local_files;
use crate::pinned::unpack::unpack;
use crate::plugins::find::{InRegistry, NotFound};
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;

/// Where archives of modules are unpacked to.
pub(crate) const FOLDER: &str = "modules";

/// The shared modules of one manifest.
pub(crate) struct Modules<'a> {
    project: &'a Project,
    lock: &'a Lock,
    session: &'a Session,
    /// Where they are, or why they are not there.
    found: BTreeMap<String, Result<PathBuf, String>>,
}

impl<'a> Modules<'a> {
    /// Has looked for none yet.
    pub(crate) fn new(project: &'a Project, lock: &'a Lock, session: &'a Session) -> Self {
        Self { project, lock, session, found: BTreeMap::new() }
    }

    /// Returns where the file is that a path `module:NAME/PATH` names; any other path as it is.
    pub(crate) fn place(&mut self, path: &str) -> Result<PathBuf, String> {
        let Some((name, inside)) = path.strip_prefix(MODULE).and_then(|it| it.split_once('/'))
        else {
            return Ok(PathBuf::from(path));
        };
        if !self.found.contains_key(name) {
            let folder = self.folder(name).map_err(|error| error.to_string());
            self.found.insert(name.to_owned(), folder);
        }
        self.found[name].clone().map(|folder| folder.join(inside))
    }

    fn folder(&self, name: &str) -> Result<PathBuf, NotFound> {
        let failed = |failure| NotFound::Failed(Box::new(failure));
        let source = self.project.modules().map_err(failed)?.remove(name).unwrap_or_default();
        let wanted = InRegistry::module(&source)?;
        match (wanted, &source.path) {
            (Some(wanted), _) => {
                let pin = wanted
                    .pin(self.lock.modules.get(name))
                    .map_err(|_| NotFound::ModuleNotLocked)?;
                self.unpacked(&pin).map_err(failed)
            }
            (None, Some(path)) => Ok(self.project.folder.join(path)),
            (None, None) => Err(NotFound::NoSource),
        }
    }

    /// Returns the folder of a module that the lock pins, fetched and believed.
    fn unpacked(&self, pin: &Pin) -> Result<PathBuf, Failure> {
        let archive = Lookup::new(Some(self.project), self.session)?.believed(pin)?;
        let name = pin.component.to_string().replace(':', "-");
        let folder = self.session.cache_dir(FOLDER)?.join(name);
        if !folder.is_dir() {
            unpack(&archive, &folder).map_err(|error| {
                let message = format!("the archive of module {} cannot be unpacked", pin.name);
                Failure::new(Exit::Plugin, message).because(&error)
            })?;
        }
        isoplug_engine::mark_used(&folder);
        Ok(folder)
    }
}

/// Puts in place of `module:NAME/PATH`, wherever an option names a file of this machine, where the file is.
pub(crate) fn bring(system: &mut System, modules: &mut Modules<'_>) -> Result<(), Failure> {
    let named: Vec<String> = local_files::named(system)
        .into_iter()
        .filter(|named| named.path.starts_with(MODULE))
        .map(|named| named.path.to_owned())
        .collect();
    for path in named {
        let found = modules.place(&path).map_err(|reason| {
            Failure::new(Exit::Manifest, format!("cannot use {path}: {reason}"))
        })?;
        local_files::rename(&mut system.options, &path, &found);
    }
    Ok(())
}
