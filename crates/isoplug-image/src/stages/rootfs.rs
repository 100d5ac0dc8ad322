//! Lays the overlays of contributors over the last layer and takes out what must not be in an
//! image.
//!
//! Only lists are read and written; the contents stay in the packs that they are in.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};

use isoplug_engine::{Artifact, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree;

use crate::contribute::overlay::Overlay;
use crate::finalise::{finalise, remove_documentation};

/// Inputs.
pub struct Rootfs {
    /// The last layer.
    pub layer: Artifact<Tree>,
    /// [`Overlay`]s, the later over the earlier.
    pub overlays: Vec<Artifact<Tree>>,
    /// Whether the manual pages and documentation of packages stay.
    pub docs: bool,
    /// Times after this become this; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What becomes `/` of the running system.
    pub tree: Artifact<Tree>,
}

impl Stage for Rootfs {
    const NAME: &'static str = "rootfs";
    const VERSION: u32 = 3;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("rootfs") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, overlays, docs, epoch } = self;
        key.artifact("layer", *layer);
        for overlay in overlays {
            key.artifact("overlay", *overlay);
        }
        key.value("docs", docs);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut tree = tree::Tree::from_bytes(&fs::read(cx.path(self.layer)?)?)?;
        let mut packs: BTreeSet<Digest> = cx.refers(self.layer)?.into_iter().collect();
        // What packages bring of it; a page that somebody adds is meant to be there.
        if !self.docs {
            remove_documentation(&mut tree);
        }
        for overlay in &self.overlays {
            Overlay::from_bytes(&fs::read(cx.path(*overlay)?)?)?.apply(&mut tree);
            packs.extend(cx.refers(*overlay)?);
        }
        let tree = finalise(tree, self.epoch.into());
        let used = tree.packs();
        packs.retain(|pack| used.contains(pack.as_bytes()));
        let blob = cx.create()?;
        blob.file().write_all(&tree.to_bytes())?;
        let packs: Vec<Digest> = packs.into_iter().collect();
        Ok(cx.finish(out.tree, cx.put(blob, None)?, &packs)?)
    }
}

/// Why there is no rootfs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input is no tree.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// A file of the store could not be read or written.
    #[error("cannot put the rootfs together: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}
