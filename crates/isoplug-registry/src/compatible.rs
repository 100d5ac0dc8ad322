//! Compares the options of two versions of a plugin: would a manifest that was right before still
//! be right?
//!
//! Knows the subset of JSON Schema 2020-12 that options are written in.

use std::fmt;

use serde_json::Value;

/// A change that makes an accepted manifest wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The option: `users.name`; empty for all of them.
    pub option: String,
    /// What changed.
    pub why: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.option.as_str() {
            "" => write!(f, "the options: {}", self.why),
            option => write!(f, "{option}: {}", self.why),
        }
    }
}

/// Words whose smaller value is narrower, and those whose larger value is.
const UPPER: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
const LOWER: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
/// Words that are the same or a break: nobody can tell which of two patterns accepts more.
const OPAQUE: [&str; 11] = [
    "pattern",
    "format",
    "multipleOf",
    "const",
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "propertyNames",
    "x-isoplug-kind",
];

/// Returns every change from `old` to `new` that breaks, in the order of the options.
#[must_use]
pub fn breaks(old: &Value, new: &Value) -> Vec<Break> {
    let mut found = Vec::new();
    compare("", old, new, &mut found);
    found
}

fn compare(option: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    // `true` and no schema at all accept everything.
    if old == new || *new == Value::Bool(true) || new.is_null() {
        return;
    }
    let mut report = |why: String| found.push(Break { option: option.to_owned(), why });
    narrower_types(old, new).into_iter().for_each(&mut report);
    narrower_values(old, new).into_iter().for_each(&mut report);
    narrower_bounds(old, new).for_each(&mut report);
    other_words(old, new).for_each(&mut report);
    let are_unique = |schema: &Value| schema.get("uniqueItems") == Some(&Value::Bool(true));
    if are_unique(new) && !are_unique(old) {
        report("items must now differ".to_owned());
    }
    if let Some(items) = new.get("items") {
        compare(&format!("{option}[]"), old.get("items").unwrap_or(&Value::Null), items, found);
    }
    compare_members(option, old, new, found);
    compare_others(option, old, new, found);
    for name in required(new).filter(|name| required(old).all(|known| known != *name)) {
        found.push(Break { option: below(option, name), why: "it is now required".to_owned() });
    }
}

/// What cannot be compared has to stay as it is.
fn other_words(old: &Value, new: &Value) -> impl Iterator<Item = String> {
    OPAQUE.iter().filter_map(|word| {
        let now = new.get(word).filter(|now| old.get(word) != Some(now))?;
        let was = old.get(word).map_or("unset".to_owned(), Value::to_string);
        Some(format!("{word} was {was}, is {now}"))
    })
}

fn below(option: &str, name: &str) -> String {
    if option.is_empty() { name.to_owned() } else { format!("{option}.{name}") }
}

fn compare_members(option: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    let members = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    let (were, are) = (members(old).unwrap_or_default(), members(new).unwrap_or_default());
    for (name, was) in &were {
        let option = below(option, name);
        match (are.get(name), others(new)) {
            (Some(is), _) => compare(&option, was, is, found),
            (None, Value::Bool(false)) => {
                found.push(Break { option, why: "it was removed".to_owned() });
            }
            (None, others) => compare(&option, was, others, found),
        }
    }
}

/// Compares what is accepted under names that the schema does not list.
fn compare_others(option: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    match (others(old), others(new)) {
        (Value::Bool(false), _) => {}
        (_, Value::Bool(false)) => found.push(Break {
            option: option.to_owned(),
            why: "other names were accepted and are not any more".to_owned(),
        }),
        (old, new) => compare(&below(option, "*"), old, new, found),
    }
}

fn others(schema: &Value) -> &Value {
    schema.get("additionalProperties").unwrap_or(&Value::Null)
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array).map(Vec::as_slice);
    names.unwrap_or_default().iter().filter_map(Value::as_str)
}

fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) => Some(many.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn narrower_types(old: &Value, new: &Value) -> Option<String> {
    let now = types(new)?;
    let accepts =
        |kind: &&str| now.contains(kind) || (*kind == "integer" && now.contains(&"number"));
    // A list of values says as much as a type would.
    let of_values = || values(old).map(|values| values.iter().map(type_of).collect::<Vec<_>>());
    match types(old).or_else(of_values) {
        Some(was) if was.iter().all(accepts) => None,
        Some(was) => Some(format!("its type was {}, is {}", was.join(" or "), now.join(" or "))),
        None => Some(format!("it had any type, now has {}", now.join(" or "))),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn values(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("enum").and_then(Value::as_array)
}

fn narrower_values(old: &Value, new: &Value) -> Option<String> {
    let now = values(new)?;
    let Some(was) = values(old) else {
        return Some("it had any value, now has one of a list".to_owned());
    };
    let gone: Vec<String> =
        was.iter().filter(|value| !now.contains(value)).map(Value::to_string).collect();
    (!gone.is_empty()).then(|| format!("{} is not accepted any more", gone.join(", ")))
}

fn narrower_bounds(old: &Value, new: &Value) -> impl Iterator<Item = String> {
    let upper = UPPER.iter().map(|word| bound(word, old, new, |old, new| new < old));
    let lower = LOWER.iter().map(|word| bound(word, old, new, |old, new| new > old));
    upper.chain(lower).flatten()
}

fn bound(
    word: &str,
    old: &Value,
    new: &Value,
    is_narrower: impl Fn(f64, f64) -> bool,
) -> Option<String> {
    let now = new.get(word)?.as_f64()?;
    match old.get(word).and_then(Value::as_f64) {
        Some(was) if !is_narrower(was, now) => None,
        Some(was) => Some(format!("{word} was {was}, is {now}")),
        None => Some(format!("{word} was unset, is {now}")),
    }
}

#[cfg(test)]
mod tests {
    use super::breaks;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn shown(old: &Value, new: &Value) -> String {
        breaks(old, new).iter().map(|one| format!("{one}\n")).collect()
    }

    fn options(properties: Value) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": properties})
    }

    fn before() -> Value {
        options(json!({
            "level": {"enum": ["low", "high"]},
            "gone": {"type": "string"},
            "port": {"type": ["integer", "string"], "maximum": 65535},
            "banner": {"type": "string", "x-isoplug-kind": "path"},
            "users": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }))
    }

    fn after() -> Value {
        let mut new = options(json!({
            "level": {"enum": ["high", "strict"]},
            "port": {"type": "integer", "maximum": 1024, "minimum": 1},
            "banner": {"type": "string", "x-isoplug-kind": "secret"},
            "users": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                "properties": {"name": {"type": "string", "maxLength": 32}}}},
            "new": {"type": "string"},
        }));
        new["required"] = json!(["new"]);
        new
    }

    #[test]
    fn what_breaks() {
        insta::assert_snapshot!(shown(&before(), &after()), @r#"
        banner: x-isoplug-kind was "path", is "secret"
        gone: it was removed
        level: "low" is not accepted any more
        port: its type was integer or string, is integer
        port: maximum was 65535, is 1024
        port: minimum was unset, is 1
        users[].name: maxLength was unset, is 32
        users[]: other names were accepted and are not any more
        new: it is now required
        "#);
    }

    #[test]
    fn what_does_not_break() {
        let old = options(json!({"a": {"type": "integer", "minimum": 5}, "b": {"enum": ["x"]}}));
        let new = options(json!({
            "a": {"type": ["number", "null"], "default": 7}, "b": {"enum": ["y", "x"], "description": "d"},
            "c": {"type": "string"}}));
        assert_eq!(shown(&old, &new), "");
        assert_eq!(
            shown(
                &options(json!({"b": {"enum": ["x"]}})),
                &options(json!({"b": {"type": "string"}}))
            ),
            ""
        );
        assert_eq!(shown(&old, &json!(true)), "");
    }

    fn schema() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!({"type": "string"})),
            Just(json!({"type": "integer", "minimum": 2})),
            Just(json!(true)),
            Just(json!(null)),
            Just(json!({"enum": ["a", 1]})),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let members = prop::collection::btree_map("[a-c]", inner.clone(), 0..3);
            prop_oneof![
                members.prop_map(|members| options(json!(members))),
                inner.prop_map(|items| json!({"type": "array", "items": items})),
            ]
        })
    }

    proptest! {
        #[test]
        fn equal_schemas_never_break(schema in schema()) {
            prop_assert!(breaks(&schema, &schema).is_empty());
        }

        #[test]
        fn anything_may_become_everything(schema in schema(), other in schema()) {
            prop_assert!(breaks(&schema, &json!(true)).is_empty());
            let _ = breaks(&schema, &other);
        }
    }
}
