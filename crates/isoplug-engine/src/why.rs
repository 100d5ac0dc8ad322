//! Why a stage has the key it has, and what differs from the last time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::key::Salt;
use crate::run::schedule::Schedule;
use crate::{ArtifactId, Digest, Error, Graph, Record, Row, RowValue, Step, Store};

/// Values in messages are cut to so many characters.
const LONGEST: usize = 80;

/// Returns the inputs that make the key of a stage, as far as they are known.
///
/// # Errors
///
/// When the graph has no such stage, or the store cannot be locked.
pub fn explain(graph: &Graph, store: &Store, title: &str) -> Result<Vec<Row>, Error> {
    let index = graph.find(title)?;
    let schedule = settled(graph, store)?;
    Ok(rows(graph, index, &store.salt(), |id| schedule.output(id).map(|output| output.digest)))
}

/// Returns how the inputs of a stage differ from those of its last other run; nothing when there was none.
///
/// # Errors
///
/// When the graph has no such stage, or the store cannot be locked or read.
pub fn why(graph: &Graph, store: &Store, title: &str) -> Result<Vec<Change>, Error> {
    let index = graph.find(title)?;
    let schedule = settled(graph, store)?;
    let key = schedule.key(index);
    let other = |record: &Record| record.title == title && Some(record.key) != key;
    let Some((_, before)) = store.records()?.into_iter().find(|(_, record)| other(record)) else {
        return Ok(Vec::new());
    };
    let now =
        rows(graph, index, &store.salt(), |id| schedule.output(id).map(|output| output.digest));
    let mut changes = Vec::new();
    let node = graph.node(index);
    let version = |name: &str, version| Some(Value::String(format!("{name}@{version}")));
    compare(
        "stage",
        version(&before.stage, before.version),
        version(node.name, node.version),
        &mut changes,
    );
    compare_walks(&before.walk, &now, &mut changes);
    Ok(changes)
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// A value is another one. The label names a field by its path.
    Value {
        /// What the stage calls it.
        label: String,
        /// As JSON; none when there was none.
        was: Option<String>,
        /// As JSON; none when there is none any more.
        is: Option<String>,
    },
    /// A list gained or lost elements.
    List {
        /// What the stage calls it.
        label: String,
        /// Elements that are new, as JSON.
        gained: Vec<String>,
        /// Elements that are gone, as JSON.
        lost: Vec<String>,
    },
    /// An input has another digest, or none yet.
    Input {
        /// What the stage calls it.
        label: String,
        /// The title of the stage that makes it.
        from: String,
        /// Whether its digest is known; else that stage must run first.
        known: bool,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { label, was: Some(was), is: Some(is) } => {
                write!(f, "value `{label}` was {}, is {}", short(was), short(is))
            }
            Self::Value { label, was, is: None } => {
                let was = short(was.as_deref().unwrap_or("nothing"));
                write!(f, "value `{label}` is gone; it was {was}")
            }
            Self::Value { label, was: None, is: Some(is) } => {
                write!(f, "value `{label}` is new: {}", short(is))
            }
            Self::List { label, gained, lost } => {
                write!(f, "value `{label}` {}", moved(gained, lost))
            }
            Self::Input { label, from, known } => {
                let how = if *known { "changed (from" } else { "is not made yet (by" };
                write!(f, "input `{label}` {how} stage `{from}`)")
            }
        }
    }
}

/// The walk over a stage's inputs, for people and records.
pub(crate) fn rows(
    graph: &Graph,
    index: usize,
    salt: &Salt,
    digest: impl Fn(ArtifactId) -> Option<Digest>,
) -> Vec<Row> {
    let row = |step: &Step| match step {
        Step::Value(label, json) => {
            Row { label: label.clone(), value: RowValue::Value(json.clone()) }
        }
        Step::Secret(label, secret) => {
            Row { label: label.clone(), value: RowValue::Secret(secret.digest(salt)) }
        }
        Step::Artifact(label, id) => {
            let from = graph.node(id.node).title.clone();
            let value = RowValue::Input { from, artifact: id.name.to_owned(), digest: digest(*id) };
            Row { label: label.clone(), value }
        }
    };
    graph.node(index).walk.steps().iter().map(row).collect()
}

