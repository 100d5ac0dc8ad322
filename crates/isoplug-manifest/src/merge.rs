//! Merges the values of many modules into one tree that knows who set what, and whom it beat.
//!
//! NixOS's rules without its language: tables merge, lists append in the order of modules, and of
//! different strengths the strongest wins. A strength around an option's table counts for each
//! option in it; around a table of the user's own keys (`users`), a list or a scalar, it counts
//! for the whole. Two different scalars of the same strength are an error.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::path::{join, split};
use crate::shape::{Kind, Shape};
use crate::strength::Strength;
use crate::text::Origin;
use crate::value::{Data, Value};

/// One place of the merged tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What it came to.
    pub content: Content,
    /// Who said so, in the order of modules.
    pub won: Vec<Said>,
    /// Who said otherwise, less strongly.
    pub lost: Vec<Said>,
}

/// What one place of the merged tree came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A table.
    Table(BTreeMap<String, Setting>),
    /// A list; each item knows where it was written.
    List(Vec<Value>),
    /// Anything else.
    Scalar(Value),
}

/// What one module says at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// How strongly.
    pub strength: Strength,
    /// What, and where.
    pub value: Value,
    /// Whether a built-in profile says it, whose fallbacks are the weakest.
    pub built_in: bool,
}

impl Setting {
    /// Returns the same without its origins.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.content {
            Content::Table(table) => {
                table.iter().map(|(key, setting)| (key.clone(), setting.to_json())).collect()
            }
            Content::List(items) => items.iter().map(Value::to_json).collect(),
            Content::Scalar(value) => value.to_json(),
        }
    }

    /// Returns where it was set last.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        Some(&self.won.last()?.value.origin)
    }

    /// Returns the setting at a path, as it is written.
    pub(crate) fn at_path(&self, path: &str) -> Option<&Self> {
        let keys = split(path);
        self.at(&keys.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Returns the setting at a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match &self.content {
            Content::Table(table) => table.get(*first)?.at(rest),
            Content::List(_) | Content::Scalar(_) => None,
        }
    }
}

/// Merges checked values, the earlier modules first. Without any, the tree is empty.
pub(crate) fn merge(shape: &Shape, said: Vec<Said>, diagnostics: &mut Vec<Diagnostic>) -> Setting {
    Merge { diagnostics }.at(&[], shape, said)
}

struct Merge<'a> {
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Merge<'_> {
    fn at(&mut self, path: &[&str], shape: &Shape, said: Vec<Said>) -> Setting {
        match &shape.kind {
            Kind::Object { fields, .. } => {
                let content = self.children(path, &said, |name| fields.get(name));
                Setting { content, won: said, lost: Vec::new() }
            }
            Kind::Map { values, .. } => {
                let (won, lost) = strongest(said);
                Setting { content: self.children(path, &won, |_| Some(values)), won, lost }
            }
            Kind::List(_) => {
                let (won, lost) = strongest(said);
                let items = won.iter().filter_map(|said| said.value.as_list()).flatten().cloned();
                Setting { content: Content::List(items.collect()), won, lost }
            }
            _ => self.scalar(path, shape, said),
        }
    }

    fn children<'s>(
        &mut self,
        path: &[&str],
        said: &[Said],
        shape: impl Fn(&str) -> Option<&'s Shape>,
    ) -> Content {
        let mut table = BTreeMap::new();
        for (name, said) in by_key(said) {
            if let Some(shape) = shape(&name) {
                let setting = self.at(&[path, &[&name]].concat(), shape, said);
                table.insert(name, setting);
            }
        }
        Content::Table(table)
    }

    fn scalar(&mut self, path: &[&str], shape: &Shape, said: Vec<Said>) -> Setting {
        let (won, lost) = strongest(said);
        let value = won[0].value.clone();
        if let Some(other) = won.iter().find(|said| !said.value.same(&value)) {
            self.diagnostics.push(conflict(path, shape, &won[0], other));
        }
        Setting { content: Content::Scalar(value), won, lost }
    }
}

/// Gathers what is said under each key, handing down the strength around the table.
fn by_key(said: &[Said]) -> BTreeMap<String, Vec<Said>> {
    let mut keys: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for said in said {
        let Data::Table(table) = &said.value.data else { continue };
        for (key, value) in table {
            let (strength, value) = match Strength::split(value, said.strength) {
                (Strength::Fallback, value) if said.built_in => (Strength::BuiltIn, value),
                other => other,
            };
            let said = Said { strength, value: value.clone(), built_in: said.built_in };
            keys.entry(key.name.clone()).or_default().push(said);
        }
    }
    keys
}

/// Parts what is said most strongly from the rest.
fn strongest(said: Vec<Said>) -> (Vec<Said>, Vec<Said>) {
    let strength = said.iter().map(|said| said.strength).max();
    said.into_iter().partition(|said| Some(said.strength) == strength)
}

fn conflict(path: &[&str], shape: &Shape, one: &Said, other: &Said) -> Diagnostic {
    let text = |said: &Said| match shape.secret {
        true => "one here".to_owned(),
        false => format!("{} here", said.value.to_json()),
    };
    let help = "say which one holds with `{ force = … }`, or give way with `{ fallback = … }`";
    Diagnostic::error("conflict", format!("`{}` has two different values", join(path)))
        .at(&other.value.origin, text(other))
        .and(&one.value.origin, text(one))
        .help(help)
}

#[cfg(test)]
mod tests;
