//! A folder with a manifest: reads its files, evaluates profiles, reads and writes its lock.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use isoplug_engine::seam::between;
use isoplug_manifest::lock::{self, Lock};
use isoplug_manifest::plugin::{Grants, PluginSource, Trust};
use isoplug_manifest::{Image, ModuleSource, Overview, profiles};
use serde::Deserialize;

use crate::allowed;
use crate::alone::Alone;
use crate::edit;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;
use crate::reach::{Folder, Reach, reaches};
use crate::read::read_text;
use crate::session::Session;

/// The manifest's file name.
pub(crate) const MANIFEST: &str = "isoplug.toml";
/// The lock's file name.
pub(crate) const LOCK: &str = "isoplug.lock";

/// A folder with a manifest.
pub(crate) struct Project {
    /// The folder, as it was typed; empty for the current one.
    pub(crate) folder: PathBuf,
    /// What the image is called.
    pub(crate) image: Image,
    /// The names of its profiles, in their order.
    pub(crate) profiles: Vec<String>,
    /// The profiles of each group.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// What variables of the manifest are in this run, where that is not their default.
    pub(crate) vars: BTreeMap<String, String>,
    /// The manifest's name in messages.
    pub(crate) name: String,
    /// The manifest's text.
    pub(crate) text: String,
    /// Whether the user was asked what the folder may reach.
    allowed: OnceCell<()>,
}

/// What must be known of a manifest before it is evaluated.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    plugins: BTreeMap<String, PluginSource>,
    #[serde(default)]
    modules: BTreeMap<String, ModuleSource>,
    #[serde(default)]
    grants: BTreeMap<String, Grants>,
    #[serde(default)]
    trust: Option<Trust>,
}

