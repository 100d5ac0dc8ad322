//! Evaluates one profile of a manifest to a [`System`]: typed options that know their origins.

mod distributions;
mod fragments;
pub(crate) mod guests;
mod settle;
mod sources;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::builtin;
use crate::check::ShapeCheck;
use crate::conceal;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::distribution;
use crate::extra::Extra;
use crate::groups::groups;
use crate::manifest::{Image, Manifest, Source};
use crate::merge::Said;
use crate::module::{Conditions, Gather, Load};
use crate::parse::parse;
use crate::parts::{About, Options, parts};
use crate::plugin::Plugins;
use crate::shape::Shape;
use crate::shared;
use crate::strength::Strength;
use crate::system::System;
use crate::text::Texts;
use crate::value::{Table, Value};
use crate::vars::Vars;
use fragments::Fragments;
use guests::Guests;
use settle::{Asked, List, Settled};
pub use targets::{targets, with_targets};

/// What to evaluate.
pub struct Input<'a> {
    /// The name of the manifest in messages, a path as the user wrote it.
    pub name: &'a str,
    /// The text of the manifest.
    pub text: &'a str,
    /// The profile to evaluate.
    pub profile: &'a str,
    /// The architecture to build for, in Debian's words.
    pub arch: &'a str,
    /// What variables of the manifest are, where that is not their default.
    pub vars: &'a BTreeMap<String, String>,
    /// Reads an included file. Its path is relative to the folder that `name` is relative to.
    pub load: Load<'a>,
    /// Answers for the plugins.
    pub plugins: &'a mut dyn Plugins,
}

/// Evaluates a profile.
///
/// # Errors
///
/// Every mistake that was found, with warnings among them.
pub fn evaluate(input: Input<'_>) -> Result<System, Diagnostics> {
    evaluate_with(input, &[])
}

/// Evaluates a profile with parts beside the built-in ones.
///
/// # Errors
///
/// Every mistake that was found, with warnings among them.
pub fn evaluate_with(input: Input<'_>, extra: &[Extra]) -> Result<System, Diagnostics> {
    evaluate_parts(input, parts, extra)
}

/// Evaluates a profile with these parts and those.
fn evaluate_parts(input: Input<'_>, parts: List, extra: &[Extra]) -> Result<System, Diagnostics> {
    let mut work = Work::default();
    let system = work.system(input, parts, extra);
    let sound = work.sound();
    let Work { texts, diagnostics: mut list } = work;
    list.sort_by_key(|each| each.labels.first().map(|label| label.origin.order()));
    list.dedup();
    match system {
        Some(system) if sound => Ok(System { texts, warnings: list, ..system }),
        _ => Err(Diagnostics { list, texts }),
    }
}

/// What a manifest has, before any profile of it is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// What the image is called.
    pub image: Image,
    /// The names of the profiles, in the order of the text.
    pub profiles: Vec<String>,
    /// The profiles of each group.
    pub groups: BTreeMap<String, Vec<String>>,
}

/// Returns what a manifest has.
///
/// # Errors
///
/// Every mistake in the syntax and in the parts outside of profiles.
pub fn profiles(name: &str, text: &str) -> Result<Overview, Diagnostics> {
    let mut work = Work::default();
    let (manifest, profiles, root) = work.manifest(name, text);
    groups(&root, &profiles, &mut work.diagnostics);
    Vars::of(&root, &BTreeMap::new(), &mut work.diagnostics);
    let profiles = profiles.into_iter().map(|(key, _)| key.name).collect();
    match manifest {
        Some(Manifest { image, groups, .. }) if work.sound() => {
            Ok(Overview { image, profiles, groups })
        }
        _ => Err(Diagnostics { list: work.diagnostics, texts: work.texts }),
    }
}

fn conditions(
    (profile, arch): (&str, &str),
    sources: &BTreeMap<String, Source>,
    (root, given): (&Value, &BTreeMap<String, String>),
    work: &mut Work,
) -> Conditions {
    let vars = Vars::of(root, given, &mut work.diagnostics);
    let suites = sources.values().map(|each| each.suite.clone()).collect();
    Conditions { arch: arch.to_owned(), suites, profile: profile.to_owned(), vars }
}

fn about<'a>(
    image: Option<&'a Image>,
    (profile, arch): (&'a str, &'a str),
    sources: &'a BTreeMap<String, Source>,
) -> About<'a> {
    let version = image.and_then(|image| image.version.as_deref());
    let image = image.map_or("", |image| &image.name);
    About { image, version, profile, arch, distribution: distribution::base(sources), sources }
}

#[derive(Default)]
struct Work {
    texts: Texts,
    diagnostics: Vec<Diagnostic>,
}

