//! Between JSON and Rust.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Value;
use crate::error::Diagnostic;

/// Can be written as JSON.
pub trait ToJson {
    /// Returns it as JSON.
    fn to_json(&self) -> Value;

    /// Makes JSON of it, without a copy where none is needed.
    fn into_json(self) -> Value
    where
        Self: Sized,
    {
        self.to_json()
    }
}

/// Can be read from JSON. [`options`](crate::options) implements it for own types.
pub trait FromJson: Sized {
    /// Reads it. The error points at what is wrong.
    fn from_json(value: &Value) -> Result<Self, Diagnostic>;

    /// Returns what stands for a value that was left out, if anything does.
    fn absent() -> Option<Self> {
        None
    }
}

/// Returns the error for a value of another type.
fn expected<T>(what: &str) -> Result<T, Diagnostic> {
    Err(Diagnostic::error("type", ["expected ", what].concat()))
}

impl FromJson for Value {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        Ok(value.clone())
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        value.as_str().map_or_else(|| expected("a text"), |text| Ok(text.to_owned()))
    }
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        value.as_bool().map_or_else(|| expected("true or false"), Ok)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        let Value::List(items) = value else { return expected("a list") };
        let item = |(index, item)| {
            T::from_json(item).map_err(|wrong: Diagnostic| wrong.inside_index(index))
        };
        (0u32..).zip(items).map(item).collect()
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: &Value) -> Result<Self, Diagnostic> {
        let Value::Table(entries) = value else { return expected("a table") };
        let entry = |(key, value): &(Cow<str>, Value)| match T::from_json(value) {
            Ok(it) => Ok((key.clone().into_owned(), it)),
            Err(wrong) => Err(wrong.inside(key)),
        };
        entries.iter().map(entry).collect()
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }

    fn into_json(self) -> Value {
        self
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::Text(self.to_owned().into())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        self.as_str().to_json()
    }
}

impl ToJson for bool {
    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        Value::List(self.iter().map(T::to_json).collect())
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson> ToJson for BTreeMap<String, T> {
    fn to_json(&self) -> Value {
        Value::Table(
            self.iter().map(|(key, value)| (key.clone().into(), value.to_json())).collect(),
        )
    }
}

macro_rules! numbers {
    ($($number:ty: $what:literal),*) => {$(
        impl FromJson for $number {
            fn from_json(value: &Value) -> Result<Self, Diagnostic> {
                match value {
                    Value::Number(text) => text.parse().or_else(|_| expected($what)),
                    _ => expected($what),
                }
            }
        }

        impl ToJson for $number {
            fn to_json(&self) -> Value {
                Value::Number(self.to_string())
            }
        }
    )*};
}

numbers!(
    u8: "a whole number up to 255", u16: "a whole number up to 65535",
    u32: "a whole number, not negative", u64: "a whole number, not negative",
    usize: "a whole number, not negative",
    i8: "a small whole number", i16: "a small whole number", i32: "a whole number",
    i64: "a whole number", f64: "a number"
);