impl Project {
    /// Reads the manifest of a folder; the path of the manifest itself serves too.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        // Messages say `isoplug.toml`, not `./isoplug.toml`.
        let path = path.strip_prefix(".").unwrap_or(path);
        let is_manifest = path.is_file();
        let folder = if is_manifest { path.parent().unwrap_or(Path::new("")) } else { path };
        let manifest = if is_manifest { path.to_owned() } else { folder.join(MANIFEST) };
        if leads_out(&manifest) {
            let message = format!("{} is a link that leads out of its folder", manifest.display());
            return Err(Failure::new(Exit::Untrusted, message)
                .hint("name the file that it leads to, if that is your own"));
        }
        let text = read_text(&manifest).map_err(|error| missing(path, &manifest, &error))?;
        let name = manifest.display().to_string();
        let Overview { image, profiles, groups } =
            profiles(&name, &text).map_err(Failure::manifest)?;
        let folder = folder.to_owned();
        let (vars, allowed) = (BTreeMap::new(), OnceCell::new());
        Ok(Self { folder, image, profiles, groups, vars, name, text, allowed })
    }

    /// Returns what the folder asks for beyond itself.
    pub(crate) fn reaches(&self) -> Result<BTreeSet<Reach>, Failure> {
        let Outline { plugins, grants, .. } = self.outline()?;
        Ok(reaches(&Folder {
            path: &self.folder,
            manifest: (&self.name, &self.text),
            plugins: &plugins,
            grants: &grants,
            files: vec![self.lock_path(), self.folder.join("vendor")],
        }))
    }

    /// Fails unless the user allows all that the folder asks for beyond itself; asks once.
    pub(crate) fn allow(&self, session: &Session) -> Result<(), Failure> {
        if self.allowed.get().is_none() {
            allowed::settle(&self.folder, &self.reaches()?, session)?;
        }
        self.allowed.get_or_init(|| ());
        Ok(())
    }

    /// Returns the plugins of the manifest, paths as they are written.
    pub(crate) fn plugins(&self) -> Result<BTreeMap<String, PluginSource>, Failure> {
        Ok(self.outline()?.plugins)
    }

    /// Returns the shared modules of the manifest, paths as they are written.
    pub(crate) fn modules(&self) -> Result<BTreeMap<String, ModuleSource>, Failure> {
        Ok(self.outline()?.modules)
    }

    /// Returns what the manifest grants its plugins, paths as they are written.
    pub(crate) fn grants(&self) -> Result<BTreeMap<String, Grants>, Failure> {
        Ok(self.outline()?.grants)
    }

    /// Returns the manifest's policy, if it has one.
    pub(crate) fn trust(&self) -> Result<Option<Trust>, Failure> {
        Ok(self.outline()?.trust)
    }

    /// Fails unless the manifest has a plugin of this name.
    pub(crate) fn known_plugin(&self, name: &str) -> Result<(), Failure> {
        let plugins = self.plugins()?;
        if plugins.contains_key(name) {
            return Ok(());
        }
        let message = format!("{} has no plugin `{name}`", self.name);
        let names: Vec<&str> = plugins.keys().map(String::as_str).collect();
        let failure = Failure::new(Exit::Manifest, message);
        Err(if names.is_empty() {
            failure.hint("`isoplug plugin add` takes one into it")
        } else {
            failure.hint(format!("one of its plugins: {}", names.join(", ")))
        })
    }

    /// Waits until no other run changes the manifest or the lock.
    pub(crate) fn alone(&self, session: &Session) -> Result<Alone, Failure> {
        Alone::in_folder(&self.folder, session)
    }

    /// Changes the manifest's text and writes it by one rename.
    pub(crate) fn edit(
        &self,
        _alone: &Alone,
        change: impl FnOnce(&mut edit::Manifest) -> Result<(), edit::Error>,
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Failure::new(Exit::Manifest, format!("cannot change {}", self.name)).because(error)
        };
        let text = read_text(Path::new(&self.name)).map_err(|error| failed(&error))?;
        let mut manifest = edit::Manifest::read(&text).map_err(|error| failed(&error))?;
        change(&mut manifest).map_err(|error| failed(&error))?;
        between("manifest read, not written");
        place::write(Path::new(&self.name), &manifest.text()).map_err(|error| failed(&error))
    }

    fn outline(&self) -> Result<Outline, Failure> {
        toml::from_str(&self.text).map_err(|error| {
            let message = format!("the plugins of {} cannot be read", self.name);
            Failure::new(Exit::Manifest, message).because_only(&error).hint("`isoplug check`")
        })
    }

    /// Returns the manifest's path, as it was typed.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns where the lock is.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.folder.join(LOCK)
    }

    /// Reads the lock, if there is one. What is wrong with it is drawn, so one that is a link out of the folder
    /// has to be allowed, by whatever command reads it.
    pub(crate) fn lock(&self, session: &Session) -> Result<Option<Lock>, Failure> {
        let path = self.lock_path();
        if leads_out(&path) {
            self.allow(session)?;
        }
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::new(Exit::Lock, format!("cannot read {}", path.display()))
                    .because(&error));
            }
        };
        Lock::parse(&text).map(Some).map_err(|error| unusable(&path, &error))
    }

    /// Writes the lock by one rename, unless it holds the same already. It must have been read by
    /// whoever holds `alone`.
    pub(crate) fn save_lock(&self, lock: &Lock, _alone: &Alone) -> Result<(), Failure> {
        let (path, text) = (self.lock_path(), lock.to_toml());
        between("lock read, not written");
        if read_text(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        place::write(&path, &text).map_err(|error| {
            let hint = "make room, or the folder writable; a lock that fits needs no writing";
            Failure::new(Exit::Failed, format!("cannot write {}", path.display()))
                .because(&error)
                .hint(hint)
        })
    }
}

/// Says whether a file is a link that leads out of its folder: what is wrong with a manifest is drawn, and would
/// show lines of any file that whoever made the folder chose.
fn leads_out(file: &Path) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (folder, to) = (fs::canonicalize(folder.unwrap_or(Path::new("."))), fs::canonicalize(file));
    matches!((folder, to), (Ok(folder), Ok(to)) if !to.starts_with(&folder))
}

/// Says what of a manifest's path is not there.
fn missing(path: &Path, manifest: &Path, error: &std::io::Error) -> Failure {
    const HINT: &str = "name the folder of a manifest, or make one with `isoplug new DIR`";
    if error.kind() != std::io::ErrorKind::NotFound {
        return Failure::new(Exit::Manifest, format!("cannot read {}", manifest.display()))
            .because(error)
            .hint(HINT);
    }
    let message = if path.as_os_str().is_empty() {
        format!("there is no {MANIFEST} in this folder")
    } else if path.is_dir() {
        format!("there is no {MANIFEST} in {}", path.display())
    } else {
        let what = if path.extension().is_some() { "file" } else { "folder" };
        format!("there is no {what} {}", path.display())
    };
    Failure::new(Exit::Manifest, message).hint(HINT)
}

fn unusable(path: &Path, error: &lock::Error) -> Failure {
    let hint = match error {
        lock::Error::Newer(_) => "use the isoplug that wrote it, or a newer one",
        _ => "restore it from version control, or remove it and run `isoplug lock`",
    };
    Failure::new(Exit::Lock, format!("cannot use {}", path.display())).because(error).hint(hint)
}
