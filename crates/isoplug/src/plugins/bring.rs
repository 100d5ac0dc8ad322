//! Turns what plugins contributed into what an image takes of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_image::contribute::Rootfs;
use isoplug_image::parts::files::{FileContent, NewFile};
use isoplug_image::plugins::{self, Answer, Checker, Hook, Planner, PluginError, UsedPlugin};
use isoplug_manifest::path::join;
use isoplug_manifest::plugin::Grants;
use isoplug_manifest::{Diagnostic, Diagnostics, Severity, System};
use isoplug_plugin::{
    EntryKind, Module, Plugin, PluginContributor, Runtime, StageRootfs, Surroundings, Tree, World,
};
use serde_json::{Value as Json, json};

use super::{Around, Contributed, Found, Guests, report};

/// Why what plugins contributed cannot go into an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("plugin `{plugin}` adds a symbolic link {path} to the medium, which cannot have one")]
    Link { plugin: String, path: String },
    #[error("plugin `{plugin}` cannot remove {path}: on the medium plugins can only add")]
    Removal { plugin: String, path: String },
    #[error("plugin `{plugin}`: {path}: {error}")]
    Content { plugin: String, path: String, error: io::Error },
    #[error("plugin `{plugin}`: the hook `{hook}` is not text")]
    Hook { plugin: String, hook: String },
    #[error(
        "plugin `{plugin}` replaces `{part}`, but adds nothing to an image: it is of the world `{world}`"
    )]
    Replaces { plugin: String, part: String, world: World },
    #[error("plugin `{plugin}` plans the stage `{stage}`; plugins can plan {}", plugins::STAGES.join(", "))]
    Stage { plugin: String, stage: String },
}

impl Guests<'_> {
    /// Returns what the plugins bring to the image of an evaluated profile; `facts` are those that
    /// are settled with the packages.
    pub(crate) fn bring(
        self,
        system: &System,
        facts: BTreeMap<String, Json>,
    ) -> Result<plugins::Plugins, Error> {
        let Some(runtime) = self.runtime.clone() else { return Ok(plugins::Plugins::default()) };
        let around = Arc::new(Around::of_image(facts, system.facts(), self.session));
        let mut brought = plugins::Plugins {
            used: system.config.keys().filter_map(|name| self.used(name, system)).collect(),
            ..plugins::Plugins::default()
        };
        for (name, index) in &self.order {
            let module = &self.contributed[name].contribution.modules[*index];
            add(&mut brought, name, module)?;
        }
        for name in self.by_first_module() {
            let Contributed { plugin, contribution } = &self.contributed[&name];
            let (runtime, plugin) = (Arc::clone(&runtime), Arc::new(plugin.clone()));
            let modules = contribution.modules.clone();
            let around = Arc::clone(&around);
            let replaces = system.plugins.get(&name).and_then(|source| source.replaces.clone());
            let contributor = PluginContributor::new(runtime, plugin, modules, around);
            brought.contributors.push(Arc::new(contributor.in_place_of(replaces)));
        }
        for (name, options) in &system.config {
            let Some(found) = self.found.get(name) else { continue };
            check_replaces(name, found.component.world, system)?;
            let guest = Guest {
                plugin: plugin(name, options, found, system),
                runtime: Arc::clone(&runtime),
                around: Arc::clone(&around),
            };
            match found.component.world {
                World::Contributor => {}
                World::Stage => {
                    check_stages(name, &found.description.stages)?;
                    brought.planners.push(Arc::new(guest));
                }
                World::Check => brought.checkers.push(Arc::new(guest)),
            }
        }
        Ok(brought)
    }

    /// Tells of the plugins that are files, which no lock names: who builds again may have others.
    pub(crate) fn unpinned(&self, system: &System) -> Diagnostics {
        let is_file = |name: &&String| self.found.get(*name).is_some_and(|it| it.source.is_empty());
        let warning = |name: &String| {
            let digest = self.found[name].component.digest;
            let message = format!("plugin `{name}` is a file, which the lock does not pin");
            let help = format!(
                "this build takes sha256:{}; what `isoplug plugin publish` put into a registry, \
                 `isoplug plugin add` pins",
                digest.hex()
            );
            let error = Diagnostic::error("plugin::unpinned", message);
            let warning = Diagnostic { severity: Severity::Warning, help: Some(help), ..error };
            match system.manifest_origin(&join(&["plugins", name.as_str(), "path"])) {
                Some(origin) => warning.at(origin, ""),
                None => warning,
            }
        };
        let list = system.config.keys().filter(is_file).map(warning).collect();
        Diagnostics { list, texts: system.texts.clone() }
    }

    fn used(&self, name: &str, system: &System) -> Option<UsedPlugin> {
        let Found { component, description, source, publisher } = self.found.get(name)?;
        Some(UsedPlugin {
            name: name.to_owned(),
            id: description.id.clone(),
            version: description.version.to_string(),
            sha256: component.digest.hex(),
            source: source.clone(),
            publisher: publisher.clone(),
            grants: given(&system.grants.get(name).cloned().unwrap_or_default()),
        })
    }

    /// Returns the plugins that contributed, in the order of their first modules.
    fn by_first_module(&self) -> Vec<String> {
        let first = |name: &String| {
            let at = self.order.iter().position(|(plugin, _)| plugin == name);
            at.unwrap_or(self.order.len())
        };
        let mut names: Vec<String> = self.contributed.keys().cloned().collect();
        names.sort_by_key(first);
        names
    }
}

