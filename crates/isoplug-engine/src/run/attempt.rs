//! Runs one stage under the lock of its key and writes its record.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::schedule::Job;
use super::worker::Workers;
use crate::context::Work;
use crate::graph::Node;
use crate::{ArtifactId, Context, Error, Event, Output, Record, why};

/// What became of a job that did not fail.
pub(super) enum Made {
    /// It ran.
    Here(Record),
    /// Another process had made it when the lock was free.
    Elsewhere(Record),
}

/// Why a stage failed, with its type erased.
pub(super) type Failure = Box<dyn StdError + Send + Sync>;

impl Workers<'_> {
    pub(super) fn attempt(&self, job: &Job) -> Result<Made, Failure> {
        let node = self.graph.node(job.index);
        let wait = || self.log(job.index, "waits for another build, which runs this stage");
        let _guard = self.store.hold_key(&job.key, || self.cancel.is_set(), wait)?;
        if let Some(record) = self.made_elsewhere(job, node) {
            return Ok(Made::Elsewhere(record));
        }
        self.options
            .reporter
            .report(&Event::Started { title: self.titles[job.index].clone(), key: job.key });
        let context = self.context(job, node);
        // The log of an earlier run would mislead.
        let _ = fs::remove_file(&context.log_path);
        let record = self.run_stage(job, node, &context);
        if let Err(failure) = &record {
            self.keep_for_people(job, &context, failure.as_ref());
        }
        if let Err(error) = context.remove_scratch() {
            self.log(job.index, &format!("its scratch folder stays: {}", chain(&error)));
        }
        Ok(Made::Here(record?))
    }

    fn made_elsewhere(&self, job: &Job, node: &Node) -> Option<Record> {
        let record = self.store.record(&job.key)?;
        let whole = |name: &&'static str| {
            record
                .outputs
                .get(*name)
                .is_some_and(|output| output.blobs().all(|digest| self.store.has(digest)))
        };
        node.outputs.iter().all(whole).then_some(record)
    }

    fn context<'a>(&'a self, job: &Job, node: &'a Node) -> Context<'a> {
        let artifact =
            |name: &&'static str| ArtifactId { graph: self.graph.id(), node: job.index, name };
        Context {
            store: self.store,
            title: &self.titles[job.index],
            inputs: job.inputs.clone(),
            slots: node.outputs.iter().map(artifact).collect(),
            reporter: self.options.reporter,
            cancel: &self.cancel,
            threads: self.options.threads,
            log_path: self.store.log_path(&job.key),
            work: Work::default(),
            reading: self.meter.begin(),
        }
    }

    fn run_stage(&self, job: &Job, node: &Node, context: &Context) -> Result<Record, Failure> {
        let result = run_caught(node, context);
        let (wall_ms, cpu_ms) = context.reading.end();
        result?;
        let outputs = context.finished()?;
        let record = Record {
            key: job.key,
            stage: node.name.to_owned(),
            version: node.version,
            title: node.title.clone(),
            walk: why::rows(self.graph, job.index, &self.store.salt(), |id| {
                job.inputs.get(&id).map(|input| input.digest)
            }),
            bytes: self.bytes(&outputs)?,
            outputs,
            told: context.told(),
            wall_ms,
            cpu_ms,
        };
        self.store.put_record(&record)?;
        Ok(record)
    }

    fn bytes(&self, outputs: &BTreeMap<String, Output>) -> Result<u64, Error> {
        let blobs: std::collections::BTreeSet<_> =
            outputs.values().flat_map(Output::blobs).collect();
        blobs.into_iter().map(|digest| self.store.blob_size(digest)).sum()
    }

    /// Writes the failure to the log, and keeps the scratch folder if that is wanted.
    fn keep_for_people(&self, job: &Job, context: &Context, failure: &(dyn StdError + 'static)) {
        context.write_log(&format!("failed: {}", chain(failure)));
        let folder = self.store.failed_path(&job.key);
        if self.options.keep_failed && !self.cancel.is_set() {
            match context.keep_scratch(&folder) {
                Ok(true) => {
                    context.log(&format!("its scratch folder is kept as {}", folder.display()))
                }
                Ok(false) => {}
                Err(error) => {
                    context.log(&format!("its scratch folder is lost: {}", chain(&error)))
                }
            }
        }
    }
}

/// An error and its causes on one line.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // A transparent error says what its cause says.
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// Runs a stage; one that panics has failed.
fn run_caught(node: &Node, context: &Context) -> Result<(), Failure> {
    let result = catch_unwind(AssertUnwindSafe(|| node.run(context)));
    result.unwrap_or_else(|panic| {
        Err(Error::Panicked { message: panic_message(panic.as_ref()) }.into())
    })
}
