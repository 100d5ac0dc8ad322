//! The subset of JSON Schema 2020-12 in which a plugin describes its options.
//!
//! A keyword that the host does not enforce is refused, so that no author relies on it. References
//! within the document are put in place.

use serde_json::{Map, Value as Json};

/// Keywords that are enforced, or only describe.
const KEYWORDS: [&str; 25] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "title",
    "type",
    "writeOnly",
    "$ref",
];

const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];

/// How deep a schema may be.
const DEPTH: usize = 16;

/// How many parts it may have once references are in place.
const PARTS: usize = 10_000;

/// Returns the schema with all references in place.
pub(super) fn read(mut schema: Json) -> Result<Json, String> {
    let definitions = match schema.as_object_mut().and_then(|root| root.remove("$defs")) {
        Some(Json::Object(definitions)) => definitions,
        Some(_) => return Err("options: `$defs` is an object".to_owned()),
        None => Map::new(),
    };
    let mut reader = Reader { definitions, parts: 0 };
    let schema = reader.schema(schema, "options", 0)?;
    match schema["type"].as_str() {
        None if schema == serde_json::json!({}) => {
            Ok(serde_json::json!({ "type": "object", "properties": {} }))
        }
        Some("object") => Ok(schema),
        _ => Err("options: the type of the whole is `object`".to_owned()),
    }
}

struct Reader {
    definitions: Map<String, Json>,
    parts: usize,
}

impl Reader {
    fn schema(&mut self, schema: Json, place: &str, depth: usize) -> Result<Json, String> {
        self.parts += 1;
        if depth > DEPTH || self.parts > PARTS {
            return Err(format!("{place}: {}", too_large()));
        }
        let Json::Object(mut schema) = schema else {
            return Err(format!("{place}: a schema is an object"));
        };
        if let Some(reference) = schema.remove("$ref") {
            return self.reference(&reference, schema, place, depth);
        }
        let keyword = |(keyword, value): (String, Json)| {
            if !KEYWORDS.contains(&keyword.as_str()) && !keyword.starts_with("x-") {
                return Err(format!("{place}: this isoplug does not enforce `{keyword}`"));
            }
            let value = self.keyword(&keyword, value, place, depth)?;
            Ok((keyword, value))
        };
        schema.into_iter().map(keyword).collect::<Result<Map<_, _>, _>>().map(Json::Object)
    }

    fn reference(
        &mut self,
        reference: &Json,
        beside: Map<String, Json>,
        place: &str,
        depth: usize,
    ) -> Result<Json, String> {
        let name = reference.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
        let Some(definition) = name.and_then(|name| self.definitions.get(name).cloned()) else {
            return Err(format!("{place}: `$ref` {reference} leads nowhere in this document"));
        };
        let Json::Object(mut definition) = definition else {
            return Err(format!("{place}: a schema is an object"));
        };
        definition.extend(beside);
        self.schema(Json::Object(definition), place, depth + 1)
    }

    fn fields(
        &mut self,
        fields: Map<String, Json>,
        place: &str,
        depth: usize,
    ) -> Result<Json, String> {
        let field = |(name, field): (String, Json)| {
            let place = format!("{place}.{name}");
            Ok((name, self.schema(field, &place, depth + 1)?))
        };
        fields.into_iter().map(field).collect::<Result<Map<_, _>, String>>().map(Json::Object)
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: Json,
        place: &str,
        depth: usize,
    ) -> Result<Json, String> {
        match (keyword, value) {
            ("properties", Json::Object(fields)) => self.fields(fields, place, depth),
            ("items", items) => self.schema(items, &format!("{place}[]"), depth + 1),
            ("additionalProperties" | "propertyNames", Json::Bool(value)) => Ok(Json::Bool(value)),
            ("additionalProperties" | "propertyNames", value) => {
                self.schema(value, &format!("{place}.*"), depth + 1)
            }
            ("oneOf" | "anyOf", Json::Array(either)) => {
                let each = |each| self.schema(each, place, depth + 1);
                either.into_iter().map(each).collect::<Result<Vec<_>, _>>().map(Json::Array)
            }
            ("type", value) => check_type(&value, place).map(|()| value),
            ("properties" | "oneOf" | "anyOf", _) => {
                Err(format!("{place}: `{keyword}` has the wrong form"))
            }
            (_, value) => Ok(value),
        }
    }
}

fn check_type(value: &Json, place: &str) -> Result<(), String> {
    let known = |word: &Json| word.as_str().is_some_and(|word| TYPES.contains(&word));
    let fine = match value {
        Json::Array(words) => words.iter().all(known),
        word => known(word),
    };
    if fine { Ok(()) } else { Err(format!("{place}: there is no type {value}")) }
}

fn too_large() -> String {
    format!(
        "a schema is at most {DEPTH} deep, has at most {PARTS} parts, and does not contain itself"
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn refuse(schema: Json) -> String {
        read(schema).err().unwrap_or_else(|| "fine".to_owned())
    }

    #[test]
    fn references_are_put_in_place() {
        let schema = json!({
            "type": "object",
            "properties": { "level": { "$ref": "#/$defs/level", "description": "How strict" } },
            "$defs": { "level": { "enum": ["low", "high"], "description": "A level" } }
        });
        let expected = json!({
            "type": "object",
            "properties": { "level": { "enum": ["low", "high"], "description": "How strict" } }
        });
        assert_eq!(read(schema).unwrap(), expected);
    }

    #[test]
    fn absurd_schemas_are_refused() {
        assert_snapshot!(refuse(json!([])), @"options: a schema is an object");
        assert_snapshot!(refuse(json!({ "type": "string" })), @"options: the type of the whole is `object`");
        assert_snapshot!(
            refuse(json!({ "type": "object", "properties": { "a": { "pattern": "x" } } })),
            @"options.a: this isoplug does not enforce `pattern`"
        );
        assert_snapshot!(
            refuse(json!({ "properties": { "a": { "type": "array", "uniqueItems": true } } })),
            @"options.a: this isoplug does not enforce `uniqueItems`"
        );
        assert_snapshot!(
            refuse(json!({ "type": "object", "properties": { "a": { "type": "float" } } })),
            @r#"options.a: there is no type "float""#
        );
    }

    #[test]
    fn references_that_lead_nowhere_are_refused() {
        assert_snapshot!(
            refuse(json!({ "$ref": "https://example.com/schema.json" })),
            @r#"options: `$ref` "https://example.com/schema.json" leads nowhere in this document"#
        );
        assert_snapshot!(
            refuse(json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } })),
            @"options: a schema is at most 16 deep, has at most 10000 parts, and does not contain itself"
        );
    }

    #[test]
    fn a_schema_that_grows_without_end_is_refused() {
        let twice = |name: &str| {
            json!({
                "properties": { "a": { "$ref": name }, "b": { "$ref": name } }
            })
        };
        let mut definitions = Map::new();
        for depth in 0..40 {
            definitions.insert(format!("d{depth}"), twice(&format!("#/$defs/d{}", depth + 1)));
        }
        let schema = json!({ "type": "object", "$ref": "#/$defs/d0", "$defs": definitions });
        assert!(refuse(schema).contains("at most 10000 parts"));
    }
}
