//! The shape of the options, read from their JSON schema, so that checks, merging and pages need
//! no code of their own for an option.

mod spelling;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

pub use spelling::Spelling;

/// What may stand at one place of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its doc comment.
    pub docs: String,
    /// What holds when nobody sets it.
    pub default: Option<Json>,
    /// Whether nobody but the image may have it: a password, a key.
    pub secret: bool,
    /// What helps who writes something else there.
    pub hint: Option<String>,
    /// Its type.
    pub kind: Kind,
}

/// A type of value.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A table with these keys only.
    Object {
        /// The keys.
        fields: BTreeMap<String, Shape>,
        /// Those that must be there.
        required: BTreeSet<String>,
        /// What else of keys is understood.
        spelling: Spelling,
    },
    /// A table with keys of the user's choice.
    Map {
        /// What stands under each key.
        values: Box<Shape>,
        /// The format of the keys.
        keys: Option<String>,
    },
    /// A list.
    List(Box<Shape>),
    /// One of a few words, each with its doc comment.
    Choice(Vec<(String, String)>),
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the last.
    Integer(i64, i64),
    /// Any number.
    Number,
    /// A text, and the name of its format.
    String(Option<String>),
    /// Anything.
    Any,
}

impl Shape {
    /// Returns the shape of a plugin's options; one without any takes none.
    pub(crate) fn of_plugin(schema: &Json) -> Self {
        let shape = Self::read(schema);
        match shape.kind {
            Kind::Any => {
                let kind = Kind::Object {
                    fields: BTreeMap::new(),
                    required: Default::default(),
                    spelling: Spelling::default(),
                };
                Self { kind, ..shape }
            }
            _ => shape,
        }
    }

    /// Returns the shape of a type.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self::read(schema_of::<T>().as_value())
    }

    /// Returns the shape at a dotted path, such as `users.*.groups`; any key goes into a map.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match &self.kind {
            Kind::Object { fields, .. } => fields.get(*first)?.at(rest),
            Kind::Map { values, .. } => values.at(rest),
            Kind::List(items) if *first == "*" || first.parse::<usize>().is_ok() => items.at(rest),
            _ => None,
        }
    }

    /// Puts a shape into a table at a path, if the way to it is there.
    pub(crate) fn insert(&mut self, path: &[&str], shape: Self) {
        let (Some((first, rest)), Kind::Object { fields, .. }) =
            (path.split_first(), &mut self.kind)
        else {
            return;
        };
        if rest.is_empty() {
            fields.insert((*first).to_owned(), shape);
        } else if let Some(table) = fields.get_mut(*first) {
            table.insert(rest, shape);
        }
    }

    /// Fills what is missing in a value with the defaults, at any depth of tables.
    pub(crate) fn fill(&self, value: &mut Json) {
        match (&self.kind, value) {
            (Kind::Object { fields, .. }, Json::Object(table)) => {
                for (name, field) in fields {
                    let default = field.default.clone().or_else(|| field.empty_table());
                    if let (false, Some(default)) = (table.contains_key(name), default) {
                        table.insert(name.clone(), default);
                    }
                    table.get_mut(name).into_iter().for_each(|value| field.fill(value));
                }
            }
            (Kind::Map { values, .. }, Json::Object(table)) => {
                table.values_mut().for_each(|value| values.fill(value));
            }
            (Kind::List(items), Json::Array(list)) => {
                list.iter_mut().for_each(|value| items.fill(value));
            }
            _ => {}
        }
    }

    /// Puts something else in the place of every secret in a value.
    pub fn hide(&self, value: &mut Json, instead: &Json) {
        if self.secret && !value.is_null() {
            *value = instead.clone();
            return;
        }
        match (&self.kind, value) {
            (Kind::Object { fields, .. }, Json::Object(table)) => {
                for (name, value) in table {
                    fields.get(name).into_iter().for_each(|field| field.hide(value, instead));
                }
            }
            (Kind::Map { values, .. }, Json::Object(table)) => {
                table.values_mut().for_each(|value| values.hide(value, instead));
            }
            (Kind::List(items), Json::Array(list)) => {
                list.iter_mut().for_each(|value| items.hide(value, instead));
            }
            _ => {}
        }
    }

    /// A table whose fields all may be missing is there by itself, with their defaults.
    fn empty_table(&self) -> Option<Json> {
        match &self.kind {
            Kind::Object { required, .. } if required.is_empty() => {
                Some(Json::Object(serde_json::Map::new()))
            }
            _ => None,
        }
    }

    /// Returns the path of every key that must be there and is not.
    pub(crate) fn missing(&self, value: &Json) -> Vec<String> {
        let (Kind::Object { fields, required, .. }, Json::Object(table)) = (&self.kind, value)
        else {
            return Vec::new();
        };
        let absent = required.iter().filter(|name| !table.contains_key(*name)).cloned();
        let deeper =
            table.iter().filter_map(|(name, value)| Some((name, fields.get(name)?, value)));
        let deeper = deeper.flat_map(|(name, field, value)| {
            field.missing(value).into_iter().map(move |path| format!("{name}.{path}"))
        });
        absent.chain(deeper).collect()
    }

    /// Returns the words for its type in messages.
    #[must_use]
    pub fn type_name(&self) -> String {
        match &self.kind {
            Kind::Object { .. } | Kind::Map { .. } => "a table".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Choice(words) => {
                let words: Vec<String> =
                    words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("one of {}", words.join(", "))
            }
            Kind::Bool => "a boolean".to_owned(),
            Kind::Integer(..) => "an integer".to_owned(),
            Kind::Number => "a number".to_owned(),
            Kind::String(_) => "a string".to_owned(),
            Kind::Any => "any value".to_owned(),
        }
    }

    /// Returns the shape that a schema describes.
    #[must_use]
    pub fn read(schema: &Json) -> Self {
        let docs = schema["description"].as_str().unwrap_or_default().to_owned();
        let default = schema.get("default").filter(|default| !default.is_null()).cloned();
        let secret = schema["x-secret"] == true;
        let hint = schema["x-hint"].as_str().map(str::to_owned);
        Self { docs, default, secret, hint, kind: kind(schema) }
    }
}

