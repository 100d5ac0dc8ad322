//! Makes the layer of all packages fit for more than one machine: takes out what the user says
//! each machine makes for itself, and refuses what it does not know.
//!
//! Reads the list and the few files that scripts made. What the table of `state.rs` knows is gone
//! already: the sandbox leaves it out when it reads a layer.

use isoplug_engine::{Artifact, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree::{self, TreePath};

use crate::stored;

use isoplug_manifest::options::MachineState;
use isoplug_sandbox::state::Patterns;
use isoplug_sandbox::state::suspect::Suspect;
use isoplug_sandbox::state::unknown::{Unknown, unknown};

/// Inputs.
pub struct Settled {
    /// The layer of the last packages.
    pub layer: Artifact<Tree>,
    /// What the user says of it.
    pub own: Vec<MachineState>,
    /// The time of what scripts made; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The layer without the state of a machine.
    pub tree: Artifact<Tree>,
}

/// Raised when the same layer would be judged otherwise.
pub(super) const RULES: u32 = 7;

impl Stage for Settled {
    const NAME: &'static str = "settled";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("layer") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, own, epoch } = self;
        key.artifact("layer", *layer);
        key.value("own", own);
        key.value("epoch", epoch);
        key.value("rules", &RULES);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut tree = stored::tree(self.layer, cx)?;
        let packs = stored::packs(&tree, cx)?;
        remove(&mut tree, &self.patterns(false));
        let unknown = unknown(&tree, &packs, &self.patterns(true), self.epoch);
        let mut unknown = unknown.map_err(stored::Error::read("what packages made"))?;
        // It is the same in every build and no secret; `check --rebuild` tells of it.
        unknown.retain(|one| one.suspect != Suspect::HostName);
        if !unknown.is_empty() {
            return Err(Error::Unknown(unknown));
        }
        let packs = stored::refers(self.layer, cx)?;
        Ok(stored::write_tree(out.tree, &tree, packs, cx)?)
    }
}

impl Settled {
    fn patterns(&self, keep: bool) -> Patterns {
        let own = self.own.iter().filter(|own| own.keep == keep);
        Patterns::new(own.map(|own| own.path.as_str()))
    }
}

fn remove(tree: &mut tree::Tree, gone: &Patterns) {
    let is_gone = |(path, entry): &(&TreePath, &tree::Entry)| {
        gone.has(path, entry.kind == tree::Kind::Directory)
    };
    let doomed: Vec<TreePath> =
        tree.entries.iter().filter(is_gone).map(|(path, _)| path.clone()).collect();
    doomed.iter().for_each(|path| tree.remove(path));
}

/// Why a layer is fit for one machine only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds what each machine must have of its own.
    #[error("scripts of packages made what must not be the same on two machines:{}", lines(_0))]
    Unknown(Vec<Unknown>),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

/// What to try about [`Error::Unknown`].
pub const HINT: &str = "name it in `packages.machine-state`: with `make`, the command by which \
    each machine makes its own at boot; alone, if its daemon does so by itself; with `keep = \
    true`, if every copy of the image may have the same";

fn lines(unknown: &[Unknown]) -> String {
    unknown.iter().map(|one| format!("\n  {one}")).collect()
}
