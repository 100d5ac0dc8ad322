//! The part of plugins in an evaluation: their options are checked, they contribute, and each module that
//! they contribute is asked beside the built-in parts.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Work;
use crate::by::By;
use crate::check::{ShapeCheck, did_you_mean};
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::merge::{Content, Said, Setting, merge};
use crate::part::{Contribution, Fragment, Part};
use crate::parts::Options;
use crate::plugin::{Call, Described, Grants, PluginModule, Plugins, Report, Segment};
use crate::shape::{Kind, Shape};
use crate::strength::Strength;
use crate::text::Origin;
use crate::value::{Data, Key, Value};

/// The plugins of a manifest during one evaluation.
pub(super) struct Guests<'a> {
    plugins: &'a mut dyn Plugins,
    manifest: Option<&'a Manifest>,
    described: BTreeMap<String, Described>,
    /// Where each plugin is named.
    named: BTreeMap<String, Origin>,
    /// `[config.NAME]` of each plugin.
    written: Vec<(Key, Value)>,
    /// The options of each plugin in use, with defaults in.
    pub(super) config: BTreeMap<String, Json>,
}

impl<'a> Guests<'a> {
    /// Asks each plugin what it is.
    pub(super) fn describe(
        manifest: Option<&'a Manifest>,
        root: &Value,
        plugins: &'a mut dyn Plugins,
        work: &mut Work,
    ) -> Self {
        let entries = table(root, "plugins");
        let named = entries.map(|(key, _)| (key.name.clone(), key.origin.clone()));
        let named: BTreeMap<String, Origin> = named.collect();
        let mut described = BTreeMap::new();
        for (name, source) in manifest.iter().flat_map(|manifest| &manifest.plugins) {
            match plugins.describe(name, source) {
                Ok(plugin) => _ = described.insert(name.clone(), plugin),
                Err(reason) => {
                    let message = format!("plugin `{name}` cannot be used: {reason}");
                    work.diagnostics
                        .push(Diagnostic::error("plugin::unusable", message).at(&named[name], ""));
                }
            }
        }
        check_named(root, &named, work);
        let written = table(root, "config").cloned().collect();
        Self { plugins, manifest, described, named, written, config: BTreeMap::new() }
    }

    /// Returns the shape of a profile's options, with those of the plugins in their places.
    pub(super) fn shape(&self) -> Shape {
        let mut shape = Options::shape().clone();
        let Kind::Object { fields, .. } = &mut shape.kind else { return shape };
        let Some(plugins) = fields.get_mut("plugins") else { return shape };
        let Kind::Map { values, .. } = &plugins.kind else { return shape };
        let with_config = |name: &String| {
            let mut usage = (**values).clone();
            if let (Kind::Object { fields, .. }, Some(plugin)) =
                (&mut usage.kind, self.described.get(name))
            {
                fields.insert("config".to_owned(), Shape::of_plugin(&plugin.options));
            }
            (name.clone(), usage)
        };
        let fields = self.named.keys().map(with_config).collect();
        if self.manifest.is_some() {
            plugins.kind =
                Kind::Object { fields, required: Default::default(), spelling: Default::default() };
        }
        shape
    }

    /// Returns `[config.NAME]` of every plugin, as a module that gives way to all others.
    pub(super) fn configs(&self, shape: &Shape, work: &mut Work) -> Vec<Said> {
        let known = self.written.iter().filter(|(key, _)| self.named.contains_key(&key.name));
        let modules = known.filter_map(|(key, value)| {
            let module = wrapped("plugins", &wrapped(&key.name, &wrapped("config", value)));
            let mut check = ShapeCheck {
                texts: &work.texts,
                diagnostics: &mut work.diagnostics,
                merges: true,
                names_files: true,
            };
            let value = check.value(module, shape)?;
            Some(Said { strength: Strength::Fallback, value, built_in: false })
        });
        modules.collect()
    }

