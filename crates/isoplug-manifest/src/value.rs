//! A tree of TOML values in which every key and value knows where it was written.

use serde_json::Value as Json;

use crate::text::Origin;

/// One value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it was written.
    pub origin: Origin,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    String(String),
    /// A date or time, as it was written.
    Datetime(String),
    /// An array.
    List(Vec<Value>),
    /// A table, in the order of its keys' places.
    Table(Table),
}

/// The keys of a table.
pub type Table = Vec<(Key, Value)>;

/// A key and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key, unquoted.
    pub name: String,
    /// Where it was written.
    pub origin: Origin,
}

impl Value {
    /// Returns the word for its type in messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.data {
            Data::Bool(_) => "a boolean",
            Data::Integer(_) => "an integer",
            Data::Float(_) => "a float",
            Data::String(_) => "a string",
            Data::Datetime(_) => "a datetime",
            Data::List(_) => "a list",
            Data::Table(_) => "a table",
        }
    }

    /// Returns the text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the keys, if it is a table.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the value of a key, if it is a table that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.as_table()?.iter().find(|(key, _)| key.name == name)?;
        Some(value)
    }

    /// Returns the items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the same value without its places. Datetimes become texts.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.data {
            Data::Bool(value) => Json::from(*value),
            Data::Integer(value) => Json::from(*value),
            Data::Float(value) => Json::from(*value),
            Data::String(value) | Data::Datetime(value) => Json::from(value.as_str()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Table(table) => {
                table.iter().map(|(key, value)| (key.name.clone(), value.to_json())).collect()
            }
        }
    }

    /// Says whether both are the same, wherever they were written.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

/// Takes a key out of a table.
pub(crate) fn take(table: &mut Table, name: &str) -> Option<(Key, Value)> {
    let index = table.iter().position(|(key, _)| key.name == name)?;
    Some(table.remove(index))
}
