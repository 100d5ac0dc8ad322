//! Runs programs of the layer in small trees, each in a sandbox of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use isoplug_engine::{Artifact, Context, Digest, NewBlob, Tree as TreeArtifact};
use isoplug_formats::tree::pack::{Contents, Packs};
use isoplug_formats::tree::{Kind, Tree, TreePath, join};

use crate::initrd::{Error, Programs};
use isoplug_sandbox::stored::{self, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command, Job, Keep};

/// The programs of a layer.
pub(super) struct LayersPrograms<'a, 'b> {
    pub(super) layer: Artifact<TreeArtifact>,
    /// What is laid over the layer.
    pub(super) inputs: Artifact<TreeArtifact>,
    pub(super) arch: &'a str,
    pub(super) epoch: u32,
    pub(super) cx: &'a Context<'b>,
}

impl Programs for LayersPrograms<'_, '_> {
    fn run(
        &self,
        tree: &Tree,
        arguments: &[&str],
        folder: &str,
    ) -> Result<BTreeMap<TreePath, Vec<u8>>, Error> {
        let small = self.small(tree)?;
        let (kept, pack) = (self.create()?, self.create()?);
        let keep = Keep { tree: kept.path().to_owned(), pack: pack.path().to_owned() };
        let job = self.job(&small, arguments, keep)?;
        match sandbox::run(&job, &Lines::new(self.cx, &[], 0)) {
            Ok(_) => self.below(folder, kept.path(), pack.path()),
            Err(sandbox::Error::Command { command, status, .. }) => {
                let reason = format!("it failed ({status})");
                Err(Error::Unknown { path: command, reason })
            }
            Err(error) => Err(StoredError::Sandbox(error).into()),
        }
    }
}

impl LayersPrograms<'_, '_> {
    /// Writes the tree with the times that its files have in an initrd.
    fn small(&self, tree: &Tree) -> Result<NewBlob, Error> {
        let mut tree = tree.clone();
        tree.entries.values_mut().for_each(|entry| entry.mtime = self.epoch);
        let small = self.create()?;
        small.file().write_all(&tree.to_bytes())?;
        Ok(small)
    }

    fn create(&self) -> Result<NewBlob, Error> {
        Ok(self.cx.create().map_err(StoredError::from)?)
    }

    fn job(&self, small: &NewBlob, arguments: &[&str], keep: Keep) -> Result<Job, Error> {
        let mut job = stored::begin(Some(self.layer), self.arch, self.epoch, self.cx)?;
        stored::add_contents(&mut job, self.inputs, self.cx)?;
        job.parent = Some(small.path().to_owned());
        job.run.push(Command::new(arguments.iter().copied()));
        job.keep = Some(keep);
        Ok(job)
    }

    /// Reads the files below a folder.
    fn below(
        &self,
        folder: &str,
        kept: &Path,
        pack: &Path,
    ) -> Result<BTreeMap<TreePath, Vec<u8>>, Error> {
        let tree = Tree::from_bytes(&fs::read(kept)?).map_err(io::Error::other)?;
        let packs = Packs::open(&tree, |id| match self.cx.referred(&Digest::from_bytes(*id)) {
            Ok(path) => File::open(path),
            Err(_) => File::open(pack),
        })?;
        let below = join(folder.as_bytes(), b"");
        let files = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
            Kind::File(content) if path.starts_with(&below) => Some((path, content)),
            _ => None,
        });
        files.map(|(path, content)| Ok((path.clone(), packs.read(content)?))).collect()
    }
}
