//! Picks of all that contributors add what the initrd is made of.
//!
//! Only these bytes reach the stages after it, so a file that no initrd has makes none again. Knows
//! no contributor.

use std::collections::BTreeMap;

use isoplug_engine::{Artifact, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree::pack::{PackWriter, Pending};
use isoplug_formats::tree::{Kind, TreePath};

use crate::contribute::overlay::Overlay;
use crate::initrd::inputs::inputs;
use crate::stored::{self, InPacks};

/// Inputs.
pub struct InitrdInputs {
    /// [`Overlay`]s, the later over the earlier.
    pub overlays: Vec<Artifact<Tree>>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// One [`Overlay`] with its own contents.
    pub overlay: Artifact<Tree>,
}

impl Stage for InitrdInputs {
    const NAME: &'static str = "initrd-inputs";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn title(&self) -> String {
        "initrd inputs".to_owned()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("initrd inputs") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { overlays } = self;
        for overlay in overlays {
            key.artifact("overlay", *overlay);
        }
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let mut all = Overlay::default();
        for overlay in &self.overlays {
            all.then(&stored::overlay(*overlay, cx)?);
        }
        let mut picked = inputs(all);
        let refers = pack(&mut picked, cx)?;
        stored::write(out.overlay, &picked.to_bytes(), &refers, cx)
    }
}

/// Puts the contents of the picked files into a pack of their own: where they lay among others must
/// not matter.
fn pack(picked: &mut Overlay, cx: &Context) -> Result<Vec<Digest>, stored::Error> {
    let (contents, blob) = (InPacks::new(cx), cx.create()?);
    let unwritten = || stored::Error::write(blob.path());
    let mut writer = PackWriter::new(blob.file());
    let mut pending: BTreeMap<TreePath, Pending> = BTreeMap::new();
    for (path, entry) in &picked.tree.entries {
        if let Kind::File(content) = &entry.kind {
            let pending_content = writer.append(contents.reader(content));
            pending.insert(path.clone(), pending_content.map_err(unwritten())?);
        }
    }
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let (_, id, finished) = writer.finish().map_err(unwritten())?;
    for (path, entry) in &mut picked.tree.entries {
        if let Some(pending) = pending.remove(path) {
            entry.kind = Kind::File(finished.content(pending));
        }
    }
    Ok(vec![cx.put(blob, Some(Digest::from_bytes(id)))?])
}
