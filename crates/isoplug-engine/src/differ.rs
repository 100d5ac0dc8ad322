//! What differs between the stages of two graphs, and which of it is a stage's own.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::run::schedule::Schedule;
use crate::why::{Change, compare, compare_walks, rows};
use crate::{ArtifactId, Error, Graph, Row, RowValue, Store};

/// A stage that is not the same in two graphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherStage {
    /// Which.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// What of its own inputs differs; nothing where it is in one graph alone.
    pub changes: Vec<Change>,
    /// The stages it takes artifacts of, as far as they differ themselves.
    pub through: Vec<String>,
}

/// In which of two graphs something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the first alone.
    First,
    /// In the second alone.
    Second,
    /// In both.
    Both,
}

/// The rows and inputs of a stage, and its name with its version.
type Side = (Vec<Row>, Vec<String>, String);

/// Returns the stages that differ between two graphs, each with what is to be made of it: those of the first in build
/// order, then those that only the second has. Runs nothing, so a stage whose inputs differ may come to the same.
///
/// # Errors
///
/// When a target is not of its graph, or the store cannot be locked.
pub fn differ(
    first: (&Graph, &[ArtifactId]),
    second: (&Graph, &[ArtifactId]),
    store: &Store,
) -> Result<Vec<OtherStage>, Error> {
    let [(order, first), (added, second)] = [sides(first, store)?, sides(second, store)?];
    let mut other: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    let added = added.into_iter().filter(|title| !first.contains_key(title));
    for title in order.into_iter().chain(added) {
        let stage = stage(&title, first.get(&title), second.get(&title), &other);
        if stage.place != Place::Both || !stage.changes.is_empty() || !stage.through.is_empty() {
            other.insert(title);
            found.push(stage);
        }
    }
    Ok(found)
}

fn stage(
    title: &str,
    first: Option<&Side>,
    second: Option<&Side>,
    other: &BTreeSet<String>,
) -> OtherStage {
    let title = title.to_owned();
    let (Some(a), Some(b)) = (first, second) else {
        let place = if first.is_some() { Place::First } else { Place::Second };
        return OtherStage { title, place, changes: Vec::new(), through: Vec::new() };
    };
    let mut changes = Vec::new();
    let name = |side: &Side| Some(side.2.clone().into());
    compare("stage", name(a), name(b), &mut changes);
    compare_walks(&a.0, &b.0, &mut changes);
    let through = a.1.iter().chain(&b.1).filter(|input| other.contains(*input));
    let through: BTreeSet<String> = through.cloned().collect();
    OtherStage { title, place: Place::Both, changes, through: through.into_iter().collect() }
}

/// Returns the needed stages in build order, and what each takes; which artifact it is, by its name.
fn sides(
    (graph, targets): (&Graph, &[ArtifactId]),
    store: &Store,
) -> Result<(Vec<String>, BTreeMap<String, Side>), Error> {
    graph.check_targets(targets)?;
    let _guard = store.share()?;
    let titles = graph.titles();
    let needed = Schedule::new(graph, store, &[targets.to_vec()]).needed();
    let side = |index: usize| {
        let node = graph.node(index);
        let inputs = graph.inputs(index).into_iter().map(|input| titles[input].clone()).collect();
        let rows = named(rows(graph, index, &store.salt(), |_| None));
        (titles[index].clone(), (rows, inputs, format!("{}@{}", node.name, node.version)))
    };
    let all: Vec<(String, Side)> = needed.map(side).collect();
    Ok((all.iter().map(|(title, _)| title.clone()).collect(), all.into_iter().collect()))
}

/// Shows inputs by name, since nothing is known of their bytes.
fn named(rows: Vec<Row>) -> Vec<Row> {
    let name = |row: Row| match &row.value {
        RowValue::Input { from, artifact, .. } => {
            let json = serde_json::Value::from(format!("{artifact} of {from}")).to_string();
            Row { label: row.label, value: RowValue::Value(json) }
        }
        _ => row,
    };
    rows.into_iter().map(name).collect()
}
