//! Turns what plugins contributed into what an image takes of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use isoplug_image::contribute::Contributor;
use isoplug_image::parts::files::{FileContent, NewFile};
use isoplug_image::plugins::{self, Hook, UsedPlugin};
use isoplug_manifest::path::join;
use isoplug_manifest::plugin::Grants;
use isoplug_manifest::{Diagnostic, Diagnostics, Severity, System};
use isoplug_plugin::{EntryKind, Module, Plugin, PluginContributor, Runtime, Tree, World};
use serde_json::{Value as Json, json};

use super::guest::Guest;
use super::{Answers, Contributed, Found, Guests};

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
        let Some(runtime) = &self.runtime else { return Ok(plugins::Plugins::default()) };
        let answers = Arc::new(Answers::of_image(facts, system.facts(), self.session));
        let mut brought = plugins::Plugins {
            used: system.config.keys().filter_map(|name| self.used(name, system)).collect(),
            ..plugins::Plugins::default()
        };
        for (name, index) in &self.order {
            let module = &self.contributed[name].contribution.modules[*index];
            add_hooks(&mut brought.hooks, name, module)?;
            add_files(&mut brought.medium, name, module)?;
        }
        let contributors = self.by_first_module().into_iter();
        let contributor = |name: String| self.contributor(&name, runtime, &answers, system);
        brought.contributors.extend(contributors.map(contributor));
        self.add_guests(&mut brought, runtime, &answers, system)?;
        Ok(brought)
    }

    fn contributor(
        &self,
        name: &str,
        runtime: &Arc<Runtime>,
        answers: &Arc<Answers>,
        system: &System,
    ) -> Arc<dyn Contributor> {
        let Contributed { plugin, contribution } = &self.contributed[name];
        let (runtime, plugin) = (Arc::clone(runtime), Arc::new(plugin.clone()));
        let (modules, answers) = (contribution.modules.clone(), Arc::clone(answers));
        let replaces = system.plugins.get(name).and_then(|source| source.replaces.clone());
        let contributor = PluginContributor::new(runtime, plugin, modules, answers);
        Arc::new(contributor.in_place_of(replaces))
    }

    /// Adds the plugins that plan stages or check the image.
    fn add_guests(
        &self,
        brought: &mut plugins::Plugins,
        runtime: &Arc<Runtime>,
        answers: &Arc<Answers>,
        system: &System,
    ) -> Result<(), Error> {
        for (name, options) in &system.config {
            let Some(found) = self.found.get(name) else { continue };
            check_replaces(name, found.component.world, system)?;
            let (runtime, answers) = (Arc::clone(runtime), Arc::clone(answers));
            let guest = Guest { plugin: plugin(name, options, found, system), runtime, answers };
            match found.component.world {
                World::Contributor => {}
                World::Stage => {
                    check_stages(name, &found.description.stages)?;
                    brought.planners.push(Arc::new(guest));
                }
                World::Check => brought.checkers.push(Arc::new(guest)),
            }
        }
        Ok(())
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

fn add_hooks(hooks: &mut Vec<Hook>, plugin: &str, module: &Module) -> Result<(), Error> {
    for hook in &module.hooks {
        let text = hook.script.to_vec().ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let name = format!("{}/{}", module.name, hook.name);
        let plugin = plugin.to_owned();
        let Some(script) = text else { return Err(Error::Hook { plugin, hook: name }) };
        hooks.push(Hook { plugin, name, script });
    }
    Ok(())
}

/// Adds the files of a module that are for the medium.
fn add_files(medium: &mut Vec<NewFile>, plugin: &str, module: &Module) -> Result<(), Error> {
    for entry in module.entries.iter().filter(|entry| entry.tree == Tree::Iso) {
        let (plugin, path) = (plugin.to_owned(), entry.path.clone());
        let content = match &entry.kind {
            EntryKind::File(content, _) => content,
            EntryKind::Folder(_) => continue,
            EntryKind::Symlink(_) => return Err(Error::Link { plugin, path }),
            EntryKind::Remove => return Err(Error::Removal { plugin, path }),
        };
        let from = match content.to_vec() {
            Ok(bytes) => FileContent::Bytes(bytes),
            Err(error) => return Err(Error::Content { plugin, path, error }),
        };
        let [user, group] = ["root"; 2].map(str::to_owned);
        medium.push(NewFile { target: path, from, mode: None, user, group });
    }
    Ok(())
}
