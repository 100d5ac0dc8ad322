//! The results of sets: one line of a file each, so that a run goes on where it stopped, and one
//! row of a table for people.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Set;
use super::choice::Difference;

/// What came of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The set.
    pub name: String,
    /// What it asks for.
    pub install: Vec<String>,
    /// Whether recommended packages were wanted.
    pub recommends: bool,
    /// How many packages it has.
    pub packages: usize,
    /// How apt's choice of packages differs.
    pub choice: Difference,
    /// How the systems differ.
    pub differences: Vec<String>,
    /// What a build would refuse of isoplug's system.
    pub refused: Vec<String>,
    /// Which side failed, and why.
    pub failure: Option<String>,
    /// How long isoplug took for what was not there yet.
    pub ours: Duration,
    /// How long apt took.
    pub theirs: Duration,
}

impl Row {
    /// Makes one of which nothing is known yet.
    pub fn new(set: &Set) -> Self {
        Self {
            name: set.name.clone(),
            install: set.install.clone(),
            recommends: set.recommends,
            packages: 0,
            choice: Difference::default(),
            differences: Vec::new(),
            refused: Vec::new(),
            failure: None,
            ours: Duration::ZERO,
            theirs: Duration::ZERO,
        }
    }

    /// Tells whether both installed the same, of what apt would choose in one order or another, and a build takes it.
    pub fn is_equal(&self) -> bool {
        let none = [&self.choice.never, &self.differences, &self.refused];
        self.failure.is_none() && none.iter().all(|list| list.is_empty())
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "install": self.install, "recommends": self.recommends,
            "packages": self.packages, "choice": self.choice.never,
            "in-another-order": self.choice.in_another_order, "failure": self.failure,
            "differences": self.differences.len(), "equal": self.is_equal(), "refused": self.refused,
            "ours": self.ours.as_secs(), "theirs": self.theirs.as_secs(),
            "first": self.differences.iter().take(5).collect::<Vec<_>>(),
        })
    }
}

/// The results in a folder.
pub struct Results {
    path: PathBuf,
    rows: Vec<Value>,
}

impl Results {
    /// Reads those that are there.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("results.jsonl");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let rows = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Self { rows: rows.context("a broken line in results.jsonl")?, path })
    }

    /// Tells whether a set was done.
    pub fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row["name"] == name)
    }

    /// Adds a result.
    pub fn add(&mut self, row: &Row) -> Result<()> {
        let row = row.to_json();
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        writeln!(file, "{row}")?;
        self.rows.push(row);
        Ok(())
    }

    fn named(&self, names: &[String]) -> impl Iterator<Item = &Value> {
        self.rows.iter().filter(|row| names.iter().any(|name| row["name"] == **name))
    }

    /// Tells whether these sets are equal.
    pub fn all_equal(&self, names: &[String]) -> bool {
        self.named(names).all(|row| row["equal"] == true)
    }

    /// Returns the table of these sets, in Markdown.
    pub fn table(&self, names: &[String]) -> String {
        let mut text = "| set | packages | choice | files | isoplug s | apt s |\n\
                        | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for row in self.named(names) {
            text += &format!("| {} |\n", columns(row).join(" | "));
        }
        let (all, equal) = (self.named(names), self.named(names));
        let equal = equal.filter(|row| row["equal"] == true).count();
        text + &format!("\n{equal} of {} are equal.\n", all.count())
    }

    /// Returns a line for each of these sets, with a verdict first and tabs between.
    pub fn rows_of(&self, names: &[String]) -> String {
        let verdict = |row: &Value| if row["equal"] == true { "ok" } else { "FAILED" };
        let line = |row| format!("{}\t{}\n", verdict(row), columns(row).join("\t"));
        self.named(names).map(line).collect()
    }
}

fn columns(row: &Value) -> [String; 6] {
    let list = |field: &str| {
        let items = row[field].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let name = row["name"].as_str().unwrap_or_default();
    let recommends = if row["recommends"] == true { " with recommends" } else { "" };
    let choice = [list("choice"), list("in-another-order")];
    [
        format!("{name}{recommends}"),
        row["packages"].to_string(),
        choice_text(choice),
        files_text(row, &list("first")),
        row["ours"].to_string(),
        row["theirs"].to_string(),
    ]
}

/// Says how the files differ, of which these are the first, and what a build refuses first.
fn files_text(row: &Value, first: &str) -> String {
    let files = match (row["failure"].as_str(), row["differences"].as_u64()) {
        (Some(failure), _) => failure.lines().next().unwrap_or_default().to_owned(),
        (None, Some(0) | None) => "same".to_owned(),
        (None, Some(count)) => format!("{count} differ: {first}"),
    };
    match row["refused"][0].as_str() {
        Some(why) => format!("{files}; a build refuses it: {why}"),
        None => files,
    }
}

/// Says how choices differ: where apt never chooses so, and where it does in another order.
fn choice_text([never, in_another_order]: [String; 2]) -> String {
    match (never.is_empty(), in_another_order.is_empty()) {
        (true, true) => "same".to_owned(),
        (true, false) => format!("as apt in another order ({in_another_order})"),
        (false, true) => never,
        (false, false) => format!("{never}; as apt in another order: {in_another_order}"),
    }
}
