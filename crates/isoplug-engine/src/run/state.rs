//! The states of a stage during a run.

/// Where a stage stands. Each change goes through `Schedule::set`, which holds to this table.
///
/// | State | Means | Next |
/// | --- | --- | --- |
/// | Waiting | its key or its inputs are not there yet | Ready, Cached, Skipped |
/// | Ready | must run, and all inputs are in the store | Running, Waiting, Skipped |
/// | Running | a worker runs it | Built, Cached, Failed, Skipped, Waiting |
/// | Cached | its record is known, and its blobs are there if anyone needs them | Waiting |
/// | Built | it ran | Waiting |
/// | Failed | it ran and failed | – |
/// | Skipped | it did not run since one that it needs failed, since nothing needs it any more, or on request | – |
///
/// Back to Waiting leads: a blob was gone when a stage that must run needed it; a stage that had to run
/// again made other bytes than its record says, so later keys change; an input vanished under a running stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Ready,
    Running,
    Cached,
    Built,
    Failed,
    Skipped,
}

impl State {
    /// Whether the table allows this change.
    pub(crate) fn may_become(self, next: Self) -> bool {
        use State::{Built, Cached, Failed, Ready, Running, Skipped, Waiting};
        match self {
            Waiting => matches!(next, Ready | Cached | Skipped),
            Ready => matches!(next, Running | Waiting | Skipped),
            Running => matches!(next, Built | Cached | Failed | Skipped | Waiting),
            Cached | Built => next == Waiting,
            Failed | Skipped => false,
        }
    }

    /// Whether nothing more happens to the stage by itself.
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Running)
    }

    /// Whether its outputs can be taken.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, Self::Cached | Self::Built)
    }
}
