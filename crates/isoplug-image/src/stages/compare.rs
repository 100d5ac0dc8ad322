//! Compares the layer of all packages with the same one made once more, on a machine of another
//! name and at another time, and says what differs and why.

use std::fs;
use std::io;
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};

use super::settled::RULES;
use crate::stored;
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
    type Error = stored::Error;

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

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let [first, again] = [self.first, self.again].map(|tree| layer(tree, cx));
        let own = Patterns::new(self.own.iter().map(|own| own.path.as_str()));
        let found = differences(&first?, &again?, &own, self.epoch);
        let found = found.map_err(stored::Error::read("the contents of a tree"))?;
        stored::write_json(out.differences, &found, &[], cx)
    }
}

fn layer(artifact: Artifact<Tree>, cx: &Context) -> Result<Layer, stored::Error> {
    let tree = stored::tree(artifact, cx)?;
    let packs = stored::packs(&tree, cx)?;
    Ok(Layer { tree, packs })
}

/// Reads what the stage wrote.
///
/// # Errors
/// The file cannot be read, or is none of this stage's.
pub fn read(path: &Path) -> io::Result<Vec<Difference>> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}
