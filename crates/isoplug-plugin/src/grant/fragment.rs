//! Values of options that a plugin wants to set, compared with its grants.
//!
//! Knows which options exist, not which values they take: the manifest checks those.

use isoplug_manifest::options::Options;
use isoplug_manifest::path::{join, split};
use isoplug_manifest::shape::{Kind, Shape};
use serde_json::{Map, Value as Json};

use super::Allowed;
use super::pattern::{covers_option, covers_word};

/// Options that a plugin cannot set, and what it does instead.
const CLOSED: [(&str, &str); 3] = [
    ("files", "add files with `module.file`"),
    ("iso.contents", "add files with `module.file` and the tree `iso`"),
    ("plugins", "a plugin does not set plugins"),
];

impl Allowed {
    /// Refuses a fragment that sets an option that does not exist or is not granted.
    pub(crate) fn fragment(&self, fragment: &Json) -> Result<(), String> {
        if !fragment.is_object() {
            return Err("a fragment is a JSON object".to_owned());
        }
        self.table(&mut Vec::new(), fragment, Options::shape())
    }

    /// Walks down to the options that are set.
    fn table(&self, path: &mut Vec<String>, value: &Json, shape: &Shape) -> Result<(), String> {
        let value = without_strength(value);
        let below = |key: &String| match &shape.kind {
            Kind::Object { fields, .. } => fields.get(key),
            Kind::Map { values, .. } => Some(values.as_ref()),
            _ => None,
        };
        let is_table = matches!(shape.kind, Kind::Object { .. } | Kind::Map { .. });
        let Some(table) = value.as_object().filter(|table| is_table && !table.is_empty()) else {
            return self.option(path, value);
        };
        for (key, value) in table {
            path.push(key.clone());
            let below = below(key).ok_or_else(|| format!("there is no option `{}`", join(path)))?;
            self.table(path, value, below)?;
            path.pop();
        }
        Ok(())
    }

    /// Refuses one option that is not granted.
    fn option(&self, path: &[String], value: &Json) -> Result<(), String> {
        let name = join(path);
        if path.is_empty() {
            return Ok(());
        }
        let is_closed = |closed: &str| covers_option(&split(closed), path);
        if let Some((_, instead)) = CLOSED.iter().find(|(closed, _)| is_closed(closed)) {
            return Err(format!("`{name}` cannot be set: {instead}"));
        }
        if !self.merge.iter().any(|granted| covers_option(granted, path)) {
            return Err(format!("`{name}` is not granted; {}", self.line("merge", &name)));
        }
        self.classes(path, value)
    }

    /// Refuses kernel parameters and units that are not granted by name.
    fn classes(&self, path: &[String], value: &Json) -> Result<(), String> {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        match keys.as_slice() {
            ["boot", "kernel-params"] => {
                let granted = &self.grants.kernel_params;
                texts(value).try_for_each(|item| {
                    one_parameter(item)?;
                    self.named("kernel parameter", "kernel-params", granted, item)
                })
            }
            ["systemd", "enable"] => texts(value).try_for_each(|item| self.unit_by_name(item)),
            ["systemd", "units", unit, ..] => self.unit_by_name(unit),
            _ => Ok(()),
        }
    }

    /// A `*` of a grant stands for a part of a name, and a path is none.
    fn unit_by_name(&self, unit: &str) -> Result<(), String> {
        match unit.contains('/') {
            true => Err(format!("{unit:?} is not the name of a systemd unit")),
            false => self.unit(unit),
        }
    }

    /// Refuses a unit that is not granted.
    pub(crate) fn unit(&self, unit: &str) -> Result<(), String> {
        let named = if unit.is_empty() { "*" } else { unit };
        self.named("systemd unit", "units", &self.grants.units, named)
    }

    fn named(&self, what: &str, word: &str, granted: &[String], item: &str) -> Result<(), String> {
        if granted.iter().any(|granted| covers_word(granted, item)) {
            return Ok(());
        }
        Err(format!("{what} `{item}` is not granted; {}", self.line(word, item)))
    }
}

/// Refuses what programs read as several parameters. The kernel heeds quotes; the scripts of an initrd split at
/// every blank.
fn one_parameter(item: &str) -> Result<(), String> {
    match item.contains(|each: char| each.is_whitespace() || each.is_control()) {
        true => Err(format!(
            "{item:?} is more than one kernel parameter to programs that split at blanks"
        )),
        false => Ok(()),
    }
}

/// Takes the strengths off a value.
fn without_strength(value: &Json) -> &Json {
    let strong = |table: &Map<String, Json>| table.len() == 1;
    match value.as_object().filter(|table| strong(table)) {
        Some(table) => {
            table.get("force").or_else(|| table.get("fallback")).map_or(value, without_strength)
        }
        None => value,
    }
}

/// Returns the items of a list. What is no text the manifest refuses.
fn texts(value: &Json) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(without_strength).filter_map(Json::as_str)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;
    use crate::Grants;

    fn refuse(fragment: Json) -> String {
        let grants = Grants {
            merge: ["packages.install", "users.*.groups", "boot", "systemd", "files"]
                .map(str::to_owned)
                .to_vec(),
            units: vec!["acme-*.service".to_owned()],
            kernel_params: vec!["audit=*".to_owned()],
            ..Grants::default()
        };
        let allowed = Allowed::read("acme", &grants).unwrap();
        allowed.fragment(&fragment).err().unwrap_or_else(|| "fine".to_owned())
    }

    #[test]
    fn granted_options_are_fine() {
        for fragment in [
            json!({}),
            json!({ "packages": { "install": ["vim"] } }),
            json!({ "packages": { "install": { "force": ["vim"] } } }),
            json!({ "users": { "ada": { "groups": ["wheel"] } } }),
            json!({ "boot": { "kernel-params": ["audit=1"], "timeout": 3 } }),
            json!({ "systemd": { "enable": ["acme-a.service"] } }),
            json!({ "systemd": { "units": { "acme-a.service": { "text": "" } } } }),
        ] {
            assert_eq!(refuse(fragment.clone()), "fine", "{fragment}");
        }
    }

    #[test]
    fn what_is_never_an_option_is_refused() {
        assert_snapshot!(refuse(json!([])), @"a fragment is a JSON object");
        assert_snapshot!(
            refuse(json!({ "packages": { "instal": [] } })),
            @"there is no option `packages.instal`"
        );
        assert_snapshot!(
            refuse(json!({ "files": [{ "target": "/etc/shadow", "text": "" }] })),
            @"`files` cannot be set: add files with `module.file`"
        );
    }

    #[test]
    fn options_are_refused_with_the_line_that_would_allow_them() {
        assert_snapshot!(
            refuse(json!({ "users": { "a.b": { "hashed-password": "x" } } })),
            @r#"`users."a.b".hashed-password` is not granted; `merge = ["users.\"a.b\".hashed-password"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            refuse(json!({ "users": { "force": { "ada": { "force": { "sudo": "x" } } } } })),
            @r#"`users.ada.sudo` is not granted; `merge = ["users.ada.sudo"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            refuse(json!({ "boot": { "kernel-params": ["audit=1", "init=/bin/sh"] } })),
            @r#"kernel parameter `init=/bin/sh` is not granted; `kernel-params = ["init=/bin/sh"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            refuse(json!({ "systemd": { "units": { "x.service": { "text": "" } } } })),
            @r#"systemd unit `x.service` is not granted; `units = ["x.service"]` in [grants.acme] would allow it"#
        );
    }
}
