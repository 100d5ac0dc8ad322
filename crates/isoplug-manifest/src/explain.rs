//! Tells people what an option came to: its value, type and default, who set it and whom it beat.

mod differing;
mod outside;

pub use differing::{OtherOption, SaidValue, differing};
use serde_json::Value as Json;

use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::merge::{Content, Said, Setting};
use crate::path::{join, split};
use crate::shape::{Kind, Shape};
use crate::strength::Strength;
use crate::system::System;
use crate::text::Origin;
use crate::value::Value;

/// Explains one option, or every option below a path; an empty path means all of them. What no option is
/// may stand outside of profiles, such as `image.name`.
///
/// # Errors
///
/// When there is no such option.
pub fn explain(system: &System, path: &str) -> Result<String, Diagnostic> {
    let keys = if path.is_empty() { Vec::new() } else { split(path) };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let root = &system.shape;
    let Some(shape) = root.at(&keys) else {
        return outside::outside(system, &keys).ok_or_else(|| unknown(root, path));
    };
    let setting = system.settings.at(&keys);
    let values = system.values();
    let pointer: String = keys.iter().map(|key| format!("/{}", escaped(key))).collect();
    let value = values.pointer(&pointer).cloned().unwrap_or(Json::Null);
    let explain = Explain { system };
    let mut text = Vec::new();
    match shape.kind {
        Kind::Object { .. } | Kind::Map { .. } => {
            explain.subtree(&keys, shape, setting, &value, &mut text);
        }
        _ => explain.option(&keys, shape, setting, &value, &mut text),
    }
    Ok(text.join("\n"))
}

/// RFC 6901, section 3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What stands in the place of a secret.
const SECRET: &str = "(secret)";

struct Explain<'a> {
    system: &'a System,
}

impl Explain<'_> {
    fn option(
        &self,
        keys: &[&str],
        shape: &Shape,
        setting: Option<&Setting>,
        value: &Json,
        text: &mut Vec<String>,
    ) {
        text.push(format!("{} = {}", join(keys), shown(shape, value)));
        text.extend(shape.docs.lines().map(|line| format!("  {line}")));
        text.push(format!("  type:    {}", shape.type_name()));
        if let Some(default) = &shape.default {
            text.push(format!("  default: {default}"));
        }
        match setting {
            Some(setting) => text.extend(self.origins(shape, setting)),
            None => text.push("  nobody set it".to_owned()),
        }
    }

    /// Returns a line for each place where an option was set.
    fn origins(&self, shape: &Shape, setting: &Setting) -> Vec<String> {
        let item = |item: &Value| {
            let shape = shape.at(&["*"]).unwrap_or(shape);
            let place = self.place(&item.origin);
            format!("  item:    {} at {place}", shown(shape, &item.to_json()))
        };
        let mut text: Vec<String> = match &setting.content {
            Content::List(items) => items.iter().map(item).collect(),
            _ => setting.won.iter().map(|said| self.said("set by: ", shape, said)).collect(),
        };
        text.extend(setting.lost.iter().map(|said| self.said("beats:  ", shape, said)));
        text
    }

    fn said(&self, word: &str, shape: &Shape, said: &Said) -> String {
        let strength = match said.strength {
            Strength::Normal => String::new(),
            strength => format!(" ({strength})"),
        };
        let place = self.place(&said.value.origin);
        format!("  {word} {}{strength} at {place}", shown(shape, &said.value.to_json()))
    }

    fn place(&self, origin: &Origin) -> String {
        self.system.texts.place(origin)
    }

    fn subtree(
        &self,
        keys: &[&str],
        shape: &Shape,
        setting: Option<&Setting>,
        value: &Json,
        text: &mut Vec<String>,
    ) {
        let Json::Object(values) = value else {
            text.push(self.line(keys, shape, setting, value));
            return;
        };
        if values.is_empty() {
            text.push(self.line(keys, shape, setting, value));
        }
        for (key, value) in values {
            let Some(shape) = shape.at(&[key]) else { continue };
            let setting = setting.and_then(|setting| setting.at(&[key]));
            self.subtree(&[keys, &[key]].concat(), shape, setting, value, text);
        }
    }

    /// One option on one line, with the places that set it.
    fn line(
        &self,
        keys: &[&str],
        shape: &Shape,
        setting: Option<&Setting>,
        value: &Json,
    ) -> String {
        let mut places: Vec<String> = setting.map_or_else(Vec::new, |setting| {
            setting.won.iter().map(|said| self.place(&said.value.origin)).collect()
        });
        if places.is_empty() {
            places.push("default".to_owned());
        }
        format!("{} = {}  # {}", join(keys), shown(shape, value), places.join(", "))
    }
}

fn shown(shape: &Shape, value: &Json) -> String {
    let mut value = value.clone();
    shape.hide(&mut value, &SECRET.into());
    match &value {
        Json::Null => "(nothing)".to_owned(),
        Json::String(text) if shape.secret && text == SECRET => SECRET.to_owned(),
        value => value.to_string(),
    }
}

fn unknown(root: &Shape, path: &str) -> Diagnostic {
    let message = format!("there is no option `{path}`");
    let paths = paths(root);
    did_you_mean(Diagnostic::error("unknown-option", message), path, paths.iter())
}

/// Returns the path of every table and option, with `*` for a key of a map and `[]` for an item of a list.
pub(crate) fn paths(root: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    walk(root, &mut Vec::new(), &mut |keys, _| found.push(keys.join(".")));
    found
}

/// Shows every shape below this one to `see`, parents first, in the order of names.
pub(crate) fn walk<'s>(
    shape: &'s Shape,
    keys: &mut Vec<&'s str>,
    see: &mut impl FnMut(&[&'s str], &'s Shape),
) {
    let fields: Vec<(&str, &Shape)> = match &shape.kind {
        Kind::Object { fields, .. } => {
            fields.iter().map(|(name, field)| (name.as_str(), field)).collect()
        }
        Kind::Map { values, .. } => vec![("*", values)],
        Kind::List(items) => vec![("[]", items)],
        _ => Vec::new(),
    };
    for (name, field) in fields {
        keys.push(name);
        see(keys, field);
        walk(field, keys, see);
        keys.pop();
    }
}
