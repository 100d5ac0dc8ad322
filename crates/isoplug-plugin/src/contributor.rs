//! Plays what a plugin contributed into the rootfs, and lets it furnish what it reads there.
//!
//! Grants were enforced when the plugin named its paths. Links of the rootfs can lead a path
//! elsewhere, so where it ends is compared with the grants once more.

use std::collections::BTreeMap;
use std::sync::Arc;

use isoplug_engine::{Digest, Key};
use isoplug_image::contribute::{Attrs, ContributeError, Contributor, Rootfs};
use isoplug_manifest::By;
use serde_json::{Value as Json, json};

use crate::grant::Allowed;
use crate::resolve::{Last, resolve};
use crate::{
    Attributes, Contribution, Entry, EntryKind, Error, Module, Plugin, PluginSeverity, Runtime,
    StageRootfs, Surroundings, Tree,
};

/// A plugin as a contributor to the rootfs.
pub struct PluginContributor {
    runtime: Arc<Runtime>,
    plugin: Arc<Plugin>,
    modules: Vec<Module>,
    around: Arc<dyn Surroundings + Send + Sync>,
    replaces: Option<String>,
}

impl PluginContributor {
    /// Takes what a plugin contributed, modules in their order.
    pub fn new(
        runtime: Arc<Runtime>,
        plugin: Arc<Plugin>,
        modules: Vec<Module>,
        around: Arc<dyn Surroundings + Send + Sync>,
    ) -> Self {
        Self { runtime, plugin, modules, around, replaces: None }
    }

    /// Puts it in the place of a built-in part.
    #[must_use]
    pub fn in_place_of(self, part: Option<String>) -> Self {
        Self { replaces: part, ..self }
    }

    /// Whether the plugin is asked once more, with the packages in.
    fn furnishes(&self) -> bool {
        !self.plugin.grants.reads.is_empty()
    }

    /// Returns what the plugin adds when it sees the rootfs.
    fn furnish(&self, rootfs: &dyn Rootfs) -> Result<Vec<Module>, ContributeError> {
        let refuse = |error: Error| self.refused(&error.to_string());
        let furnished = self.runtime.furnish(&self.plugin, &*self.around, &StageRootfs(rootfs));
        let Contribution { modules, diagnostics, .. } = furnished.map_err(refuse)?;
        let errors = diagnostics.iter().filter(|each| each.severity == PluginSeverity::Error);
        let mut messages = Vec::new();
        for each in errors {
            messages.push(format!("{}::{}: {}", self.plugin.name, each.code, each.message));
        }
        if !messages.is_empty() {
            return Err(self.refused(&messages.join("\n")));
        }
        for each in &diagnostics {
            rootfs.log(&format!("{}::{}: {}", self.plugin.name, each.code, each.message));
        }
        let with: Vec<(&str, &Module)> =
            modules.iter().map(|module| (self.plugin.name.as_str(), module)).collect();
        let order = crate::order(&with).map_err(|error| self.refused(&error.to_string()))?;
        Ok(order.into_iter().map(|index| modules[index].clone()).collect())
    }

    /// Returns digests of the inputs that the plugin may see.
    fn seen(&self) -> BTreeMap<String, String> {
        let grants = &self.plugin.grants;
        let inputs = grants.inputs.iter().map(|(name, place)| {
            let files = self.around.list_input(place).map(|entries| {
                let file = |entry: &crate::InputEntry| {
                    let content = self.around.open_input(place, &entry.path);
                    (entry.clone(), content.map(|content| content.digest()).ok())
                };
                entries.iter().map(file).collect::<Vec<_>>()
            });
            (format!("input {name}"), digest(&files.ok()))
        });
        inputs.collect()
    }

    fn refused(&self, reason: &str) -> ContributeError {
        ContributeError::refused(format!("plugin `{}`", self.plugin.name), reason)
    }

    fn play(
        &self,
        modules: &[Module],
        allowed: &Allowed,
        rootfs: &mut dyn Rootfs,
    ) -> Result<(), ContributeError> {
        for module in modules {
            for entry in module.entries.iter().filter(|entry| entry.tree == Tree::Root) {
                self.lead(entry, allowed, rootfs)?;
                set(entry, rootfs)?;
            }
        }
        Ok(())
    }

