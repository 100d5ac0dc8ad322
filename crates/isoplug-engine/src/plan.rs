//! What a run would do, without doing it: as a tree, as dot, as JSON.

use std::fmt;
use std::fmt::Write;

use serde::Serialize;

use crate::run::schedule::Schedule;
use crate::{ArtifactId, Error, Graph, StageKey, Store};

/// What a run would do with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// Nothing: its outputs are known, and there if anyone needs them.
    Cached,
    /// Run it, for the first time.
    Missing,
    /// Run it again: its outputs are known, but some blobs that are needed are gone.
    Gone,
    /// That depends on what an earlier stage makes.
    Unknown,
}

impl Expected {
    /// Whether it need not run, as far as known.
    pub fn cached(self) -> Option<bool> {
        match self {
            Self::Cached => Some(true),
            Self::Missing | Self::Gone => Some(false),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cached => "cached",
            Self::Missing => "to run",
            Self::Gone => "to run again",
            Self::Unknown => "depends",
        })
    }
}

/// One stage of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanRow {
    /// Which.
    pub title: String,
    /// Its key, if the digests of all inputs are known.
    pub key: Option<StageKey>,
    /// What a run would do.
    pub state: Expected,
    /// The titles of the stages it takes artifacts of, in build order.
    pub inputs: Vec<String>,
}

/// The stages of a graph in build order, and what a run would do with each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The stages.
    pub stages: Vec<PlanRow>,
}

/// Plans a run for every artifact that no stage takes.
///
/// # Errors
///
/// When the store cannot be locked.
pub fn plan(graph: &Graph, store: &Store) -> Result<Plan, Error> {
    plan_targets(graph, &graph.ends(), store)
}

/// Plans a run for these artifacts.
///
/// # Errors
///
/// When a target is not of this graph, or the store cannot be locked.
pub fn plan_targets(graph: &Graph, targets: &[ArtifactId], store: &Store) -> Result<Plan, Error> {
    graph.check_targets(targets)?;
    let _guard = store.share()?;
    let mut schedule = Schedule::new(graph, store, &[targets.to_vec()]);
    schedule.settle();
    let titles = graph.titles();
    let row = |index: usize| PlanRow {
        title: titles[index].clone(),
        key: schedule.key(index),
        state: schedule.expected(index),
        inputs: graph.inputs(index).into_iter().map(|input| titles[input].clone()).collect(),
    };
    Ok(Plan { stages: schedule.needed().map(row).collect() })
}

impl Plan {
    /// Draws it as trees: each end, and below it what it takes. A stage is unfolded once.
    pub fn to_tree(&self) -> String {
        let taken: Vec<&String> = self.stages.iter().flat_map(|row| &row.inputs).collect();
        let mut tree = Tree { plan: self, unfolded: Vec::new(), text: String::new() };
        for row in self.stages.iter().filter(|row| !taken.contains(&&row.title)) {
            tree.draw(row, "", "");
        }
        tree.text
    }

    /// Writes it for Graphviz.
    pub fn to_dot(&self) -> String {
        let mut dot = "digraph plan {\n  rankdir = LR;\n  node [shape = box];\n".to_owned();
        for row in &self.stages {
            let label = format!("{}\n{}", row.title, row.state);
            // Writing to a String cannot fail.
            let _ = writeln!(dot, "  {:?} [label = {label:?}];", row.title);
            for input in &row.inputs {
                let _ = writeln!(dot, "  {input:?} -> {:?};", row.title);
            }
        }
        dot + "}\n"
    }

    /// Writes it as JSON.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

struct Tree<'a> {
    plan: &'a Plan,
    unfolded: Vec<&'a str>,
    text: String,
}

impl<'a> Tree<'a> {
    fn draw(&mut self, row: &'a PlanRow, first: &str, rest: &str) {
        let again = self.unfolded.contains(&row.title.as_str()) && !row.inputs.is_empty();
        let above = if again { ", see above" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{first}{} ({}{above})", row.title, row.state);
        if again {
            return;
        }
        self.unfolded.push(&row.title);
        let inputs: Vec<&PlanRow> =
            self.plan.stages.iter().filter(|other| row.inputs.contains(&other.title)).collect();
        for (index, input) in inputs.iter().enumerate() {
            let (branch, below) =
                if index + 1 == inputs.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(input, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }
}
