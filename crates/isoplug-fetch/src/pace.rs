//! How slow a mirror may be, so that one that sends a byte now and then does not hold a build for ever.

use std::time::{Duration, Instant};

/// The least that a mirror must send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In each such time.
    pub within: Duration,
    /// So many bytes.
    pub bytes: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { within: Duration::from_secs(60), bytes: 32 << 10 }
    }
}

/// Measures one transfer.
pub(super) struct Measure {
    pace: Pace,
    since: Instant,
    had: u64,
}

impl Measure {
    /// Begins with the bytes that are there.
    pub(super) fn begin(pace: Pace, had: u64) -> Self {
        Self { pace, since: Instant::now(), had }
    }

    /// Tells whether too little came, now that so many bytes are there.
    pub(super) fn is_too_slow(&mut self, has: u64) -> bool {
        if self.since.elapsed() < self.pace.within {
            return false;
        }
        let slow = has.saturating_sub(self.had) < self.pace.bytes;
        (self.since, self.had) = (Instant::now(), has);
        slow
    }
}