    /// Lets the plugins in use contribute; returns what each of their modules says.
    pub(super) fn contribute(
        &mut self,
        shape: &Shape,
        said: &[Said],
        (profile, arch): (&str, &str),
        work: &mut Work,
    ) -> Vec<Module> {
        let Some(manifest) = self.manifest else { return Vec::new() };
        // Conflicts are reported by the merge that counts.
        let settings = merge(shape, said.to_vec(), &mut Vec::new());
        self.configure(&settings, work);
        self.fit((profile, arch), work);
        if !work.sound() {
            return Vec::new();
        }
        let facts = facts(manifest, profile, arch);
        let nothing = Grants::default();
        let calls = self.config.iter().map(|(name, options)| {
            let grants = manifest.grants.get(name).unwrap_or(&nothing);
            Call { name, options: options.clone(), grants, facts: facts.clone() }
        });
        let calls: Vec<Call> = calls.filter(|call| self.described[call.name].contributes).collect();
        let answer = self.plugins.contribute(&calls);
        work.diagnostics.extend(answer.reports.into_iter().map(|report| {
            let place = self.place(&report.plugin, &report.at, &settings).clone();
            drawn(report, Some(&place))
        }));
        answer.modules.into_iter().map(|module| self.module(module)).collect()
    }

    /// Returns where each plugin is named.
    pub(super) fn named(&self) -> &BTreeMap<String, Origin> {
        &self.named
    }

    /// Puts the settled options of the plugins into the profile's.
    pub(super) fn settle(&self, options: &mut Options) {
        for (name, config) in &self.config {
            let usage = options.plugins.entry(name.clone()).or_default();
            let settled = config.as_object().into_iter().flatten();
            usage.config = settled.map(|(key, value)| (key.clone(), value.clone())).collect();
        }
    }

    /// Settles the options of the plugins that the profile uses.
    fn configure(&mut self, settings: &Setting, work: &mut Work) {
        // What an error left out is not missing.
        let sound = work.sound();
        for (name, plugin) in &self.described {
            let setting = |key| settings.at(&["plugins", name, key]).map(Setting::to_json);
            if setting("enable") == Some(Json::Bool(false)) {
                continue;
            }
            let shape = Shape::of_plugin(&plugin.options);
            let mut config = setting("config").unwrap_or_else(|| Json::Object(Default::default()));
            shape.fill(&mut config);
            let missing = if sound { shape.missing(&config) } else { Vec::new() };
            for path in missing {
                let message = format!("plugin `{name}` needs `config.{name}.{path}`");
                let origin = self.place(name, &[], settings);
                work.diagnostics.push(Diagnostic::error("missing-key", message).at(origin, ""));
            }
            self.config.insert(name.clone(), config);
        }
    }

    /// Refuses what is not for images of the architecture.
    fn fit(&self, of: (&str, &str), work: &mut Work) {
        let used = self.config.keys().map(|name| (name, &self.described[name]));
        let unfit = used.filter(|(_, plugin)| !plugin.is_for(of.1));
        work.diagnostics.extend(
            unfit.map(|(name, plugin)| self::unfit(name, plugin, of).at(&self.named[name], "")),
        );
    }

    fn place<'p>(&'p self, plugin: &str, at: &[Segment], settings: &'p Setting) -> &'p Origin {
        place(plugin, at, settings).unwrap_or(&self.named[plugin])
    }

    fn module(&self, module: PluginModule) -> Module {
        let PluginModule { plugin, name, fragments } = module;
        let version = &self.described[&plugin].version;
        let title = format!("plugin {plugin} {version}, module {name}");
        Module { plugin, title, fragments }
    }
}

/// What a module of a plugin sets: a part that says what it said when it was asked.
pub(super) struct Module {
    plugin: String,
    title: String,
    fragments: Vec<(Json, Strength)>,
}

impl Part for Module {
    fn by(&self) -> By {
        By::Plugin(self.plugin.clone())
    }

