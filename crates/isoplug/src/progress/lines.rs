//! Prints events as plain lines: for logs, pipes and CI.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoplug_engine::{Event, Reporter, Unit};
use isoplug_manifest::plain::shown;

use super::{amount, ended};

/// Between two lines about one stage's progress.
const PAUSE: Duration = Duration::from_secs(10);

/// The face off a terminal.
pub(crate) struct Lines {
    verbose: bool,
    shown: Mutex<BTreeMap<String, Instant>>,
    begun: Mutex<BTreeMap<String, Instant>>,
}

impl Lines {
    /// Makes the face; `verbose` prints what stages log, too.
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, shown: Mutex::default(), begun: Mutex::default() }
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

    /// Returns how many seconds ago the stage began, which begins now if it is new.
    fn seconds(&self, title: &str) -> u64 {
        let mut begun = self.begun.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        begun.entry(title.to_owned()).or_insert_with(Instant::now).elapsed().as_secs()
    }

    fn begin(&self, title: &str) -> String {
        self.due(title);
        self.seconds(title);
        format!("{title}: started")
    }

    fn line(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::Started { title, .. } => self.begin(title),
            Event::Progress { title, done, total, unit } if self.due(title) => {
                format!("{title}: {}", progress(*done, *total, *unit))
            }
            Event::Doing { title, what } if self.due(title) => {
                cut(format!("{title}: {} s, {what}", self.seconds(title)))
            }
            Event::Warning { title, message } => format!("warning: {title}: {message}"),
            Event::Log { title, line } if self.verbose => format!("{title}: {line}"),
            Event::Told { title, line } => format!("note: {title}: {line}"),
            Event::Cached { title, .. } if self.verbose => format!("{title}: cached"),
            Event::Finished { title, wall_ms, bytes, .. } => {
                let seconds = *wall_ms as f64 / 1000.0;
                format!("{title}: done in {seconds:.1} s, {}", amount(*bytes, Unit::Bytes))
            }
            Event::Failed { title, message } => format!("{title}: {}", ended(message)),
            _ => return None,
        })
    }
}

impl Reporter for Lines {
    fn report(&self, event: &Event) {
        if let Some(line) = self.line(event) {
            // A closed pipe must not stop the build.
            let _ = writeln!(std::io::stderr().lock(), "{}", shown(&line));
        }
    }
}

/// What a stage does is worth one line of a terminal.
fn cut(line: String) -> String {
    const WIDTH: usize = 80;
    match line.char_indices().nth(WIDTH) {
        None => line,
        Some(_) => line.chars().take(WIDTH - 1).chain(['…']).collect(),
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

    #[test]
    fn what_a_stage_does_fits_a_terminal() {
        assert_eq!(cut("test uefi-cd: 12 s".to_owned()), "test uefi-cd: 12 s");
        let long = cut("ü".repeat(200));
        assert_eq!((long.chars().count(), long.ends_with("ü…")), (80, true));
        assert_eq!(cut("x".repeat(80)), "x".repeat(80));
    }
}
