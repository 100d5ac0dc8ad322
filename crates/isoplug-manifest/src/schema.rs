//! The JSON schema of a whole `isoplug.toml`, for editors.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::manifest::Manifest;
use crate::parts::Options;
use crate::shape::schema_of;
use crate::sshd;

/// Returns the JSON schema (draft 2020-12) of `isoplug.toml`.
#[must_use]
pub fn schema() -> Json {
    schema_with(&BTreeMap::new())
}

/// Returns the same with the options of plugins in their places: the schema of each, by name.
#[must_use]
pub fn schema_with(plugins: &BTreeMap<String, Json>) -> Json {
    let mut root = schema_of::<Manifest>().to_value();
    let mut parts = Parts::default();
    let profile = parts.profile();
    root["properties"]["profiles"]["additionalProperties"] = profile;
    root["properties"]["vars"]["additionalProperties"] = var();
    root["$defs"] = Json::Object(parts.definitions);
    root["title"] = json!("isoplug.toml");
    without_null(&mut root);
    both_spellings(&mut root);
    for (name, options) in plugins {
        root["$defs"][format!("plugin.{name}")] = options.clone();
        let here = json!({ "$ref": format!("#/$defs/plugin.{name}") });
        root["properties"]["config"]["properties"][name] = here.clone();
        let usage = &root["$defs"]["options.plugins.NAME"];
        let mut usage = usage.clone();
        usage["properties"]["config"] = here;
        root["$defs"]["options.plugins"]["properties"][name] = usage;
    }
    root
}

/// A name or several.
fn names() -> Json {
    json!({ "anyOf": [
        { "type": "string" },
        { "type": "array", "items": { "type": "string" } }
    ] })
}

/// A variable: its default, or that and what else it may be.
fn var() -> Json {
    let text = json!({ "type": "string" });
    let table = json!({
        "type": "object",
        "properties": { "default": text, "values": { "type": "array", "items": text } },
        "required": ["default"],
        "additionalProperties": false
    });
    json!({ "anyOf": [text, table] })
}

/// The parts of the schema that others refer to: one for each option, since it stands there three
/// times, and one for a profile, since `when` holds more of it.
#[derive(Default)]
struct Parts {
    definitions: Map<String, Json>,
}

impl Parts {
    fn profile(&mut self) -> Json {
        let mut profile = schema_of::<Options>().to_value();
        self.table("options", &mut profile);
        let here = json!({ "$ref": "#/$defs/profile" });
        let cases = json!({ "type": "object", "additionalProperties": here });
        let by_name = json!({ "type": "object", "additionalProperties": cases });
        profile["properties"]["extends"] = names();
        profile["properties"]["include"] = names();
        profile["properties"]["when"] = json!({
            "type": "object",
            "properties": { "arch": cases, "profile": cases, "suite": cases, "var": by_name },
            "additionalProperties": false
        });
        for keyword in ["$schema", "title"] {
            profile.as_object_mut().map(|profile| profile.remove(keyword));
        }
        self.definitions.insert("profile".to_owned(), profile);
        here
    }

    /// Lets everything in a table have a strength.
    fn table(&mut self, path: &str, table: &mut Json) {
        if let Some(fields) = table.get_mut("properties").and_then(Json::as_object_mut) {
            for (name, field) in fields {
                self.strong(&format!("{path}.{name}"), field);
            }
        } else if table["additionalProperties"].is_object() {
            self.strong(&format!("{path}.NAME"), &mut table["additionalProperties"]);
        }
    }

    fn strong(&mut self, path: &str, option: &mut Json) {
        self.table(path, option);
        let description = option["description"].clone();
        let plain = json!({ "$ref": format!("#/$defs/{path}") });
        let strength = |word: &str| {
            json!({
                "type": "object",
                "properties": { word: plain },
                "required": [word],
                "additionalProperties": false
            })
        };
        let any = json!([plain, strength("force"), strength("fallback")]);
        let strong = json!({ "description": description, "anyOf": any });
        self.definitions.insert(path.to_owned(), std::mem::replace(option, strong));
    }
}

/// TOML has no null: what may be missing is left out.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Array(items) => {
            items.retain(|item| *item != "null" && *item != json!({ "type": "null" }));
            items.iter_mut().for_each(without_null);
        }
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

/// Lets keywords be written as their own program spells them, too, where any case is understood.
fn both_spellings(schema: &mut Json) {
    match schema {
        Json::Array(items) => items.iter_mut().for_each(both_spellings),
        Json::Object(fields) => {
            fields.values_mut().for_each(both_spellings);
            let is_any_case = fields.get("x-any-case") == Some(&json!(true));
            let properties = fields.get_mut("properties").filter(|_| is_any_case);
            if let Some(properties) = properties.and_then(Json::as_object_mut) {
                for (option, name) in sshd::names() {
                    let spelled = properties.get(option).cloned();
                    properties.extend(spelled.map(|schema| (name.to_owned(), schema)));
                }
            }
        }
        _ => {}
    }
}
