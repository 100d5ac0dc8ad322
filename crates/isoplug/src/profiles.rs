//! The profiles of a manifest: which have a medium of their own, and what one comes to, with those that it installs.

use std::collections::BTreeSet;

use isoplug_manifest::{Diagnostics, Input, System, evaluate, most_similar, targets, with_targets};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::modules::{self, Modules};
use crate::pinned;
use crate::plugins::Guests;
use crate::project::Project;
use crate::read::read_text;
use crate::session::Session;

impl Project {
    /// Returns the profiles to work on, each once: those named, alone or by their group, else the manifest's defaults,
    /// else all.
    pub(crate) fn choose(&self, named: &[String], all: bool) -> Result<Vec<String>, Failure> {
        let is_known =
            |name: &String| self.profiles.contains(name) || self.groups.contains_key(name);
        if let Some(unknown) = named.iter().find(|name| !is_known(name)) {
            return Err(self.unknown_profile(unknown));
        }
        let defaults = &self.image.default_profiles;
        let chosen = match (all, named.is_empty(), defaults.is_empty()) {
            (false, false, _) => named,
            (false, true, false) => defaults,
            _ => &self.media(),
        };
        if chosen.is_empty() {
            return Err(Failure::new(Exit::Manifest, format!("{} has no profile", self.name))
                .hint("add one, such as:  [profiles.rescue]  extends = \"isoplug:minimal\""));
        }
        let members =
            |name| self.groups.get(name).map_or(std::slice::from_ref(name), Vec::as_slice);
        let (mut once, all) = (BTreeSet::new(), chosen.iter().flat_map(members));
        Ok(all.filter(|name| once.insert(*name)).cloned().collect())
    }

    fn unknown_profile(&self, name: &str) -> Failure {
        let message = format!("{} has no profile `{name}`", self.name);
        let failure = Failure::new(Exit::Manifest, message);
        let near = most_similar(name, self.profiles.iter().chain(self.groups.keys()));
        let failure =
            near.into_iter().fold(failure, |failure, near| failure.hint(format!("`{near}`")));
        let failure = failure.hint(format!("one of its profiles: {}", self.profiles.join(", ")));
        if self.groups.is_empty() {
            return failure;
        }
        let groups: Vec<&str> = self.groups.keys().map(String::as_str).collect();
        failure.hint(format!("or one of its groups: {}", groups.join(", ")))
    }

    /// Returns the profiles that no other one of the manifest installs: those get into its ISO.
    pub(crate) fn media(&self) -> Vec<String> {
        let profiles = self.text.parse::<toml::Table>().unwrap_or_default();
        let profiles = profiles.get("profiles").and_then(toml::Value::as_table);
        let of =
            |profile: &toml::Value| profile.get("install")?.get("targets")?.as_array().cloned();
        let installed: Vec<toml::Value> =
            profiles.into_iter().flat_map(toml::Table::values).filter_map(of).flatten().collect();
        let is_medium =
            |name: &&String| !installed.iter().any(|one| one.as_str() == Some(name.as_str()));
        self.profiles.iter().filter(is_medium).cloned().collect()
    }

    /// Evaluates a profile and shows the warnings.
    pub(crate) fn evaluate(
        &self,
        profile: &str,
        arch: &str,
        session: &Session,
    ) -> Result<System, Failure> {
        self.allow(session)?;
        let lock = self.lock(session)?.unwrap_or_default();
        self.evaluate_with(profile, arch, &mut Guests::new(self, &lock, session), session)
    }

    /// Evaluates a profile and what it installs with these plugins, and shows the warnings.
    pub(crate) fn evaluate_with(
        &self,
        profile: &str,
        arch: &str,
        plugins: &mut Guests,
        session: &Session,
    ) -> Result<System, Failure> {
        self.allow(session)?;
        let system = self.evaluate_alone((profile, arch), plugins, session)?;
        let names = targets(&system, &self.profiles).map_err(Failure::manifest)?;
        let evaluated = names
            .iter()
            .map(|name| self.evaluate_alone((name, arch), &mut plugins.of_another(), session));
        let targets = evaluated.collect::<Result<Vec<_>, _>>()?;
        with_targets(system, targets).map_err(Failure::manifest)
    }

    /// Evaluates a profile, not what it installs.
    fn evaluate_alone(
        &self,
        (profile, arch): (&str, &str),
        plugins: &mut Guests,
        session: &Session,
    ) -> Result<System, Failure> {
        let mut system = self.evaluate_silently((profile, arch), plugins)?;
        modules::bring(&mut system, &mut Modules::new(self, plugins.lock(), session))?;
        pinned::bring(&mut system, &self.folder, session)?;
        session.warn(&Diagnostics { list: system.warnings.clone(), texts: system.texts.clone() });
        Ok(system)
    }

    /// Evaluates a profile alone, and shows no warnings.
    pub(crate) fn evaluate_silently(
        &self,
        (profile, arch): (&str, &str),
        plugins: &mut Guests,
    ) -> Result<System, Failure> {
        let mut modules = Modules::new(self, plugins.lock(), plugins.session());
        let mut load =
            |path: &str| read_text(&modules.place(path)?).map_err(|error| error.to_string());
        let (name, text) = (&self.name, &self.text);
        let input = Input { name, text, profile, arch, vars: &self.vars, load: &mut load, plugins };
        evaluate(input).map_err(Failure::manifest)
    }
}
