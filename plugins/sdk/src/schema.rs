//! Says in JSON Schema what values an option takes.

use std::collections::BTreeMap;

use isoplug_sdk_derive::json;

use crate::error::Diagnostic;
use crate::json::{FromJson, ToJson, Value};

/// A type that an option can have. [`options`](crate::options) implements it for own types.
pub trait Schema {
    /// Returns the schema, in the subset of JSON Schema 2020-12 that isoplug reads.
    fn schema() -> Value;

    /// Tells whether the option may be left out without a default.
    fn is_optional() -> bool {
        false
    }
}

/// All options of a plugin.
pub trait Options: Schema + FromJson {}

impl<T: Schema + FromJson> Options for T {}

/// For a plugin that has no options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoOptions;

impl FromJson for NoOptions {
    fn from_json(_: &Value) -> Result<Self, Diagnostic> {
        Ok(Self)
    }
}

impl Schema for NoOptions {
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": false, "properties": {} })
    }
}

impl Schema for String {
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Schema for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Schema for f64 {
    fn schema() -> Value {
        json!({ "type": "number" })
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Schema for $integer {
            fn schema() -> Value {
                json!({ "type": "integer", "minimum": <$integer>::MIN, "maximum": <$integer>::MAX })
            }
        }
    )*};
}

integers!(u8, u16, u32, i8, i16, i32);

impl Schema for i64 {
    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

impl Schema for u64 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl<T: Schema> Schema for Option<T> {
    fn schema() -> Value {
        T::schema()
    }

    fn is_optional() -> bool {
        true
    }
}

impl<T: Schema> Schema for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// Returns the schema of a table. What [`options`](crate::options) expands to.
#[doc(hidden)]
pub fn table(fields: Vec<Field>) -> Value {
    let mut table = json!({ "type": "object", "additionalProperties": false });
    let (mut properties, mut required) = (Value::table(), Value::Null);
    for Field { name, schema, is_required } in fields {
        if is_required {
            required.push(name);
        }
        properties.put(name, schema);
    }
    table.put("properties", properties);
    if !required.is_null() {
        table.put("required", required);
    }
    table
}

/// Returns an option that a table was given, or what stands for one that was left out.
#[doc(hidden)]
pub fn field<T: FromJson>(
    table: &Value,
    name: &str,
    default: Option<fn() -> T>,
) -> Result<T, Diagnostic> {
    match table.get(name) {
        Some(value) => T::from_json(value).map_err(|wrong| wrong.inside(name)),
        None => match default.map(|default| default()).or_else(T::absent) {
            Some(value) => Ok(value),
            None => Err(Diagnostic::error("missing", "it has to be set").at(name)),
        },
    }
}

/// Returns the error for a word that is none of a choice.
#[doc(hidden)]
pub fn no_choice(words: &str) -> Diagnostic {
    Diagnostic::error("choice", ["expected one of ", words].concat())
}

/// One option of a table. What [`options`](crate::options) expands to.
#[doc(hidden)]
pub struct Field {
    name: &'static str,
    schema: Value,
    is_required: bool,
}

impl Field {
    #[doc(hidden)]
    pub fn of<T: Schema>(name: &'static str, description: &'static str) -> Self {
        let mut schema = T::schema();
        if !description.is_empty() {
            schema.put("description", Value::Text(description.into()));
        }
        Self { name, schema, is_required: !T::is_optional() }
    }

    #[doc(hidden)]
    pub fn with_default(self, value: impl ToJson) -> Self {
        Self { is_required: false, ..self.with("default", value) }
    }

    #[doc(hidden)]
    pub fn with(mut self, word: &'static str, value: impl ToJson) -> Self {
        self.schema.put(word, value);
        self
    }
}