impl Work {
    fn system(&mut self, input: Input<'_>, parts: List, extra: &[Extra]) -> Option<System> {
        let Input { name, text, profile, arch, vars, load, plugins } = input;
        let (manifest, profiles, root) = self.manifest(name, text);
        let sources = manifest.as_ref().map(sources::sources).unwrap_or_default();
        let conditions = conditions((profile, arch), &sources, (&root, vars), self);
        self.diagnostics.extend(distributions::mistakes(&sources, &root, arch));
        let mut guests = Guests::describe(manifest.as_ref(), &root, plugins, self);
        let mut shape = guests.shape();
        extra.iter().for_each(|extra| shape.insert(&extra.keys(), extra.shape()));
        self.texts.conceal(conceal::names(&shape));
        let mut said = guests.configs(&shape, self);
        let known = ((profile, &profiles), manifest.as_ref());
        said.extend(self.modules(known, load, &shape, &conditions));
        let modules = guests.contribute(&shape, &said, (profile, arch), self);
        let about = about(manifest.as_ref().map(|it| &it.image), (profile, arch), &sources);
        let plugins = |options: &mut Options| guests.settle(options);
        let asked = Asked { modules: &modules, parts, about, extra, plugins: &plugins };
        let mut fragments = Fragments::new(&shape, said, guests.named());
        let settled = self.settle(&shape, &mut fragments, &asked)?;
        let config = guests.config;
        Some(system(&conditions, manifest?, settled, sources, config, shape, root))
    }

    /// Says whether there is no error so far. What an error left out would mislead lints.
    fn sound(&self) -> bool {
        self.diagnostics.iter().all(|each| each.severity != Severity::Error)
    }

    /// Reads all but the profiles into types; profiles stay trees. Returns no manifest if it has
    /// mistakes, so that those of the profile are found too.
    fn manifest(&mut self, name: &str, text: &str) -> (Option<Manifest>, Table, Value) {
        let id = self.texts.add(name, text);
        let root = parse(&self.texts, id, &mut self.diagnostics);
        let profiles = profile_tables(&root);
        let mut check = ShapeCheck {
            texts: &self.texts,
            diagnostics: &mut self.diagnostics,
            merges: false,
            names_files: true,
        };
        let checked = check.value(root.clone(), Manifest::shape()).unwrap_or(root);
        self.diagnostics.extend(sources::mistakes(&checked));
        self.diagnostics.extend(shared::mistakes(&checked));
        (self.read(checked.to_json()), profiles, checked)
    }

    fn modules(
        &mut self,
        ((profile, profiles), manifest): ((&str, &Table), Option<&Manifest>),
        load: Load<'_>,
        options: &Shape,
        conditions: &Conditions,
    ) -> Vec<Said> {
        let shared = manifest.into_iter().flat_map(|manifest| manifest.modules.keys().cloned());
        let mut gather = Gather {
            texts: &mut self.texts,
            diagnostics: &mut self.diagnostics,
            options,
            profiles,
            shared: shared.collect(),
            conditions,
            load,
            modules: Vec::new(),
            taken: BTreeSet::new(),
            open: Vec::new(),
            read: BTreeMap::new(),
        };
        gather.profile(profile, None);
        let modules = gather.modules;
        modules.into_iter().map(|value| said(value, &self.texts)).collect()
    }

    /// The tree was checked against the type's own schema: what fails here was reported, or is a
    /// gap of the schema.
    fn read<T: serde::de::DeserializeOwned>(&mut self, tree: Json) -> Option<T> {
        match serde_json::from_value(tree) {
            Ok(value) => Some(value),
            Err(error) if self.sound() => {
                let message = format!("cannot read: {error}");
                self.diagnostics.push(Diagnostic::error("unreadable", message));
                None
            }
            Err(_) => None,
        }
    }
}

/// Returns what a module says; one of a built-in profile has that one's name.
fn said(value: Value, texts: &Texts) -> Said {
    let built_in = builtin::profile(&texts.get(value.origin.text).name).is_some();
    Said { strength: Strength::Normal, value, built_in }
}

fn profile_tables(root: &Value) -> Table {
    root.get("profiles").and_then(Value::as_table).cloned().unwrap_or_default()
}

#[expect(clippy::too_many_lines, reason = "a line for each field")]
fn system(
    Conditions { profile, arch, vars, suites: _ }: &Conditions,
    manifest: Manifest,
    settled: Settled,
    sources: BTreeMap<String, Source>,
    config: BTreeMap<String, Json>,
    shape: Shape,
    root: Value,
) -> System {
    System {
        image: manifest.image,
        profile: profile.clone(),
        arch: arch.clone(),
        options: settled.options,
        own: settled.own,
        needs: settled.needs,
        sources,
        downloads: manifest.downloads,
        plugins: manifest.plugins,
        grants: manifest.grants,
        config,
        trust: manifest.trust,
        shape,
        settings: settled.settings,
        root,
        targets: Vec::new(),
        variant: vars.set_ones(),
        texts: Texts::default(),
        warnings: Vec::new(),
    }
}
