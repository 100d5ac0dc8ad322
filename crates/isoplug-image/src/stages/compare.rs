//! Compares the layer of all packages with the same one made once more, on a machine of another
//! name and at another time, and says what differs and why.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree;
use isoplug_formats::tree::pack::Packs;

use super::settled::RULES;
use isoplug_manifest::options::MachineState;
use isoplug_sandbox::state::Patterns;
use isoplug_sandbox::state::difference::{Difference, Layer, differences};

/// Inputs.
pub struct Compare {
    /// The layer that images have.
    pub first: Artifact<Tree>,
    /// The one made to compare.
    pub again: Artifact<Tree>,
    /// What the user knows of, and so may differ.
    pub own: Vec<MachineState>,
    /// The time of what scripts made; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The [`Difference`]s; [`read`] reads them.
    pub differences: Artifact<Blob>,
}

impl Stage for Compare {
    const NAME: &'static str = "compare";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { differences: slots.slot("differences.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { first, again, own, epoch } = self;
        key.artifact("first", *first);
        key.artifact("again", *again);
        key.value("own", own);
        key.value("epoch", epoch);
        key.value("rules", &RULES);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let [first, again] = [self.first, self.again].map(|tree| layer(tree, cx));
        let own = Patterns::new(self.own.iter().map(|own| own.path.as_str()));
        let found = differences(&first?, &again?, &own, self.epoch)?;
        let blob = cx.create()?;
        blob.file().write_all(&serde_json::to_vec(&found).map_err(io::Error::other)?)?;
        Ok(cx.finish(out.differences, cx.put(blob, None)?, &[])?)
    }
}

fn layer(artifact: Artifact<Tree>, cx: &Context) -> Result<Layer, Error> {
    let tree = tree::Tree::from_bytes(&fs::read(cx.path(artifact)?)?)?;
    let packs = Packs::open(&tree, |id| {
        File::open(cx.referred(&Digest::from_bytes(*id)).map_err(io::Error::other)?)
    })?;
    Ok(Layer { tree, packs })
}

/// Reads what the stage wrote.
///
/// # Errors
/// The file cannot be read, or is none of this stage's.
pub fn read(path: &Path) -> io::Result<Vec<Difference>> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// Why two layers were not compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A layer is no tree.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// A file of the store could not be read or written.
    #[error("cannot compare two layers: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}
