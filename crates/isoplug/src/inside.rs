//! Runs programs of an image in a copy of its root filesystem, of which nothing is kept.

use std::collections::BTreeMap;

use isoplug_engine::{Artifact, Outputs, Tree};
use isoplug_sandbox::{Command, Job, Watch};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::Planned;
use crate::session::Session;

/// Returns the job of running commands in a tree of a build.
pub(crate) fn job(
    planned: &Planned,
    outputs: &Outputs,
    tree: Artifact<Tree>,
    run: Vec<Command>,
) -> Result<Job, Failure> {
    let Planned { image, store, .. } = planned;
    let lost = || Failure::new(Exit::Internal, "the root filesystem is lost");
    let refers = &outputs.output(tree).ok_or_else(lost)?.refers;
    let packs = refers.iter().map(|pack| (pack.hex(), store.blob_path(pack)));
    let unusable = |error| Failure::new(Exit::Failed, "the store cannot be used").because(&error);
    Ok(Job {
        folder: store.scratch().map_err(unusable)?,
        parent: Some(outputs.path(tree).ok_or_else(lost)?),
        packs: packs.collect::<BTreeMap<_, _>>(),
        arch: image.arch.clone(),
        epoch: image.epoch.into(),
        threads: 1,
        run,
        ..Job::default()
    })
}

/// Prints what programs write.
pub(crate) struct Printed<'a>(pub(crate) &'a Session);

impl Watch for Printed<'_> {
    fn line(&self, line: &str) {
        self.0.out(line);
    }

    fn is_cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }
}
