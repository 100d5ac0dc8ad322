//! Gives sandboxes the trees of the store, and the store what sandboxes make.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use isoplug_engine::{Artifact, Context, Digest, NewBlob, Tree as TreeArtifact, Unit};

use super::{Error, Job, Keep, Watch, run};

/// Why a job on the store's trees failed.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// The sandbox, or what ran in it; not transparent, so that it can be found among the causes.
    #[error("{0}")]
    Sandbox(#[from] Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

/// Begins a job with a tree of the store, or with none, in a folder of its own. `arch` and `epoch`
/// are those of [`Job`].
///
/// # Errors
///
/// When the parent is no input, or there is no place for the work folder.
pub fn begin(
    parent: Option<Artifact<TreeArtifact>>,
    arch: &str,
    epoch: u32,
    cx: &Context,
) -> Result<Job, StoredError> {
    let mut packs = BTreeMap::new();
    if let Some(parent) = parent {
        for digest in cx.refers(parent)? {
            packs.insert(digest.hex(), cx.referred(&digest)?);
        }
    }
    let parent = parent.map(|parent| cx.path(parent)).transpose()?;
    let (folder, threads, arch) = (cx.scratch()?, cx.threads(), arch.to_owned());
    Ok(Job { folder, parent, packs, arch, epoch: epoch.into(), threads, ..Job::default() })
}

/// Lets a job's tree have contents of another tree of the store, too.
///
/// # Errors
///
/// When the tree is no input.
pub fn add_contents(
    job: &mut Job,
    tree: Artifact<TreeArtifact>,
    cx: &Context,
) -> Result<(), StoredError> {
    for digest in cx.refers(tree)? {
        job.packs.insert(digest.hex(), cx.referred(&digest)?);
    }
    Ok(())
}

/// Does a job and makes the tree that it ends with an output.
///
/// # Errors
///
/// When the sandbox cannot run, a program fails, or what is left cannot be stored.
pub fn keep(
    mut job: Job,
    out: Artifact<TreeArtifact>,
    parent: Option<Artifact<TreeArtifact>>,
    lines: &Lines,
) -> Result<(), StoredError> {
    let cx = lines.cx;
    let (tree, pack) = (cx.create()?, cx.create()?);
    job.keep = Some(Keep { tree: tree.path().to_owned(), pack: pack.path().to_owned() });
    let kept = run(&job, lines)?;
    let known = parent.map(|parent| cx.refers(parent)).transpose()?.unwrap_or_default();
    let new = kept.pack.map(|id| put_pack(pack, &id, cx)).transpose()?;
    let refers = used(tree.path(), known.into_iter().chain(new))?;
    let digest = cx.put(tree, None)?;
    Ok(cx.finish(out, digest, &refers)?)
}

fn put_pack(pack: NewBlob, id: &str, cx: &Context) -> Result<Digest, StoredError> {
    // The sandbox made the id while it wrote the pack.
    let known = Digest::from_hex(id).ok();
    Ok(cx.put(pack, known)?)
}

/// Leaves out the packs of which no file is left.
fn used(tree: &Path, packs: impl Iterator<Item = Digest>) -> Result<Vec<Digest>, StoredError> {
    let bytes = std::fs::read(tree).map_err(Error::io("read", tree))?;
    let damaged = |error| Error::io("read", tree)(std::io::Error::other(error));
    let tree = isoplug_formats::tree::Tree::from_bytes(&bytes).map_err(damaged)?;
    let used = tree.packs();
    Ok(packs.filter(|pack| used.contains(pack.as_bytes())).collect())
}

/// Writes what programs say to the stage's log, and counts the lines that tell of progress.
pub struct Lines<'a, 'b> {
    cx: &'a Context<'b>,
    counted: &'static [&'static str],
    total: u64,
    done: AtomicU64,
    heard_by: Option<&'a dyn Fn(&str)>,
}

impl<'a, 'b> Lines<'a, 'b> {
    /// Counts lines that begin with one of `counted`, up to `total`.
    pub fn new(cx: &'a Context<'b>, counted: &'static [&'static str], total: usize) -> Self {
        Self { cx, counted, total: total as u64, done: AtomicU64::new(0), heard_by: None }
    }

    /// Tells each line to somebody else, too.
    pub fn heard_by(self, heard_by: &'a dyn Fn(&str)) -> Self {
        Self { heard_by: Some(heard_by), ..self }
    }
}

impl Watch for Lines<'_, '_> {
    fn line(&self, line: &str) {
        self.cx.log(line);
        if let Some(hear) = self.heard_by {
            hear(line);
        }
        if self.counted.iter().any(|counted| line.starts_with(counted)) {
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            self.cx.progress(done.min(self.total), self.total, Unit::Items);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cx.cancelled()
    }

    fn waits(&self) {
        self.cx.waits();
    }

    fn spent(&self, cpu: std::time::Duration) {
        self.cx.spent(cpu);
    }
}
