//! Makes the wanted artifacts: runs the stages whose outputs are not in the store, several at a time.
//!
//! `schedule` decides what must run and when, `worker` runs it. Knows what a stage is called, not what it does.

mod attempt;
pub(crate) mod cpu;
pub(crate) mod schedule;
mod state;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::{
    Artifact, ArtifactId, Digest, Error, Event, Graph, Guard, NullReporter, Output, PlannedStage,
    Reporter, StageKey, Store,
};
use schedule::Schedule;
use worker::Workers;

/// How to run.
#[derive(Clone)]
pub struct Options<'a> {
    /// How many threads one stage may keep busy.
    pub threads: usize,
    /// How many stages may run at the same time.
    pub jobs: usize,
    /// Whether to keep the scratch folder of a failed stage, see [`Store::failed_path`].
    pub keep_failed: bool,
    /// Who is told.
    pub reporter: &'a dyn Reporter,
    /// Stops the run.
    pub cancel: CancelToken,
}

impl Default for Options<'_> {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, Into::into);
        Self {
            threads,
            jobs: 2,
            keep_failed: false,
            reporter: &NullReporter,
            cancel: CancelToken::default(),
        }
    }
}

/// Asks a run to stop; clones are one token. A caller's Ctrl-C handler holds one.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Makes one that asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop: no stage starts any more, and running ones are told.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a run stops early: it was asked to, or a stage failed.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    asked: CancelToken,
    failed: AtomicBool,
}

impl Cancel {
    pub(crate) fn is_set(&self) -> bool {
        self.asked.is_cancelled() || self.failed.load(Ordering::Relaxed)
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its outputs were there, or known and not needed.
    Cached,
    /// It ran.
    Built,
}

/// What became of one stage.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StageReport {
    /// Which.
    pub title: String,
    /// Its key.
    pub key: StageKey,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds; 0 when it did not run.
    pub wall_ms: u64,
    /// CPU time, in milliseconds; see [`Event::Finished`].
    pub cpu_ms: Option<u64>,
}

/// The wanted artifacts. They stay in the store at least as long as this lives.
#[derive(Debug)]
pub struct Outputs {
    store: Store,
    outputs: BTreeMap<ArtifactId, Output>,
    reports: Vec<StageReport>,
    _guard: Arc<Guard>,
}

impl Outputs {
    /// The digest of a wanted artifact; none if it was not among the targets.
    pub fn digest<T>(&self, artifact: Artifact<T>) -> Option<Digest> {
        self.outputs.get(&artifact.id()).map(|output| output.digest)
    }

    /// The immutable file of a wanted artifact; none if it was not among the targets.
    pub fn path<T>(&self, artifact: Artifact<T>) -> Option<PathBuf> {
        self.digest(artifact).map(|digest| self.store.blob_path(&digest))
    }

    /// The wanted artifact with the blobs it refers to; none if it was not among the targets.
    pub fn output(&self, artifact: impl Into<ArtifactId>) -> Option<&Output> {
        self.outputs.get(&artifact.into())
    }

    /// What became of each stage the targets need, in build order.
    pub fn reports(&self) -> &[StageReport] {
        &self.reports
    }
}

/// Makes the targets and returns where they are; the first failure ends it.
///
/// # Errors
///
/// When a target is not of this graph, a stage fails or panics, the store cannot be used, or the build is to stop.
pub fn run(
    graph: &Graph,
    targets: &[ArtifactId],
    store: &Store,
    options: &Options,
) -> Result<Outputs, Error> {
    let mut made = None;
    let goals = [targets.to_vec()];
    let failed = run_each(graph, &goals, store, options, &mut |_, outputs| made = Some(outputs))?;
    match (failed.into_iter().next(), made) {
        (Some(Failed { error, .. }), _) => Err(error),
        (None, Some(outputs)) => Ok(outputs),
        (None, None) => Err(Error::Cancelled),
    }
}

/// A stage that failed, and the goals that are not reached because of it.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// Which goals, by their place among those that were asked for. One that two stages fail counts for the first.
    pub goals: Vec<usize>,
}

/// Makes the targets of several goals in one run. `done` is called with each goal when it is reached, on this thread,
/// while others go on. A stage that fails ends the goals that need it and no other; what only they need starts no more.
/// Returns the stages that failed, in their order; a goal that is neither done nor among theirs was stopped on request.
///
/// # Errors
///
/// When a target is not of this graph, or the store cannot be used.
pub fn run_each(
    graph: &Graph,
    goals: &[Vec<ArtifactId>],
    store: &Store,
    options: &Options,
    done: &mut dyn FnMut(usize, Outputs),
) -> Result<Vec<Failed>, Error> {
    graph.check_targets(&goals.concat())?;
    let guard = Arc::new(store.share()?);
    let mut schedule = Schedule::new(graph, store, goals);
    let cached = schedule.settle();
    options.reporter.report(&Event::Planned { stages: planned(graph, &schedule) });
    let workers = Workers::new(graph, store, options, schedule);
    workers.report_cached(&cached);
    Ok(workers.work(&mut |goal, outputs, reports| {
        let (store, guard) = (store.clone(), Arc::clone(&guard));
        done(goal, Outputs { store, outputs, reports, _guard: guard });
    }))
}

fn planned(graph: &Graph, schedule: &Schedule) -> Vec<PlannedStage> {
    let titles = graph.titles();
    let stage = |index: usize| PlannedStage {
        title: titles[index].clone(),
        cached: schedule.expected(index).cached(),
        of: graph.parts_of(index).into_iter().map(str::to_owned).collect(),
    };
    schedule.needed().map(stage).collect()
}