/// Returns the JSON schema of a type, with all parts in place.
pub(crate) fn schema_of<T: JsonSchema>() -> schemars::Schema {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>()
}

fn kind(schema: &Json) -> Kind {
    if let Some(kind) = choice(schema) {
        return kind;
    }
    let format = || schema["format"].as_str().map(str::to_owned);
    match type_of(schema) {
        Some("object") => table(schema),
        Some("array") => Kind::List(Box::new(items(schema))),
        Some("boolean") => Kind::Bool,
        Some("integer") => integer(schema),
        Some("number") => Kind::Number,
        Some("string") => Kind::String(format()),
        _ => Kind::Any,
    }
}

fn type_of(schema: &Json) -> Option<&str> {
    let named = &schema["type"];
    named.as_str().or_else(|| named.as_array()?.iter().filter_map(Json::as_str).next())
}

/// Reads `oneOf` words with documents, `enum` words without, and `anyOf` a type and null.
fn choice(schema: &Json) -> Option<Kind> {
    if let Some(either) = schema["anyOf"].as_array() {
        let some = either.iter().find(|each| each["type"] != "null")?;
        return Some(kind(some));
    }
    if let Some(word) = schema["const"].as_str() {
        return Some(Kind::Choice(vec![(word.to_owned(), String::new())]));
    }
    if let Some(words) = schema["enum"].as_array() {
        let word = |word: &Json| Some((word.as_str()?.to_owned(), String::new()));
        return Some(Kind::Choice(words.iter().filter_map(word).collect()));
    }
    let word = |each: &Json| {
        let docs = each["description"].as_str().unwrap_or_default().to_owned();
        Some((each["const"].as_str()?.to_owned(), docs))
    };
    let words = schema["oneOf"].as_array()?;
    Some(Kind::Choice(words.iter().filter_map(word).collect()))
}

fn table(schema: &Json) -> Kind {
    let nothing = serde_json::Map::new();
    let closed = (schema["additionalProperties"] == false).then_some(&nothing);
    let Some(properties) = schema["properties"].as_object().or(closed) else {
        let values = match &schema["additionalProperties"] {
            Json::Object(_) => Shape::read(&schema["additionalProperties"]),
            _ => Shape::read(&Json::Null),
        };
        let keys = schema["propertyNames"]["format"].as_str().map(str::to_owned);
        return Kind::Map { values: Box::new(values), keys };
    };
    let fields = properties.iter().map(|(name, field)| (name.clone(), Shape::read(field)));
    let required = schema["required"].as_array().into_iter().flatten();
    Kind::Object {
        fields: fields.collect(),
        required: required.filter_map(Json::as_str).map(str::to_owned).collect(),
        spelling: Spelling::read(schema),
    }
}

/// A list's own format is that of its items.
fn items(schema: &Json) -> Shape {
    let mut items = Shape::read(&schema["items"]);
    if let (Kind::String(format), Some(outer)) = (&mut items.kind, schema["format"].as_str()) {
        *format = Some(outer.to_owned());
    }
    items
}

fn integer(schema: &Json) -> Kind {
    let limit = |name: &str| schema[name].as_i64();
    let (min, max) = match schema["format"].as_str() {
        Some("uint8") => (0, i64::from(u8::MAX)),
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    Kind::Integer(limit("minimum").unwrap_or(min), limit("maximum").unwrap_or(max))
}
