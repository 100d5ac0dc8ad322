//! Makes one part of several systems: what some have alike, or what one has alone ([`crate::share`]).
//!
//! Only lists are read and written; the contents stay in the packs that they are in. Knows no medium.

use std::collections::BTreeSet;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree;

use super::squashfs::{self, exclude};
use crate::share::{Members, Shared, share};
use crate::stored;

/// A system of a medium.
#[derive(Clone)]
pub struct Sharing {
    /// Its name.
    pub name: String,
    /// Its whole tree.
    pub rootfs: Artifact<Tree>,
    /// Glob patterns of paths to leave out of it.
    pub exclude: Vec<String>,
}

/// Inputs of a part.
pub struct Share {
    /// The systems; the first is the live one.
    pub systems: Vec<Sharing>,
    /// Whose part it is: of one system what is its own, of several what these have alike.
    pub members: Members,
    /// What the part is called.
    pub name: String,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The part. If it is none, it has the root folder alone.
    pub tree: Artifact<Tree>,
}

impl Stage for Share {
    const NAME: &'static str = "share";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("share {}", self.name)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("tree") }
    }

    fn key(&self, key: &mut dyn Key) {
        // What it is called decides no byte.
        let Self { systems, members, name: _ } = self;
        show(systems, key);
        key.value("members", members);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let Shared { mut sets, mut own } = parted(&self.systems, cx)?;
        let part = match self.members[..] {
            [alone] => own.swap_remove(alone),
            _ => sets.remove(&self.members).unwrap_or_else(empty),
        };
        let mut packs = BTreeSet::new();
        for &member in &self.members {
            packs.extend(stored::refers(self.systems[member].rootfs, cx)?);
        }
        Ok(stored::write_tree(out.tree, &part, packs, cx)?)
    }
}

/// Inputs of the list of parts.
pub struct Sets {
    /// The systems; the first is the live one.
    pub systems: Vec<Sharing>,
}

/// Outputs of it.
#[derive(Clone, Copy)]
pub struct SetsOutputs {
    /// Which systems have something alike ([`read`]).
    pub sets: Artifact<Blob>,
}

impl Stage for Sets {
    const NAME: &'static str = "share-sets";
    const VERSION: u32 = 1;

    type Outputs = SetsOutputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> SetsOutputs {
        SetsOutputs { sets: slots.slot("sets") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { systems } = self;
        show(systems, key);
    }

    fn run(&self, out: &SetsOutputs, cx: &Context) -> Result<(), Error> {
        let sets = parted(&self.systems, cx)?.sets;
        let sets: Vec<&Members> = sets.keys().collect();
        Ok(stored::write_json(out.sets, &sets, &[], cx)?)
    }
}

/// Reads which systems have something alike.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(sets: Artifact<Blob>, cx: &Context) -> Result<Vec<Members>, stored::Error> {
    let text = stored::text(sets, cx)?;
    serde_json::from_str(&text).map_err(|error| stored::Error::read("the sets")(error.into()))
}

/// Why systems could not be parted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A pattern of paths to leave out is none.
    #[error(transparent)]
    Exclude(#[from] squashfs::Error),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

/// Bytes of files that are worth a squashfs of their own; fewer cost less where they are twice.
const LEAST: u64 = 8 << 20;

fn show(systems: &[Sharing], key: &mut dyn Key) {
    for Sharing { name, rootfs, exclude } in systems {
        key.artifact(name, *rootfs);
        key.value("exclude", exclude);
    }
    key.value("least", &LEAST);
}

fn parted(systems: &[Sharing], cx: &Context) -> Result<Shared, Error> {
    let trees = systems.iter().map(|system| {
        let mut tree = stored::tree(system.rootfs, cx)?;
        for line in exclude(&mut tree, &system.exclude)? {
            cx.tell(&line);
        }
        Ok(tree)
    });
    Ok(share(&trees.collect::<Result<Vec<_>, Error>>()?, LEAST))
}

fn empty() -> tree::Tree {
    let mut tree = tree::Tree::default();
    tree.insert(*b"", tree::Entry::new(tree::Kind::Directory, 0o755, 0));
    tree
}
