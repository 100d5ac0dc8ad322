//! What happened in a run and when, kept for the page that `build --timings` writes.
//!
//! Listens to the engine's events beside whoever draws them; knows no stage.

mod chart;
mod critical;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use isoplug_engine::{Event, Plan, Reporter};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;

/// The runs of one command.
pub(crate) struct Timings {
    start: Instant,
    runs: Mutex<Vec<Run>>,
}

/// What happened while one image was built.
#[derive(Debug, Clone, Default)]
struct Run {
    /// The image.
    title: String,
    /// From the beginning of the command to the first event, in seconds.
    before: f64,
    /// From the first event to the end, in seconds.
    length: f64,
    /// The stages that ran, in the order in which they began.
    bars: Vec<Bar>,
    /// The stages that did not have to run.
    cached: Vec<String>,
}

/// A stage that ran. Times are seconds since the run's first event.
#[derive(Debug, Clone, Default)]
struct Bar {
    title: String,
    /// The stages that it took artifacts of.
    inputs: Vec<String>,
    start: f64,
    end: f64,
    cpu: Option<f64>,
    bytes: u64,
    failed: bool,
}

impl Timings {
    /// Begins.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), runs: Mutex::default() }
    }

    /// Returns a reporter that keeps what happens and passes it on; its end ends the run.
    pub(crate) fn listen<'a>(
        &'a self,
        title: String,
        plan: &Plan,
        next: &'a dyn Reporter,
    ) -> Listener<'a> {
        let inputs = plan.stages.iter().map(|row| (row.title.clone(), row.inputs.clone()));
        let before = self.start.elapsed().as_secs_f64();
        let run = Run { title, before, ..Run::default() };
        Listener {
            timings: self,
            next,
            start: Instant::now(),
            inputs: inputs.collect(),
            run: Mutex::new(run),
        }
    }

    /// Writes the page; people know its path as `shown`.
    pub(crate) fn write(&self, path: &Path, shown: &Path) -> Result<(), Failure> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| place::write(path, &page::page(&runs))).map_err(|error| {
            Failure::new(Exit::Failed, format!("cannot write {}", shown.display())).because(&error)
        })
    }
}

/// Keeps the events of one run.
pub(crate) struct Listener<'a> {
    timings: &'a Timings,
    next: &'a dyn Reporter,
    start: Instant,
    inputs: BTreeMap<String, Vec<String>>,
    run: Mutex<Run>,
}

impl Reporter for Listener<'_> {
    fn report(&self, event: &Event) {
        let now = self.start.elapsed().as_secs_f64();
        self.run.lock().unwrap_or_else(PoisonError::into_inner).note(event, now, &self.inputs);
        self.next.report(event);
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut run = std::mem::take(self.run.get_mut().unwrap_or_else(PoisonError::into_inner));
        run.length = self.start.elapsed().as_secs_f64();
        for bar in run.bars.iter_mut().filter(|bar| bar.end < bar.start) {
            bar.end = run.length;
        }
        self.timings.runs.lock().unwrap_or_else(PoisonError::into_inner).push(run);
    }
}

/// The end of a stage that has not ended.
const OPEN: f64 = -1.0;

impl Run {
    fn begin(&mut self, title: &str, inputs: Option<&Vec<String>>, now: f64) {
        let (title, inputs) = (title.to_owned(), inputs.cloned().unwrap_or_default());
        self.bars.push(Bar { title, inputs, start: now, end: OPEN, ..Bar::default() });
    }

    fn note(&mut self, event: &Event, now: f64, inputs: &BTreeMap<String, Vec<String>>) {
        match event {
            Event::Started { title, .. } => self.begin(title, inputs.get(title), now),
            Event::Cached { title, .. } => self.cached.push(title.clone()),
            Event::Finished { title, cpu_ms, bytes, .. } => {
                let Some(bar) = self.open(title) else { return };
                bar.end = now;
                bar.cpu = cpu_ms.map(|ms| Duration::from_millis(ms).as_secs_f64());
                bar.bytes = *bytes;
            }
            Event::Failed { title, .. } => {
                let Some(bar) = self.open(title) else { return };
                (bar.end, bar.failed) = (now, true);
            }
            Event::Planned { .. }
            | Event::Progress { .. }
            | Event::Log { .. }
            | Event::Doing { .. }
            | Event::Warning { .. }
            | Event::Told { .. } => {}
        }
    }

    fn open(&mut self, title: &str) -> Option<&mut Bar> {
        self.bars.iter_mut().rev().find(|bar| bar.title == title && bar.end < bar.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_engine::{NullReporter, PlanRow};

    fn key() -> isoplug_engine::StageKey {
        serde_json::from_str(&format!("\"{}\"", "ab".repeat(32))).unwrap()
    }

    #[test]
    fn events_become_bars() {
        let timings = Timings::new();
        let listener = timings.listen("x".to_owned(), &Plan { stages: vec![row()] }, &NullReporter);
        let (a, b) = ("a".to_owned(), "b".to_owned());
        listener.report(&Event::Cached { title: a, key: key() });
        listener.report(&Event::Started { title: b.clone(), key: key() });
        let (key, title, cpu_ms) = (key(), b.clone(), Some(7000));
        listener.report(&Event::Finished { title, key, wall_ms: 5, cpu_ms, bytes: 9 });
        listener.report(&Event::Started { title: b, key });
        drop(listener);
        let runs = timings.runs.lock().unwrap();
        let run = &runs[0];
        assert_eq!((run.cached.join(" "), run.bars.len()), ("a".to_owned(), 2));
        let bar = &run.bars[0];
        assert_eq!((&bar.inputs[..], bar.cpu, bar.bytes), (&["a".to_owned()][..], Some(7.0), 9));
        assert!(run.bars.iter().all(|bar| bar.start <= bar.end && bar.end <= run.length));
    }

    fn row() -> PlanRow {
        let (state, inputs) = (isoplug_engine::Expected::Missing, vec!["a".to_owned()]);
        PlanRow { title: "b".to_owned(), key: None, state, inputs }
    }
}
