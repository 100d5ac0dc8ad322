//! Gathers the modules of a profile: what it extends, what it includes, itself, and those of its
//! `when` parts that hold, in this order. Each is taken once, however often it is named.

use std::collections::{BTreeMap, BTreeSet};

use crate::builtin;
use crate::check::{ShapeCheck, did_you_mean};
use crate::diagnostic::Diagnostic;
use crate::parse::parse;
use crate::shape::Shape;
use crate::shared;
use crate::text::{Origin, Texts};
use crate::value::{Data, Key, Table, Value, take};
use crate::vars::Vars;

/// Reads an included file: its path in, its text or a reason out.
pub type Load<'a> = &'a mut dyn FnMut(&str) -> Result<String, String>;

/// What `when` parts can ask for.
pub(crate) struct Conditions {
    pub(crate) arch: String,
    pub(crate) suites: BTreeSet<String>,
    /// The profile that is evaluated, whichever module asks.
    pub(crate) profile: String,
    pub(crate) vars: Vars,
}

/// Gathers modules from the profiles of one manifest.
pub(crate) struct Gather<'a> {
    pub(crate) texts: &'a mut Texts,
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
    pub(crate) options: &'a Shape,
    pub(crate) profiles: &'a Table,
    /// The names of the shared modules of the manifest.
    pub(crate) shared: BTreeSet<String>,
    pub(crate) conditions: &'a Conditions,
    pub(crate) load: Load<'a>,
    /// The checked option trees, in the order of merging.
    pub(crate) modules: Vec<Value>,
    /// What was taken, or is being taken, with its name in messages.
    pub(crate) taken: BTreeSet<String>,
    pub(crate) open: Vec<String>,
    /// The profiles of the shared modules that were read.
    pub(crate) read: BTreeMap<String, Table>,
}