fn check_stages(plugin: &str, stages: &[String]) -> Result<(), Error> {
    match stages.iter().find(|stage| !plugins::STAGES.contains(&stage.as_str())) {
        Some(stage) => Err(Error::Stage { plugin: plugin.to_owned(), stage: stage.clone() }),
        None => Ok(()),
    }
}

/// Only what adds to an image can stand in a built-in contributor's place.
fn check_replaces(name: &str, world: World, system: &System) -> Result<(), Error> {
    let part = system.plugins.get(name).and_then(|source| source.replaces.as_ref());
    match part {
        Some(part) if world != World::Contributor => {
            Err(Error::Replaces { plugin: name.to_owned(), part: part.clone(), world })
        }
        _ => Ok(()),
    }
}

fn plugin(name: &str, options: &Json, found: &Found, system: &System) -> Plugin {
    Plugin {
        name: name.to_owned(),
        component: found.component.clone(),
        description: found.description.clone(),
        options: options.clone(),
        grants: system.grants.get(name).cloned().unwrap_or_default(),
    }
}

/// Returns the grants without those that allow nothing.
fn given(grants: &Grants) -> Json {
    let mut given = json!(grants);
    if let Json::Object(table) = &mut given {
        table.remove("limits");
        table.retain(|_, grant| match grant {
            Json::Array(items) => !items.is_empty(),
            Json::Object(items) => !items.is_empty(),
            grant => *grant == true,
        });
    }
    given
}

/// Adds what of a module is not for the root filesystem: hooks, and files of the medium.
fn add(brought: &mut plugins::Plugins, plugin: &str, module: &Module) -> Result<(), Error> {
    for hook in &module.hooks {
        let text = hook.script.to_vec().ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let name = format!("{}/{}", module.name, hook.name);
        let plugin = plugin.to_owned();
        let script =
            text.ok_or_else(|| Error::Hook { plugin: plugin.clone(), hook: name.clone() })?;
        brought.hooks.push(Hook { plugin, name, script });
    }
    for entry in module.entries.iter().filter(|entry| entry.tree == Tree::Iso) {
        let (plugin, path) = (plugin.to_owned(), entry.path.clone());
        let content = match &entry.kind {
            EntryKind::File(content, _) => content,
            EntryKind::Folder(_) => continue,
            EntryKind::Symlink(_) => return Err(Error::Link { plugin, path }),
            EntryKind::Remove => return Err(Error::Removal { plugin, path }),
        };
        let bytes = content.to_vec().map_err(|error| Error::Content {
            plugin,
            path: path.clone(),
            error,
        })?;
        let [user, group] = ["root"; 2].map(str::to_owned);
        let from = FileContent::Bytes(bytes);
        brought.medium.push(NewFile { target: path, from, mode: None, user, group });
    }
    Ok(())
}

/// A plugin that plans or checks.
struct Guest {
    plugin: Plugin,
    runtime: Arc<Runtime>,
    around: Arc<Around>,
}

impl Guest {
    /// It may ask for any fact, so each of them decides.
    fn show(&self, key: &mut dyn Key) {
        let Plugin { name: _, component, description: _, options, grants } = &self.plugin;
        key.value("component", &component.digest.hex());
        key.value("options", options);
        key.value("grants", grants);
        key.value("facts", &self.around.all_facts());
    }
}

impl Planner for Guest {
    fn name(&self) -> &str {
        &self.plugin.name
    }

    fn plans(&self, stage: &str) -> bool {
        self.plugin.description.stages.iter().any(|planned| planned == stage)
    }

    fn key(&self, key: &mut dyn Key) {
        self.show(key);
    }

    fn plan(&self, stage: &str, inputs: &Json) -> Result<Answer<Json>, PluginError> {
        let failed = |error: &dyn std::error::Error| PluginError(error.to_string());
        let inputs = inputs.to_string();
        let plan = self.runtime.plan(&self.plugin, &*self.around, stage, &inputs);
        let plan = plan.map_err(|error| failed(&error))?;
        let answer = match plan.failed() {
            true => Json::Null,
            false => serde_json::from_str(&plan.json).map_err(|error| failed(&error))?,
        };
        let name = &self.plugin.name;
        let reports = plan.diagnostics.iter().map(|each| report(name, each)).collect();
        Ok(Answer { answer, reports })
    }
}

impl Checker for Guest {
    fn name(&self) -> &str {
        &self.plugin.name
    }

    fn key(&self, key: &mut dyn Key) {
        self.show(key);
    }

    fn check(&self, rootfs: &dyn Rootfs) -> Result<Answer<()>, PluginError> {
        let report_of = self.runtime.check(&self.plugin, &*self.around, &StageRootfs(rootfs));
        let found = report_of.map_err(|error| PluginError(error.to_string()))?;
        let name = &self.plugin.name;
        let reports = found.diagnostics.iter().map(|each| report(name, each)).collect();
        Ok(Answer { answer: (), reports })
    }
}
