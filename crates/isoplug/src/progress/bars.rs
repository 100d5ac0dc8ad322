//! Draws one bar for each running stage, and a line for each finished one.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use isoplug_engine::{Event, Reporter, Unit};
use isoplug_manifest::plain::shown;

use super::{amount, ended};

/// The face on a terminal.
pub(crate) struct Bars {
    screen: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    /// Makes the face.
    pub(crate) fn new() -> Self {
        Self { screen: MultiProgress::new(), running: Mutex::default() }
    }

    fn start(&self, title: &str) {
        let bar = self.screen.add(ProgressBar::new_spinner());
        bar.set_style(style("{spinner} {prefix:<18} {elapsed:>4} {wide_msg:.dim}"));
        bar.set_prefix(title.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.lock().insert(title.to_owned(), bar);
    }

    fn advance(&self, title: &str, done: u64, total: u64, unit: Unit) {
        let running = self.lock();
        let Some(bar) = running.get(title) else { return };
        if total == 0 {
            bar.set_message(amount(done, unit));
            return;
        }
        if bar.length() != Some(total) {
            bar.set_length(total);
            bar.set_style(style(match unit {
                Unit::Bytes => {
                    "{spinner} {prefix:<18} {elapsed:>4} [{bar:12}] {decimal_bytes}/{decimal_total_bytes} \
                     {decimal_bytes_per_sec} {eta} left"
                }
                Unit::Items => "{spinner} {prefix:<18} {elapsed:>4} [{bar:12}] {pos}/{len} {eta} left",
            }));
        }
        bar.set_position(done);
    }

    fn doing(&self, title: &str, line: &str) {
        if let Some(bar) = self.lock().get(title) {
            bar.set_message(shown(line).into_owned());
        }
    }

    fn end(&self, title: &str, line: &str) {
        if let Some(bar) = self.lock().remove(title) {
            bar.finish_and_clear();
        }
        self.say(line);
    }

    fn say(&self, line: &str) {
        // A terminal that went away must not stop the build.
        let _ = self.screen.println(line);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Reporter for Bars {
    fn report(&self, event: &Event) {
        match event {
            Event::Started { title, .. } => self.start(title),
            Event::Progress { title, done, total, unit } => {
                self.advance(title, *done, *total, *unit);
            }
            Event::Log { title, line } | Event::Doing { title, what: line } => {
                self.doing(title, line);
            }
            Event::Warning { title, message } => self.say(&format!("warning: {title}: {message}")),
            Event::Told { title, line } => self.say(&format!("note: {title}: {line}")),
            Event::Finished { title, wall_ms, bytes, .. } => {
                let (seconds, size) = (*wall_ms as f64 / 1000.0, amount(*bytes, Unit::Bytes));
                self.end(title, &format!("  {title:<20} {seconds:>6.1} s  {size}"));
            }
            Event::Failed { title, message } => {
                self.end(title, &format!("  {title:<20} {}", ended(message)));
            }
            Event::Planned { .. } | Event::Cached { .. } => {}
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants of this file; a wrong one shows in the first run of any test.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
