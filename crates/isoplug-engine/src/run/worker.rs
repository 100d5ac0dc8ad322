//! The threads of a run: each takes a ready stage, runs it and notes what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::attempt::{Failure, Made, chain};
use super::cpu::Meter;
use super::schedule::{Job, Schedule};
use super::state::State;
use super::{Cancel, Failed, Options, Outcome, StageReport};
use crate::context::guard;
use crate::{ArtifactId, Error, Event, Graph, Output, Record, StageKey, Store};

/// How often idle workers look for a request to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the threads of a run share.
pub(super) struct Workers<'a> {
    pub(super) graph: &'a Graph,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options<'a>,
    pub(super) cancel: Cancel,
    pub(super) meter: Meter,
    /// What the stages are called in this run.
    pub(super) titles: Vec<String>,
    board: Mutex<Board<'a>>,
    changed: Condvar,
    broken: AtomicBool,
}

struct Board<'a> {
    schedule: Schedule<'a>,
    reports: BTreeMap<usize, StageReport>,
    /// The stages that failed, in their order.
    errors: Vec<(usize, Error)>,
}

/// Takes what a goal is, and what became of the stages that it needs.
pub(super) type Done<'f> = dyn FnMut(usize, BTreeMap<ArtifactId, Output>, Vec<StageReport>) + 'f;

impl<'a> Workers<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        store: &'a Store,
        options: &'a Options<'a>,
        schedule: Schedule<'a>,
    ) -> Self {
        let cancel = Cancel { asked: options.cancel.clone(), ..Cancel::default() };
        let board = Board { schedule, reports: BTreeMap::new(), errors: Vec::new() };
        let board = Mutex::new(board);
        let (changed, broken, meter) = (Condvar::new(), AtomicBool::new(false), Meter::default());
        let titles = graph.titles();
        Self { graph, store, options, cancel, meter, titles, board, changed, broken }
    }

    /// Says which stages are cached.
    pub(super) fn report_cached(&self, cached: &[(usize, StageKey)]) {
        cached
            .iter()
            .for_each(|(index, key)| self.note_cached(&mut guard(&self.board), *index, *key));
    }

    /// Runs what must run, and hands out each goal that is reached. Returns the stages that failed.
    pub(super) fn work(self, done: &mut Done<'_>) -> Vec<Failed> {
        thread::scope(|scope| {
            for _ in 0..self.options.jobs.max(1) {
                scope.spawn(|| self.work_alone());
            }
            self.hand_out(done);
        });
        let board = self.board.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut lost = BTreeSet::new();
        let failed = board.errors.into_iter().map(|(index, error)| {
            let goals = board.schedule.lost_with(index).into_iter();
            Failed { error, goals: goals.filter(|goal| lost.insert(*goal)).collect() }
        });
        failed.collect()
    }

    /// Waits for goals and hands them out, until the run is over.
    fn hand_out(&self, done: &mut Done<'_>) {
        let mut board = guard(&self.board);
        loop {
            for goal in board.schedule.reached() {
                let outputs = board.schedule.outputs(goal).collect();
                let stages = board.schedule.needed_for(goal);
                let reports = stages.filter_map(|index| board.reports.get(&index).cloned());
                let reports = reports.collect();
                drop(board);
                done(goal, outputs, reports);
                board = guard(&self.board);
            }
            if board.schedule.is_over() || self.broken.load(Ordering::Relaxed) {
                return;
            }
            board = self.wait(board);
        }
    }

    fn wait<'b>(&self, board: MutexGuard<'b, Board<'a>>) -> MutexGuard<'b, Board<'a>> {
        let woken = self.changed.wait_timeout(board, PATIENCE);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    fn work_alone(&self) {
        let _alarm = Alarm(&self.broken);
        while let Some(job) = self.take() {
            let made = self.attempt(&job);
            let mut board = guard(&self.board);
            match made {
                Ok(made) => self.note_made(&mut board, &job, made),
                Err(failure) => self.note_failure(&mut board, &job, failure),
            }
            for (index, key) in board.schedule.settle() {
                self.note_cached(&mut board, index, key);
            }
            if !board.errors.is_empty() && !board.schedule.has_hope() {
                self.cancel.failed.store(true, Ordering::Relaxed);
            }
            self.changed.notify_all();
        }
    }

    /// Waits for a stage that is ready; none when the run is over.
    fn take(&self) -> Option<Job> {
        let mut board = guard(&self.board);
        loop {
            if self.cancel.is_set() {
                board.schedule.halt();
            }
            if let Some(job) = board.schedule.start_next() {
                return Some(job);
            }
            if board.schedule.is_over() || self.broken.load(Ordering::Relaxed) {
                return None;
            }
            board = self.wait(board);
        }
    }

    fn note_made(&self, board: &mut Board, job: &Job, made: Made) {
        let (record, state) = match made {
            Made::Here(record) => (record, State::Built),
            Made::Elsewhere(record) => (record, State::Cached),
        };
        let Record { key, wall_ms, cpu_ms, bytes, outputs, .. } = record;
        let title = self.titles[job.index].clone();
        if board.schedule.finish(job, outputs, state) {
            let line = "not reproducible: an earlier run with the same key made something else";
            self.log(job.index, line);
        }
        if state == State::Cached {
            return self.note_cached(board, job.index, key);
        }
        let finished = Event::Finished { title: title.clone(), key, wall_ms, cpu_ms, bytes };
        self.options.reporter.report(&finished);
        let report = StageReport { title, key, outcome: Outcome::Built, wall_ms, cpu_ms };
        board.reports.insert(job.index, report);
    }

    fn note_cached(&self, board: &mut Board, index: usize, key: StageKey) {
        let title = self.titles[index].clone();
        self.store.touch_record(&key);
        for line in self.store.record(&key).map(|record| record.told).unwrap_or_default() {
            self.options.reporter.report(&Event::Told { title: title.clone(), line });
        }
        self.options.reporter.report(&Event::Cached { title: title.clone(), key });
        let report = StageReport { title, key, outcome: Outcome::Cached, wall_ms: 0, cpu_ms: None };
        board.reports.insert(index, report);
    }

    fn note_failure(&self, board: &mut Board, job: &Job, failure: Failure) {
        if self.cancel.is_set() {
            return board.schedule.skip(job);
        }
        let message = chain(failure.as_ref());
        if !board.schedule.fail(job) {
            return self.log(job.index, &format!("runs again, since an input vanished: {message}"));
        }
        let title = self.titles[job.index].clone();
        self.options.reporter.report(&Event::Failed { title, message });
        let (title, log) =
            (self.graph.node(job.index).title.clone(), self.store.log_path(&job.key));
        let error = Error::Stage { title, key: job.key, log, source: failure };
        board.errors.push((job.index, error));
    }

    /// Says something about a stage.
    pub(super) fn log(&self, index: usize, line: &str) {
        let title = self.titles[index].clone();
        self.options.reporter.report(&Event::Log { title, line: line.to_owned() });
    }
}

/// Ends the run when a worker panics, say in a reporter; else the others would wait for its stage for ever.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