fn settled<'a>(graph: &'a Graph, store: &'a Store) -> Result<Schedule<'a>, Error> {
    let _guard = store.share()?;
    let mut schedule = Schedule::new(graph, store, &[graph.ends()]);
    schedule.settle();
    Ok(schedule)
}

/// A label may come several times; then the occurrences are compared in order.
pub(crate) fn compare_walks(before: &[Row], now: &[Row], changes: &mut Vec<Change>) {
    let (before, now) = (by_label(before), by_label(now));
    let labels: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    for label in labels {
        compare_rows(&label.0, before.get(label).copied(), now.get(label).copied(), changes);
    }
}

fn by_label(rows: &[Row]) -> BTreeMap<(String, usize), &RowValue> {
    let mut labelled = BTreeMap::new();
    for row in rows {
        let occurrence = labelled.keys().filter(|(label, _)| *label == row.label).count();
        labelled.insert((row.label.clone(), occurrence), &row.value);
    }
    labelled
}

fn compare_rows(
    label: &str,
    before: Option<&RowValue>,
    now: Option<&RowValue>,
    changes: &mut Vec<Change>,
) {
    let digest = |value: Option<&RowValue>| match value {
        Some(RowValue::Input { digest, .. }) => *digest,
        _ => None,
    };
    match now {
        Some(RowValue::Input { from, .. })
            if digest(now).is_none() || digest(now) != digest(before) =>
        {
            let known = digest(now).is_some();
            changes.push(Change::Input { label: label.to_owned(), from: from.clone(), known });
        }
        Some(RowValue::Input { .. }) => {}
        _ => compare(label, before.map(as_json), now.map(as_json), changes),
    }
}

fn as_json(value: &RowValue) -> Value {
    match value {
        RowValue::Value(json) => {
            serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.clone()))
        }
        // The digest is salted: its beginning says that it changed, and no more.
        RowValue::Secret(digest) => Value::String(format!("(secret {})", &digest.hex()[..8])),
        RowValue::Input { from, artifact, .. } => Value::String(format!("{artifact} of {from}")),
    }
}

pub(crate) fn compare(
    label: &str,
    was: Option<Value>,
    is: Option<Value>,
    changes: &mut Vec<Change>,
) {
    match (was, is) {
        (was, is) if was == is => {}
        (Some(Value::Object(mut was)), Some(Value::Object(mut is))) => {
            let fields: BTreeSet<String> = was.keys().chain(is.keys()).cloned().collect();
            for field in fields {
                let label = format!("{label}.{field}");
                compare(&label, was.remove(&field), is.remove(&field), changes);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) if is_other_set(&was, &is) => {
            let (gained, lost) = (without(&is, &was), without(&was, &is));
            changes.push(Change::List { label: label.to_owned(), gained, lost });
        }
        (was, is) => {
            let (was, is) = (was.as_ref().map(plain), is.as_ref().map(plain));
            changes.push(Change::Value { label: label.to_owned(), was, is });
        }
    }
}

fn without(some: &[Value], others: &[Value]) -> Vec<String> {
    some.iter().filter(|item| !others.contains(item)).map(plain).collect()
}

/// Says what came into a list and what left it.
fn moved(gained: &[String], lost: &[String]) -> String {
    let part = |verb: &str, items: &[String]| {
        (!items.is_empty()).then(|| format!("{verb} {}", short(&items.join(", "))))
    };
    let parts = part("gained", gained).into_iter().chain(part("lost", lost));
    parts.collect::<Vec<_>>().join(", ")
}

/// Whether the elements differ, and not only their order or number.
fn is_other_set(was: &[Value], is: &[Value]) -> bool {
    was.iter().any(|item| !is.contains(item)) || is.iter().any(|item| !was.contains(item))
}

/// A text without its quotes, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