    /// A plugin's options are below the part `plugins`.
    fn owns(&self) -> &[&str] {
        &[]
    }

    fn contribute(&self, out: &mut Contribution) {
        for (index, (value, strength)) in self.fragments.iter().enumerate() {
            let title = match index {
                0 => self.title.clone(),
                index => format!("{} ({})", self.title, index + 1),
            };
            let (by, value) = (self.by(), value.clone());
            out.fragments.push(Fragment { by, title, value, strength: *strength, reason: None });
        }
    }
}

/// Says that a plugin is not for images of an architecture.
fn unfit(name: &str, plugin: &Described, (profile, arch): (&str, &str)) -> Diagnostic {
    let Described { version, architectures, .. } = plugin;
    let has = architectures.join(" and ");
    let message =
        format!("plugin `{name}` {version} is for images of {has}, and this one is of {arch}");
    Diagnostic::error("plugin::architecture", message).help(format!(
        "a version of it that is for {arch}, or leave it out there: \
         `plugins.{name}.enable = false` in [profiles.{profile}.when.arch.{arch}]"
    ))
}

fn table<'v>(root: &'v Value, name: &str) -> impl Iterator<Item = &'v (Key, Value)> + use<'v> {
    root.get(name).and_then(Value::as_table).into_iter().flatten()
}

/// Returns a table with this value under one key.
fn wrapped(name: &str, value: &Value) -> Value {
    let origin = value.origin.clone();
    let key = Key { name: name.to_owned(), origin: origin.clone() };
    Value { data: Data::Table(vec![(key, value.clone())]), origin }
}

/// Draws what a plugin reports at a place.
pub(crate) fn drawn(report: Report, place: Option<&Origin>) -> Diagnostic {
    let Report { plugin, severity, code, message, at: _, help } = report;
    let code = format!("{plugin}::{code}");
    let diagnostic = Diagnostic { severity, help, ..Diagnostic::error(code, message) };
    match place {
        Some(place) => diagnostic.at(place, ""),
        None => diagnostic,
    }
}

/// Returns where an option of a plugin was set, or else what is around it.
pub(crate) fn place<'s>(plugin: &str, at: &[Segment], settings: &'s Setting) -> Option<&'s Origin> {
    let config = settings.at(&["plugins", plugin, "config"])?;
    if at.is_empty() { None } else { innermost(config, at) }
}

/// Returns the place of the last step of a path that somebody set.
fn innermost<'s>(setting: &'s Setting, at: &[Segment]) -> Option<&'s Origin> {
    let deeper = match (at.split_first(), &setting.content) {
        (Some((Segment::Key(key), rest)), Content::Table(table)) => {
            table.get(key).and_then(|setting| innermost(setting, rest))
        }
        (Some((Segment::Index(index), _)), Content::List(items)) => {
            items.get(*index).map(|item| &item.origin)
        }
        _ => None,
    };
    deeper.or_else(|| setting.origin())
}

/// Whom something is granted to, or set for, must be there.
fn check_named(root: &Value, named: &BTreeMap<String, Origin>, work: &mut Work) {
    for (key, _) in table(root, "grants").chain(table(root, "config")) {
        if !named.contains_key(&key.name) {
            let message = format!("there is no plugin `{}`", key.name);
            let diagnostic = Diagnostic::error("unknown-plugin", message).at(&key.origin, "");
            work.diagnostics.push(did_you_mean(diagnostic, &key.name, named.keys()));
        }
    }
}

/// Returns what plugins know before there is a lock.
fn facts(manifest: &Manifest, profile: &str, arch: &str) -> BTreeMap<String, Json> {
    let Manifest { image, .. } = manifest;
    BTreeMap::from([
        ("image.name".to_owned(), Json::from(image.name.as_str())),
        ("image.version".to_owned(), Json::from(image.version.as_deref())),
        ("image.profile".to_owned(), Json::from(profile)),
        ("image.arch".to_owned(), Json::from(arch)),
    ])
}
