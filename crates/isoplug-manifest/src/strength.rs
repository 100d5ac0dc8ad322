//! How strongly a value is meant: `{ fallback = v }` of a built-in profile < that of anybody else < what parts set < `v` <
//! `{ force = v }`.

use std::fmt;

use crate::value::{Data, Value};

/// How strongly a value is meant. The strongest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// `{ fallback = v }` of a built-in profile.
    BuiltIn,
    /// `{ fallback = v }`: holds when nobody else says anything.
    Fallback,
    /// What a part sets because of an option. Nobody writes it.
    Derived,
    /// A plain value.
    Normal,
    /// `{ force = v }`: holds whatever others say.
    Force,
}

impl Strength {
    /// Returns the strength that a table states by its only key.
    pub(crate) fn of_table(data: &Data) -> Option<Self> {
        let Data::Table(table) = data else { return None };
        match table.as_slice() {
            [(key, _)] if key.name == "force" => Some(Self::Force),
            [(key, _)] if key.name == "fallback" => Some(Self::Fallback),
            _ => None,
        }
    }

    /// Takes the strength off a value; without one it keeps the strength around it.
    pub(crate) fn split(value: &Value, around: Self) -> (Self, &Value) {
        match (Self::of_table(&value.data), &value.data) {
            (Some(strength), Data::Table(table)) => (strength, &table[0].1),
            _ => (around, value),
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn | Self::Fallback => "fallback",
            Self::Derived => "derived",
            Self::Normal => "normal",
            Self::Force => "force",
        })
    }
}
