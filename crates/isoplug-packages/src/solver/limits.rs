//! How much time and memory an answer may cost, whatever the packages of a source say they need.
//!
//! A limit never changes an answer: who reaches it gets none.

use std::time::{Duration, Instant};

/// How long choosing the packages of an image may take; Debian's largest desktop takes seconds.
const TIME: Duration = Duration::from_secs(300);
/// How many alternatives may be held in memory; all of Debian is a tenth of it.
const ALTERNATIVES: usize = 5_000_000;
/// How long an explanation may take.
const EXPLANATION: Duration = Duration::from_secs(10);

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until when; without any, for ever.
    pub until: Option<Instant>,
    /// How many alternatives may be held in memory.
    pub alternatives: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { until: None, alternatives: ALTERNATIVES }
    }
}

impl Limits {
    /// Returns the limits of an answer that is begun now.
    pub fn from_now() -> Self {
        Self { until: now().checked_add(TIME), ..Self::default() }
    }

    /// Says which limit is reached.
    pub(super) fn reached(&self, alternatives: usize) -> Option<&'static str> {
        if alternatives > self.alternatives {
            return Some("the packages have more alternatives than any archive needs");
        }
        let late = self.until.is_some_and(|until| now() > until);
        late.then_some("it took longer than the 5 minutes that choosing packages may take")
    }
}

/// Returns until when an explanation may go on that is begun now.
pub(super) fn end_of_explanation() -> Option<Instant> {
    now().checked_add(EXPLANATION)
}

/// Returns the time, which decides only whether to give up.
pub(super) fn now() -> Instant {
    Instant::now()
}
