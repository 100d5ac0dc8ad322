//! A secret as the manifest gives it: by where it is to be read, or in plain text.
//!
//! What a variable or a file holds is read by whoever builds, right before the image is made. Nothing that only
//! looks at a manifest has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::path::join;
use crate::shape::{Kind, Shape};

/// A secret: where to read it, or itself. Exactly one of the three is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Secret {
    /// The environment variable that has it.
    pub env: Option<String>,
    /// The file that has it, relative to the file that says so. A line end at its end does not belong to it.
    #[schemars(extend("format" = "local-path"))]
    pub file: Option<String>,
    /// The secret itself, for everybody who reads the manifest.
    #[schemars(extend("x-secret" = true))]
    pub plain: Option<String>,
}

impl Secret {
    /// Says whether exactly one of the three is set.
    #[must_use]
    pub fn is_given_once(&self) -> bool {
        let Self { env, file, plain } = self;
        [env, file, plain].into_iter().flatten().count() == 1
    }

    /// Returns the secret, once it was read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.plain.as_deref()
    }
}

/// Puts what `read` returns in the place of each secret of a value that is not plain yet. It is given the
/// option's path.
pub(crate) fn resolve<E>(
    shape: &Shape,
    value: &mut Json,
    read: &mut dyn FnMut(&str, &Secret) -> Result<String, E>,
) -> Result<(), E> {
    walk(shape, value, &mut Vec::new(), read)
}

fn walk<E>(
    shape: &Shape,
    value: &mut Json,
    path: &mut Vec<String>,
    read: &mut dyn FnMut(&str, &Secret) -> Result<String, E>,
) -> Result<(), E> {
    if is_secret(shape) {
        let Ok(secret) = serde_json::from_value::<Secret>(value.clone()) else { return Ok(()) };
        if secret.plain.is_none() && secret.is_given_once() {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            let plain = Some(read(&join(&keys), &secret)?);
            *value =
                serde_json::to_value(Secret { plain, ..Secret::default() }).unwrap_or_default();
        }
        return Ok(());
    }
    for (key, shape, value) in below(shape, value) {
        path.push(key);
        walk(shape, value, path, read)?;
        path.pop();
    }
    Ok(())
}

/// A secret is known by its three keys, so no list has to name the options that are one.
pub(crate) fn is_secret(shape: &Shape) -> bool {
    let Kind::Object { fields, .. } = &shape.kind else { return false };
    fields.keys().eq(["env", "file", "plain"])
}

fn below<'a>(shape: &'a Shape, value: &'a mut Json) -> Vec<(String, &'a Shape, &'a mut Json)> {
    match (&shape.kind, value) {
        (Kind::Object { fields, .. }, Json::Object(table)) => {
            let known = |(key, value): (&String, &'a mut Json)| {
                Some((key.clone(), fields.get(key)?, value))
            };
            table.iter_mut().filter_map(known).collect()
        }
        (Kind::Map { values, .. }, Json::Object(table)) => {
            table.iter_mut().map(|(key, value)| (key.clone(), &**values, value)).collect()
        }
        (Kind::List(items), Json::Array(list)) => {
            let item = |(index, value): (usize, &'a mut Json)| (index.to_string(), &**items, value);
            list.iter_mut().enumerate().map(item).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Options {
        one: Option<Secret>,
        many: BTreeMap<String, Vec<Secret>>,
    }

    #[test]
    fn each_is_read_once_and_has_its_path() {
        let mut value = serde_json::json!({
            "one": { "env": "A" },
            "many": { "a b": [{ "plain": "p" }, { "file": "f" }, { "env": "B", "file": "g" }] },
        });
        let mut seen = Vec::new();
        let mut read = |path: &str, secret: &Secret| -> Result<String, ()> {
            seen.push((path.to_owned(), secret.clone()));
            Ok(format!("secret {}", seen.len()))
        };
        resolve(&Shape::of::<Options>(), &mut value, &mut read).unwrap();
        let env = |name: &str| Secret { env: Some(name.to_owned()), ..Secret::default() };
        let file = Secret { file: Some("f".to_owned()), ..Secret::default() };
        // A table is walked in the order of its keys.
        let expected = [("many.\"a b\".1".to_owned(), file), ("one".to_owned(), env("A"))];
        assert_eq!(seen, expected);
        let options: Options = serde_json::from_value(value).unwrap();
        assert_eq!(options.one.unwrap().text(), Some("secret 2"));
        let many: Vec<_> = options.many["a b"].iter().map(Secret::text).collect();
        // What is given twice was told by `check`, and is not read.
        assert_eq!(many, [Some("p"), Some("secret 1"), None]);
    }

    #[test]
    fn a_file_that_cannot_be_read_ends_it() {
        let mut value = serde_json::json!({ "one": { "file": "f" } });
        let error =
            resolve(&Shape::of::<Options>(), &mut value, &mut |path, _| Err(path.to_owned()));
        assert_eq!(error, Err("one".to_owned()));
    }
}
