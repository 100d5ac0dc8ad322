//! Explains what stands outside of profiles: the image's name, sources, plugins, whom to believe.

use serde_json::Value as Json;

use super::shown;
use crate::manifest::Manifest;
use crate::path::join;
use crate::shape::{Kind, Shape};
use crate::system::System;
use crate::value::Value;

/// Explains a value of the manifest, or all below a table of it; nothing if the manifest has no such place.
pub(super) fn outside(system: &System, keys: &[&str]) -> Option<String> {
    // Those have options, which are explained as what they came to.
    if matches!(keys, [] | ["profiles", ..]) {
        return None;
    }
    let root = Manifest::shape();
    let shape = root.at(keys)?;
    let value = keys.iter().try_fold(&system.root, |value, key| value.get(key));
    // A key that somebody chooses is there when it is written.
    let made_up = keys.len() > 1 && matches!(root.at(&keys[..1])?.kind, Kind::Map { .. });
    if made_up && value.is_none() && unsaid(system, &keys[..2]).is_none() {
        return None;
    }
    let mut text = Vec::new();
    match shape.kind {
        Kind::Object { .. } | Kind::Map { .. } => lines(system, keys, shape, value, &mut text),
        _ => one(system, keys, shape, value, &mut text),
    }
    Some(text.join("\n"))
}

/// All that is known of one value.
fn one(
    system: &System,
    keys: &[&str],
    shape: &Shape,
    value: Option<&Value>,
    text: &mut Vec<String>,
) {
    text.push(format!("{} = {}", join(keys), worth(system, keys, shape, value)));
    text.extend(shape.docs.lines().map(|line| format!("  {line}")));
    text.push(format!("  type:    {}", shape.type_name()));
    if let Some(default) = &shape.default {
        text.push(format!("  default: {default}"));
    }
    text.push(match value {
        Some(value) => format!("  set at:  {}", system.texts.place(&value.origin)),
        None => "  nobody set it".to_owned(),
    });
}

/// A line for each value below a table.
fn lines(
    system: &System,
    keys: &[&str],
    shape: &Shape,
    value: Option<&Value>,
    text: &mut Vec<String>,
) {
    let line = |worth: String| format!("{} = {worth}  # {}", join(keys), said_at(system, value));
    let before = text.len();
    let mut below = |key: &str, shape: &Shape, value: Option<&Value>| {
        lines(system, &[keys, &[key]].concat(), shape, value, text);
    };
    match &shape.kind {
        Kind::Object { fields, .. } => {
            for (name, field) in fields {
                below(name, field, value.and_then(|value| value.get(name)));
            }
        }
        Kind::Map { values, .. } => {
            of_map(system, keys, value, &mut |key, value| below(key, values, value));
            if text.len() == before {
                text.push(line("{}".to_owned()));
            }
        }
        _ => text.push(line(worth(system, keys, shape, value))),
    }
}

/// Goes through what was said of a map, or through what it has though nobody said it.
fn of_map(
    system: &System,
    keys: &[&str],
    value: Option<&Value>,
    each: &mut dyn FnMut(&str, Option<&Value>),
) {
    let table = value.and_then(Value::as_table).map_or(&[][..], Vec::as_slice);
    table.iter().for_each(|(key, value)| each(&key.name, Some(value)));
    if let (true, Some(Json::Object(named))) = (table.is_empty(), unsaid(system, keys)) {
        named.keys().for_each(|key| each(key, None));
    }
}

fn said_at(system: &System, value: Option<&Value>) -> String {
    value.map_or("default".to_owned(), |value| system.texts.place(&value.origin))
}

/// What holds though nobody wrote it: Debian among the sources of a manifest that names none.
fn unsaid(system: &System, keys: &[&str]) -> Option<Json> {
    let (["sources", below @ ..], None) = (keys, system.root.get("sources")) else { return None };
    let sources = serde_json::to_value(&system.sources).ok()?;
    below.iter().try_fold(&sources, |value, key| value.get(key)).cloned()
}

/// The value, or what holds without one.
fn worth(system: &System, keys: &[&str], shape: &Shape, value: Option<&Value>) -> String {
    let default = || shape.default.clone().unwrap_or(Json::Null);
    let held = || unsaid(system, keys).unwrap_or_else(default);
    shown(shape, &value.map_or_else(held, Value::to_json))
}
