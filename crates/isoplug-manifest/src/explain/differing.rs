//! The options in which two profiles differ, each side with who set it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{Explain, shown};
use crate::merge::Content;
use crate::path::join;
use crate::shape::Shape;
use crate::system::System;
use crate::value::Data;

/// An option that two profiles have with other values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherOption {
    /// Its path.
    pub path: String,
    /// What only the first has: its value, or the items of a list.
    pub first: Vec<SaidValue>,
    /// What only the second has.
    pub second: Vec<SaidValue>,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidValue {
    /// As JSON; a secret is not shown.
    pub value: String,
    /// The places; none for a default.
    pub places: Vec<String>,
}

/// Returns the options that differ, in order of their paths.
#[must_use]
pub fn differing(first: &System, second: &System) -> Vec<OtherOption> {
    let mut found = Vec::new();
    let [a, b] = [first, second].map(System::values);
    let sides = [Explain { system: first }, Explain { system: second }];
    compare(&sides, &[], [&a, &b], &mut found);
    found
}

fn compare(sides: &[Explain; 2], keys: &[&str], values: [&Json; 2], found: &mut Vec<OtherOption>) {
    if values[0] == values[1] {
        return;
    }
    if !values.iter().all(|value| value.is_object() || value.is_null()) {
        found.push(option(sides, keys, values));
        return;
    }
    let tables = values.iter().filter_map(|value| value.as_object());
    let names: BTreeSet<&String> = tables.flat_map(|table| table.keys()).collect();
    for name in names {
        let values = values.map(|value| value.get(name).unwrap_or(&Json::Null));
        compare(sides, &[keys, &[name]].concat(), values, found);
    }
}

fn option(sides: &[Explain; 2], keys: &[&str], values: [&Json; 2]) -> OtherOption {
    let [first, second] = match values {
        [Json::Array(a), Json::Array(b)]
            if items(a, b).next().is_some() || items(b, a).next().is_some() =>
        {
            [sides[0].list(keys, a, b), sides[1].list(keys, b, a)]
        }
        [a, b] => [sides[0].one(keys, a), sides[1].one(keys, b)],
    };
    OtherOption { path: join(keys), first, second }
}

/// Returns the items of a list that another one has not, with their places.
fn items<'j>(list: &'j [Json], other: &'j [Json]) -> impl Iterator<Item = (usize, &'j Json)> {
    list.iter().enumerate().filter(|(_, item)| !other.contains(item))
}

impl Explain<'_> {
    fn shape(&self, keys: &[&str]) -> Option<&Shape> {
        self.system.shape.at(keys)
    }

    fn list(&self, keys: &[&str], list: &[Json], other: &[Json]) -> Vec<SaidValue> {
        let shape = self.shape(&[keys, &["*"]].concat());
        let written = self.system.settings.at(keys).map(|setting| &setting.content);
        let written = match written {
            Some(Content::List(items)) if items.len() == list.len() => Some(items),
            _ => None,
        };
        let said = |(index, item): (usize, &Json)| {
            let origin = written.and_then(|items| items.get(index)).map(|item| &item.origin);
            let places = origin.map(|origin| self.place(origin)).into_iter().collect();
            let said = written.and_then(|items| items.get(index)).map(|item| &item.data);
            SaidValue { value: hidden(shape, &only_what_is_said(item, said)), places }
        };
        items(list, other).map(said).collect()
    }

    fn one(&self, keys: &[&str], value: &Json) -> Vec<SaidValue> {
        let setting = self.system.settings.at(keys);
        let won = setting.into_iter().flat_map(|setting| &setting.won);
        let places = won.map(|said| self.place(&said.value.origin)).collect();
        vec![SaidValue { value: hidden(self.shape(keys), value), places }]
    }
}

/// What has no shape is of a part that the other profile alone has; it is not there.
fn hidden(shape: Option<&Shape>, value: &Json) -> String {
    shape.map_or_else(|| "(nothing)".to_owned(), |shape| shown(shape, value))
}

/// Leaves out of an item what nobody wrote.
fn only_what_is_said(item: &Json, said: Option<&Data>) -> Json {
    match (item, said) {
        (Json::Object(all), Some(Data::Table(table))) => {
            let written =
                all.iter().filter(|(key, _)| table.iter().any(|(said, _)| said.name == **key));
            Json::Object(written.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        _ => item.clone(),
    }
}
