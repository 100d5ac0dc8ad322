//! Makes what the kernel's dm-verity checks a squashfs with as it reads it: the hash tree, and its root hash.
//!
//! Knows nothing of what is in the squashfs, nor where either lies.

use std::io;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Unit};
use isoplug_formats::verity;

use crate::stored;

/// Inputs.
pub struct Verity {
    /// What is checked.
    pub squashfs: Artifact<Blob>,
    /// Which part of a medium it is, if it is not the only one; for people.
    pub part: Option<String>,
}

/// Outputs.
#[derive(Debug, Clone, Copy)]
pub struct Outputs {
    /// The hash tree behind its superblock.
    pub tree: Artifact<Blob>,
    /// The root hash: 64 hexadecimal digits, and no line end.
    pub root: Artifact<Blob>,
}

/// Why there is no hash tree.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The squashfs could not be read, or the tree not be written.
    #[error("cannot hash the blocks of the squashfs")]
    Hash(#[source] io::Error),
    /// The root hash could not be stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Stage for Verity {
    const NAME: &'static str = "verity";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        self.part.as_ref().map_or(Self::NAME.to_owned(), |part| format!("verity {part}"))
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("filesystem.squashfs.verity"), root: slots.slot("root hash") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { squashfs, part: _ } = self;
        key.artifact("squashfs", *squashfs);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let data = std::fs::File::open(cx.path(self.squashfs)?).map_err(Error::Hash)?;
        let length = data.metadata().map_err(Error::Hash)?.len();
        let tree = cx.create()?;
        let mut watch = |done| {
            cx.progress(done, length, Unit::Bytes);
            cx.check_cancelled().map_err(io::Error::other)
        };
        let root = verity::write(&data, tree.file(), &mut watch).map_err(Error::Hash)?;
        cx.finish(out.tree, cx.put(tree, None)?, &[])?;
        let root: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(cx.finish(out.root, stored::put(root.as_bytes(), cx)?, &[])?)
    }
}