    /// Refuses a path that links lead to where nothing is granted.
    fn lead(
        &self,
        entry: &Entry,
        allowed: &Allowed,
        rootfs: &dyn Rootfs,
    ) -> Result<(), ContributeError> {
        let Some(end) = resolve(&StageRootfs(rootfs), &entry.path, Last::Kept) else {
            return Err(ContributeError::Path {
                path: entry.path.clone(),
                reason: "a loop of links",
            });
        };
        if end == entry.path {
            return Ok(());
        }
        let removes = entry.kind == EntryKind::Remove;
        allowed
            .leads_to(removes, &end)
            .map_err(|reason| self.refused(&format!("{} is {end} here, and {reason}", entry.path)))
    }
}

impl Contributor for PluginContributor {
    fn by(&self) -> By {
        By::Plugin(self.plugin.name.clone())
    }

    fn version(&self) -> u32 {
        1
    }

    fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    fn key(&self, key: &mut dyn Key) {
        let modules: Vec<Json> = self.modules.iter().map(shown).collect();
        key.value("modules", &modules);
        self.modules.iter().for_each(|module| show_secrets(module, key));
        key.value("grants", &self.plugin.grants);
        if !self.furnishes() {
            return;
        }
        key.value("component", &self.plugin.component.digest);
        key.value("options", &self.plugin.options);
        let around = &self.around;
        key.value("seed", &around.seed());
        key.value("facts", &around.all_facts());
        key.value("inputs", &self.seen());
        for (name, grant) in &self.plugin.grants.secrets {
            key.secret(&format!("secret {name}"), self.around.secret(grant).unwrap_or_default());
        }
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let plugin = &self.plugin;
        let allowed = Allowed::read(&plugin.name, &plugin.grants)
            .map_err(|error| self.refused(&error.to_string()))?;
        self.play(&self.modules, &allowed, rootfs)?;
        if self.furnishes() {
            let furnished = self.furnish(rootfs)?;
            self.play(&furnished, &allowed, rootfs)?;
        }
        Ok(())
    }
}

/// Shows the secrets that are files of a module.
fn show_secrets(module: &Module, key: &mut dyn Key) {
    for entry in &module.entries {
        if let EntryKind::File(content, _) = &entry.kind
            && content.secret_name().is_some()
        {
            key.secret(&entry.path, content.to_vec().unwrap_or_default());
        }
    }
}

/// Shows a module's entries for a key: contents by their digests.
fn shown(module: &Module) -> Json {
    let of = |attributes: &Attributes| {
        let Attributes { mode, uid, gid, replace } = *attributes;
        json!([format!("{mode:04o}"), uid, gid, replace])
    };
    let entries = module.entries.iter().filter(|entry| entry.tree == Tree::Root);
    let entry = |entry: &Entry| match &entry.kind {
        EntryKind::File(content, attributes) => {
            let shown = content.secret_name().map(|name| format!("secret {name}"));
            let shown = shown.unwrap_or_else(|| content.digest().to_string());
            json!([entry.path, "file", shown, of(attributes)])
        }
        EntryKind::Folder(attributes) => json!([entry.path, "folder", of(attributes)]),
        EntryKind::Symlink(target) => json!([entry.path, "symlink", target]),
        EntryKind::Remove => json!([entry.path, "remove"]),
    };
    json!({ "name": module.name, "entries": entries.map(entry).collect::<Vec<_>>() })
}

fn digest(value: &impl serde::Serialize) -> String {
    // What is no JSON cannot stand here; if it did, the key would merely not tell it apart.
    Digest::of(&serde_json::to_vec(value).unwrap_or_default()).to_string()
}

/// Sets or removes one entry.
fn set(entry: &Entry, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
    let of = |attributes: &Attributes| {
        let Attributes { mode, uid, gid, replace } = *attributes;
        Attrs { mode, uid, gid, replace }
    };
    let path = &entry.path;
    match &entry.kind {
        EntryKind::File(content, attributes) => {
            let io = |source| ContributeError::Io { path: path.clone(), source };
            rootfs.file_from(path, &mut content.open().map_err(io)?, of(attributes))
        }
        EntryKind::Folder(attributes) => rootfs.directory(path, of(attributes)),
        EntryKind::Symlink(target) => rootfs.symlink(path, target),
        EntryKind::Remove => rootfs.remove(path),
    }
}
