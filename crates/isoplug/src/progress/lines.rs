//! Prints events as plain lines: for logs, pipes and CI.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoplug_engine::{Event, Reporter, Unit};

use super::amount;

/// Between two lines about one stage's progress.
const PAUSE: Duration = Duration::from_secs(10);

/// The face off a terminal.
pub(crate) struct Lines {
    verbose: bool,
    shown: Mutex<BTreeMap<String, Instant>>,
}

impl Lines {
    /// Makes the face; `verbose` prints what stages log, too.
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, shown: Mutex::default() }
    }

    /// Tells whether it is time for another line about this stage.
    fn due(&self, title: &str) -> bool {
        let now = Instant::now();
        let mut shown = self.shown.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let last = shown.entry(title.to_owned()).or_insert(now);
        let due = now.duration_since(*last) >= PAUSE;
        if due {
            *last = now;
        }
        due
    }

    fn line(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::Started { title, .. } => {
                self.due(title);
                format!("{title}: started")
            }
            Event::Progress { title, done, total, unit } if self.due(title) => {
                format!("{title}: {}", progress(*done, *total, *unit))
            }
            Event::Warning { title, message } => format!("warning: {title}: {message}"),
            Event::Log { title, line } if self.verbose => format!("{title}: {line}"),
            Event::Cached { title, .. } if self.verbose => format!("{title}: cached"),
            Event::Finished { title, wall_ms, bytes, .. } => {
                let seconds = *wall_ms as f64 / 1000.0;
                format!("{title}: done in {seconds:.1} s, {}", amount(*bytes, Unit::Bytes))
            }
            Event::Failed { title, .. } => format!("{title}: failed"),
            _ => return None,
        })
    }
}

impl Reporter for Lines {
    fn report(&self, event: &Event) {
        if let Some(line) = self.line(event) {
            // A closed pipe must not stop the build.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }
}

fn progress(done: u64, total: u64, unit: Unit) -> String {
    if total == 0 {
        return amount(done, unit);
    }
    let percent = done.saturating_mul(100) / total;
    format!("{percent} % of {}", amount(total, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_said_in_the_units_of_the_stage() {
        assert_eq!(progress(50, 200, Unit::Items), "25 % of 200");
        assert_eq!(progress(1_500_000, 0, Unit::Bytes), "1.5 MB");
    }
}
