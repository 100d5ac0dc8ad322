//! JSON values, as options, fragments and plans are made of.
//!
//! A small one of our own: a general library is two thirds of a small plugin.

mod convert;
mod parse;

use core::fmt;
use core::ops::Index;
use std::borrow::Cow;

pub use convert::{FromJson, ToJson};
pub use parse::parse;

/// A JSON value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// A text.
    Text(Cow<'static, str>),
    /// A list.
    List(Vec<Value>),
    /// A table, sorted by key.
    Table(Vec<(Cow<'static, str>, Value)>),
}

impl Value {
    /// Returns a table without entries.
    pub fn table() -> Self {
        Self::Table(Vec::new())
    }

    /// Returns what a table has under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Self::Table(entries) = self else { return None };
        let at = entries.binary_search_by(|(name, _)| name.as_ref().cmp(key)).ok()?;
        Some(&entries[at].1)
    }

    /// Sets what a table has under a key; makes a table of anything else.
    pub fn set(&mut self, key: &str, value: impl ToJson) {
        self.put(key.to_owned(), value);
    }

    /// Sets what a table has under a key that needs no copy. What [`json`](crate::json) expands to.
    #[doc(hidden)]
    pub fn put(&mut self, key: impl Into<Cow<'static, str>>, value: impl ToJson) {
        let (key, value) = (key.into(), value.into_json());
        if !matches!(self, Self::Table(_)) {
            *self = Self::table();
        }
        let Self::Table(entries) = self else { return };
        match entries.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(at) => entries[at].1 = value,
            Err(at) => entries.insert(at, (key, value)),
        }
    }

    /// Adds to the end of a list; makes a list of anything else.
    pub fn push(&mut self, value: impl ToJson) {
        match self {
            Self::List(items) => items.push(value.into_json()),
            other => *other = Self::List(vec![value.into_json()]),
        }
    }

    /// Returns the text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// Returns the truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(it) => Some(*it),
            _ => None,
        }
    }

    /// Returns the items of a list; none of anything else.
    pub fn items(&self) -> &[Value] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the entries of a table, sorted by key; none of anything else.
    pub fn entries(&self) -> &[(Cow<'static, str>, Value)] {
        match self {
            Self::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Tells whether it is nothing.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl Index<&str> for Value {
    type Output = Value;

    /// Returns what a table has under a key, and null if it has nothing.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }
}

impl Index<usize> for Value {
    type Output = Value;

    /// Returns an item of a list, and null if there is none.
    fn index(&self, index: usize) -> &Value {
        self.items().get(index).unwrap_or(&Value::Null)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&text(self))
    }
}

/// Writes it without spaces.
pub(crate) fn text(value: &Value) -> String {
    // Most documents and fragments are shorter, and a text that grows is copied each time.
    let mut text = String::with_capacity(1024);
    write(&mut text, value);
    text
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number),
        Value::Text(text) => quote(out, text),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Table(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quote(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[start..at]);
        escape(out, byte);
        start = at + 1;
    }
    out.push_str(&text[start..]);
    out.push('"');
}

fn escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\t' => out.push_str("\\t"),
        control => {
            out.push_str("\\u00");
            out.push(HEX[usize::from(control >> 4)] as char);
            out.push(HEX[usize::from(control & 15)] as char);
        }
    }
}
