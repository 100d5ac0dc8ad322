//! Whether an image is what it should be: its bytes, who signed it, what is in it.
//!
//! Reads what lies beside it; each thing that is not there is told and decides nothing by itself.

pub mod bills;
pub mod checksum;
pub mod content;
pub mod keys;
pub mod refusal;
pub mod signature;

use serde::Serialize;

use crate::report::page::{Page, Section};

use refusal::{Fault, Refusal};

/// How one step ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds.
    Ok,
    /// It does not.
    Fails,
    /// There is nothing to look at.
    #[default]
    Absent,
    /// It could not be decided.
    Unknown,
}

impl State {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fails => "fails",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is looked at.
    pub what: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What is wrong, and what could not be decided.
    pub faults: Vec<Fault>,
    /// What is worth a look, though nothing is wrong.
    pub notes: Vec<String>,
}

impl Step {
    /// Makes one that fails if there are faults.
    #[must_use]
    pub fn new(what: &'static str, said: impl Into<String>, faults: Vec<Fault>) -> Self {
        let state = if faults.is_empty() { State::Ok } else { State::Fails };
        let said = match faults.len() {
            0 => said.into(),
            1 => "one thing is wrong".to_owned(),
            count => format!("{count} things are wrong"),
        };
        Self { what, state, said, faults, notes: Vec::new() }
    }

    /// Makes one that had nothing to look at.
    #[must_use]
    pub fn absent(what: &'static str, said: impl Into<String>) -> Self {
        Self { what, said: said.into(), ..Self::default() }
    }

    /// Makes one that could not be decided.
    #[must_use]
    pub fn unknown(what: &'static str, said: impl Into<String>) -> Self {
        Self { what, state: State::Unknown, said: said.into(), ..Self::default() }
    }
}

/// The steps of one image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// `verify`.
    pub kind: &'static str,
    /// The name of the image.
    pub image: String,
    /// What came of it.
    pub verdict: &'static str,
    /// Why it is refused, if it is: the weightiest of what is wrong.
    pub refused: Option<Refusal>,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Report {
    /// Makes one of an image's steps.
    #[must_use]
    pub fn new(image: String, steps: Vec<Step>) -> Self {
        let has = |state: State| steps.iter().any(|step| step.state == state);
        let rebuilt = steps.iter().filter(|step| step.what == "rebuild");
        let rebuilt: Vec<State> = rebuilt.map(|step| step.state).collect();
        let verdict = match () {
            () if rebuilt.contains(&State::Fails) => "differs",
            () if has(State::Fails) => "not what it should be",
            () if rebuilt.contains(&State::Unknown) => "inconclusive",
            () if rebuilt.contains(&State::Ok) => "reproduced",
            () if has(State::Ok) => "nothing is wrong with what was looked at",
            () => "inconclusive",
        };
        let failing = steps.iter().filter(|step| step.state == State::Fails);
        let refused = failing.flat_map(|step| &step.faults).map(|fault| fault.kind).min();
        Self { schema: 1, kind: "verify", image, verdict, refused, steps }
    }

    /// Returns it for people.
    #[must_use]
    pub fn page(&self) -> Page {
        let rows = self
            .steps
            .iter()
            .map(|step| vec![step.what.into(), step.state.word().into(), step.said.clone()]);
        let faults = self.rows(|step| step.faults.iter().map(|fault| &*fault.text).collect());
        let notes = self.rows(|step| step.notes.iter().map(|note| &**note).collect());
        let sections = vec![
            Section::table("Steps", &[], rows.collect()),
            Section::table("What is wrong, or was in the way", &[], faults),
            Section::table("Worth a look", &[], notes),
        ];
        Page { title: self.image.clone(), verdict: self.verdict.to_owned(), sections }
    }

    /// Returns a row for each text of each step.
    fn rows(&self, pick: fn(&Step) -> Vec<&str>) -> Vec<Vec<String>> {
        let row = |step: &Step, text: &str| vec![step.what.to_owned(), text.to_owned()];
        let of = |step| pick(step).into_iter().map(move |text| row(step, text));
        self.steps.iter().flat_map(of).collect()
    }
}
