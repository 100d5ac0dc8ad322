//! What happens during a run, as values for a reporter to draw.

use serde::Serialize;

use crate::StageKey;

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first event of a run: the stages it may need, in build order.
    Planned {
        /// The stages.
        stages: Vec<PlannedStage>,
    },
    /// A stage begins.
    Started {
        /// Which.
        title: String,
        /// Its key.
        key: StageKey,
    },
    /// A stage came further.
    Progress {
        /// Which.
        title: String,
        /// So much is done,
        done: u64,
        /// of so much; 0 when that is not known.
        total: u64,
        /// What is counted.
        unit: Unit,
    },
    /// A stage, or the engine about it, has something to say.
    Log {
        /// Which.
        title: String,
        /// One line, without its end.
        line: String,
    },
    /// What a stage does just now, for people who watch; the next one takes its place.
    Doing {
        /// Which.
        title: String,
        /// What, on one line.
        what: String,
    },
    /// A stage says what its user should know, and not only in the log.
    Warning {
        /// Which.
        title: String,
        /// What.
        message: String,
    },
    /// A stage has something to say that whoever builds must see, also when its outputs are known from
    /// an earlier run.
    Told {
        /// Which.
        title: String,
        /// One line, without its end.
        line: String,
    },
    /// A stage's outputs are known from an earlier run. Seldom a `Started` of the same stage follows:
    /// when its blobs turn out to be gone and something that must run needs them.
    Cached {
        /// Which.
        title: String,
        /// Its key.
        key: StageKey,
    },
    /// A stage made its outputs.
    Finished {
        /// Which.
        title: String,
        /// Its key.
        key: StageKey,
        /// How long it took, in milliseconds.
        wall_ms: u64,
        /// CPU time in milliseconds: of its programs, and its even share of what this process
        /// computed while other stages ran too. Not known without `/proc`.
        cpu_ms: Option<u64>,
        /// Bytes of all its outputs with what they refer to.
        bytes: u64,
    },
    /// A stage failed.
    Failed {
        /// Which.
        title: String,
        /// The error and its causes.
        message: String,
    },
}

impl Event {
    /// The stage it is about; none for `Planned`.
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Planned { .. } => None,
            Self::Started { title, .. }
            | Self::Progress { title, .. }
            | Self::Log { title, .. }
            | Self::Doing { title, .. }
            | Self::Warning { title, .. }
            | Self::Told { title, .. }
            | Self::Cached { title, .. }
            | Self::Finished { title, .. }
            | Self::Failed { title, .. } => Some(title),
        }
    }
}

/// A stage of a run that begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedStage {
    /// Which.
    pub title: String,
    /// Whether it need not run; not known when that depends on what another stage makes.
    pub cached: Option<bool>,
    /// The parts of the graph that it is of, where the graph has parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
}

/// What progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Anything else.
    Items,
}

/// Receives events; called from several threads, one at a time per stage.
pub trait Reporter: Send + Sync {
    /// Takes one event.
    fn report(&self, event: &Event);
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullReporter;

impl Reporter for NullReporter {
    fn report(&self, _event: &Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_json_line() {
        let event =
            Event::Progress { title: "pack".to_owned(), done: 1, total: 2, unit: Unit::Items };
        insta::assert_snapshot!(serde_json::to_string(&event).unwrap(), @r#"{"event":"progress","title":"pack","done":1,"total":2,"unit":"items"}"#);
    }
}