impl Gather<'_> {
    /// Gathers a profile, named at an origin or on the command line.
    pub(crate) fn profile(&mut self, name: &str, named_at: Option<&Origin>) {
        if let Some((module, profile)) = self.shared_profile(name, named_at) {
            self.of_module(&module, &profile, named_at);
        } else if let Some((_, body)) = self.profiles.iter().find(|(key, _)| key.name == name) {
            let body = body.clone();
            self.once(&format!("profile `{name}`"), named_at, |gather| gather.body(body, true));
        } else if let Some(text) = builtin::profile(name) {
            self.once(&format!("profile `{name}`"), named_at, |gather| gather.text(name, text));
        } else {
            let diagnostic = self.unknown_profile(name, named_at);
            self.diagnostics.push(diagnostic);
        }
    }

    /// Returns the shared module that a profile is of, and what it is called there. A module has its own profiles and
    /// the built-in ones alone.
    fn shared_profile(&self, name: &str, named_at: Option<&Origin>) -> Option<(String, String)> {
        let text = named_at.map(|origin| self.texts.get(origin.text).name.as_str());
        let module = text.and_then(shared::of_text);
        match (module, name.split_once(':')) {
            (Some(module), None) => Some((module.to_owned(), name.to_owned())),
            (None, Some((module, profile))) if self.shared.contains(module) => {
                Some((module.to_owned(), profile.to_owned()))
            }
            _ => None,
        }
    }

    /// Gathers a profile of a shared module.
    fn of_module(&mut self, module: &str, profile: &str, named_at: Option<&Origin>) {
        if let Err(diagnostic) = self.read_module(module) {
            let at = |origin| diagnostic.clone().at(origin, "");
            self.diagnostics.push(named_at.map_or_else(|| diagnostic.clone(), at));
            return;
        }
        let profiles = &self.read[module];
        let name = format!("{module}:{profile}");
        match profiles.iter().find(|(key, _)| key.name == profile) {
            Some((_, body)) => {
                let body = body.clone();
                self.once(&format!("profile `{name}`"), named_at, |gather| gather.body(body, true));
            }
            None => {
                let known = profiles.iter().map(|(key, _)| format!("{module}:{}", key.name));
                let diagnostic = unknown(&name, named_at, known.collect());
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn read_module(&mut self, module: &str) -> Result<(), Diagnostic> {
        if self.read.contains_key(module) {
            return Ok(());
        }
        let name = shared::manifest(module);
        let text = (self.load)(&name).map_err(|reason| {
            Diagnostic::error(
                "module",
                format!("cannot use the shared module `{module}`: {reason}"),
            )
        })?;
        let id = self.texts.add(name, text);
        let root = parse(self.texts, id, self.diagnostics);
        let profiles = root.get("profiles").and_then(Value::as_table).cloned();
        self.read.insert(module.to_owned(), profiles.unwrap_or_default());
        Ok(())
    }

    fn unknown_profile(&self, name: &str, named_at: Option<&Origin>) -> Diagnostic {
        let mut known: Vec<String> =
            self.profiles.iter().map(|(key, _)| key.name.clone()).collect();
        known.extend(builtin::NAMES.iter().map(|name| (*name).to_owned()));
        known.extend(self.shared.iter().map(|module| format!("{module}:PROFILE")));
        unknown(name, named_at, known)
    }

    /// Runs `take` unless the thing was taken; reports a circle if it is being taken right now.
    fn once(&mut self, what: &str, named_at: Option<&Origin>, take: impl FnOnce(&mut Self)) {
        if let Some(start) = self.open.iter().position(|open| open == what) {
            let circle = [&self.open[start..], &[what.to_owned()]].concat().join(" -> ");
            let diagnostic = Diagnostic::error("circle", format!("{circle} goes in a circle"));
            self.diagnostics.push(match named_at {
                Some(origin) => diagnostic.at(origin, ""),
                None => diagnostic,
            });
        } else if self.taken.insert(what.to_owned()) {
            self.open.push(what.to_owned());
            take(self);
            self.open.pop();
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        let id = self.texts.add(name, text);
        let body = parse(self.texts, id, self.diagnostics);
        self.body(body, true);
    }

    /// Gathers a module and what it names. One whose condition does not hold is only checked.
    fn body(&mut self, body: Value, holds: bool) {
        let Value { data: Data::Table(mut table), origin } = body else {
            let message = format!("found {}, expected a table", body.type_name());
            self.diagnostics.push(Diagnostic::error("wrong-type", message).at(&body.origin, ""));
            return;
        };
        let extends = take(&mut table, "extends");
        let include = take(&mut table, "include");
        let when = take(&mut table, "when");
        for (name, origin) in self.names(extends).into_iter().filter(|_| holds) {
            self.profile(&name, Some(&origin));
        }
        for (path, origin) in self.names(include).into_iter().filter(|_| holds) {
            self.include(&path, &origin);
        }
        let options = self.options(Value { data: Data::Table(table), origin });
        self.modules.extend(options.filter(|_| holds));
        if let Some((_, when)) = when {
            self.when(when, holds);
        }
    }

    fn options(&mut self, options: Value) -> Option<Value> {
        let mut check = ShapeCheck {
            texts: self.texts,
            diagnostics: self.diagnostics,
            merges: true,
            names_files: true,
        };
        check.value(options, self.options)
    }

    /// Reads the one name or the list of names of `extends` and `include`.
    fn names(&mut self, given: Option<(Key, Value)>) -> Vec<(String, Origin)> {
        let Some((_, value)) = given else { return Vec::new() };
        let items = match value.data {
            Data::List(items) => items,
            _ => vec![value],
        };
        let name = |item: Value| {
            if let Data::String(name) = item.data {
                return Some((name, item.origin));
            }
            let message = format!("found {}, expected a string", item.type_name());
            self.diagnostics.push(Diagnostic::error("wrong-type", message).at(&item.origin, ""));
            None
        };
        items.into_iter().filter_map(name).collect()
    }

    fn include(&mut self, path: &str, named_at: &Origin) {
        let path = match shared::named(&self.texts.get(named_at.text).name, path) {
            Ok(path) => path,
            Err(diagnostic) => return self.diagnostics.push(diagnostic.at(named_at, "")),
        };
        self.once(&format!("file `{path}`"), Some(named_at), |gather| match (gather.load)(&path) {
            Ok(text) => gather.text(&path, &text),
            Err(reason) => {
                let message = format!("cannot read `{path}`: {reason}");
                let diagnostic = Diagnostic::error("include", message).at(named_at, "");
                gather.diagnostics.push(diagnostic);
            }
        });
    }

    fn when(&mut self, when: Value, around: bool) {
        for (key, value) in self.table(when) {
            if key.name == "var" {
                self.when_var(value, around);
                continue;
            }
            let Some(holds) = condition(&key.name) else {
                let message = format!("there is no condition `{}`", key.name);
                let diagnostic = Diagnostic::error("unknown-key", message).at(&key.origin, "");
                self.diagnostics.push(diagnostic.help("known: `arch`, `profile`, `suite`, `var`"));
                continue;
            };
            for (name, body) in self.table(value) {
                let holds = around && holds(self.conditions, &name.name);
                self.body(body, holds);
            }
        }
    }

    /// Gathers what depends on variables, each of which must be declared, and have values that it can have.
    fn when_var(&mut self, when: Value, around: bool) {
        let conditions = self.conditions;
        for (key, cases) in self.table(when) {
            let var = match conditions.vars.asked(&key) {
                Ok(var) => var,
                Err(diagnostic) => {
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            };
            for (name, body) in self.table(cases) {
                let never = var.refuses(&name.name);
                self.diagnostics.extend(never.map(|diagnostic| diagnostic.at(&name.origin, "")));
                self.body(body, around && name.name == var.is);
            }
        }
    }

    fn table(&mut self, value: Value) -> Table {
        if let Data::Table(table) = value.data {
            return table;
        }
        let message = format!("found {}, expected a table", value.type_name());
        self.diagnostics.push(Diagnostic::error("wrong-type", message).at(&value.origin, ""));
        Table::new()
    }
}

fn unknown(name: &str, named_at: Option<&Origin>, known: Vec<String>) -> Diagnostic {
    let message = format!("there is no profile `{name}`");
    let mut diagnostic = Diagnostic::error("unknown-profile", message);
    if let Some(origin) = named_at {
        diagnostic = diagnostic.at(origin, "");
    }
    let near = did_you_mean(diagnostic, name, known.iter());
    if near.help.is_some() {
        return near;
    }
    near.help(format!("known: {}", known.join(", ")))
}

/// Returns what tells whether a condition holds for a name.
fn condition(name: &str) -> Option<fn(&Conditions, &str) -> bool> {
    match name {
        "arch" => Some(|conditions, name| conditions.arch == name),
        "suite" => Some(|conditions, name| conditions.suites.contains(name)),
        "profile" => Some(|conditions, name| conditions.profile == name),
        _ => None,
    }
}
