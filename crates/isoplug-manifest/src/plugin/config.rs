//! Checks options of a plugin that stand in a text of their own, as its author's tests have them.

use serde_json::Value as Json;

use crate::check::ShapeCheck;
use crate::conceal;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::parse::parse;
use crate::shape::Shape;
use crate::text::Texts;

/// Reads the options of a plugin from TOML text, checked against its schema, with defaults in.
///
/// # Errors
///
/// Every mistake, as in a manifest.
pub fn check_options(schema: &Json, name: &str, text: &str) -> Result<Json, Diagnostics> {
    let (mut texts, mut list) = (Texts::default(), Vec::new());
    let id = texts.add(name, text);
    let value = parse(&texts, id, &mut list);
    let (shape, origin) = (Shape::of_plugin(schema), value.origin.clone());
    texts.conceal(conceal::names(&shape));
    let mut check =
        ShapeCheck { texts: &texts, diagnostics: &mut list, merges: true, names_files: true };
    let checked = check.value(value, &shape).map(|value| value.to_json());
    let mut options = checked.unwrap_or_else(|| Json::Object(serde_json::Map::new()));
    shape.fill(&mut options);
    let sound = list.iter().all(|each| each.severity != Severity::Error);
    for path in shape.missing(&options).into_iter().filter(|_| sound) {
        let message = format!("`{path}` is missing");
        list.push(Diagnostic::error("missing-key", message).at(&origin, ""));
    }
    match list.iter().any(|each| each.severity == Severity::Error) {
        true => Err(Diagnostics { list, texts }),
        false => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_are_checked_and_filled() {
        let level = json!({ "enum": ["low", "high"], "default": "low" });
        let schema = json!({
            "type": "object",
            "properties": { "level": level, "name": { "type": "string" } },
            "required": ["name"]
        });
        let read = |text: &str| check_options(&schema, "options.toml", text);
        assert_eq!(read("name = \"a\"").unwrap(), json!({ "level": "low", "name": "a" }));
        insta::assert_snapshot!(read("level = \"high\"").unwrap_err(), @"options.toml:1:1: error[missing-key]: `name` is missing");
        insta::assert_snapshot!(read("nam = \"a\"").unwrap_err(), @r"
        options.toml:1:1: error[unknown-key]: there is no key `nam` here
          help: did you mean `name`?
        ");
    }
}
