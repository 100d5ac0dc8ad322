//! Runs any graph of cached stages: stage, graph, key, digest, store, run, events.
//!
//! Knows no image words. A [`Stage`] names its inputs once, in [`Stage::key`]; that walk makes the edges of
//! the [`Graph`], the [`StageKey`] that finds its outputs in the [`Store`], and what [`explain`] prints.
//! [`run`] makes what is wanted and not there yet; [`plan`] says beforehand what that would be.

mod context;
mod differ;
mod digest;
mod error;
mod event;
mod graph;
mod key;
mod plan;
mod run;
#[doc(hidden)]
pub mod seam;
mod stage;
mod store;
mod why;

pub use context::Context;
pub use differ::{OtherStage, Place, differ};
pub use digest::{Digest, Hasher, ParseDigestError};
pub use error::{Error, NotWritable};
pub use event::{Event, NullReporter, PlannedStage, Reporter, Unit};
pub use graph::Graph;
pub use key::{Key, StageKey, Step, Walk};
pub use plan::{Expected, Plan, PlanRow, plan, plan_targets};
pub use run::cpu::cpu_time;
pub use run::{CancelToken, Failed, Options, Outcome, Outputs, StageReport, run, run_each};
pub use stage::{Artifact, ArtifactId, Blob, Slots, Stage, Tree};
pub use store::{
    Cleaner, Damaged, Freed, Guard, Keep, NewBlob, Output, Record, Row, RowValue, Size, Store,
    StoreOptions, Usage, hold_folder, mark_used,
};
pub use why::{Change, explain, why};
