//! Packs the rootfs into one compressed, read-only image.
//!
//! Knows nothing of what is in the rootfs.

mod exclude;

pub(crate) use exclude::exclude;
pub use exclude::leaves_out;

use std::io;
use std::path::PathBuf;

use crate::stored;
use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree, Unit};
use isoplug_formats::squashfs::{self, Codec, DirCache, Options, Watch};
use isoplug_formats::tree;

/// Inputs.
pub struct Squashfs {
    /// What goes in.
    pub rootfs: Artifact<Tree>,
    /// What compresses the blocks.
    pub codec: Codec,
    /// Bytes in a block: a power of two from 4 KiB to 1 MiB.
    pub block_size: u32,
    /// Glob patterns of paths to leave out.
    pub exclude: Vec<String>,
    /// The time of the image itself, in seconds since 1970.
    pub epoch: u32,
    /// Where compressed blocks are kept between builds; decides how long it takes, no byte.
    pub blocks: BlockFolder,
    /// Which part of a medium it is, if it is not the only one; for people.
    pub part: Option<String>,
}

/// A folder of compressed blocks and its limit.
#[derive(Debug, Clone)]
pub struct BlockFolder {
    /// The folder.
    pub path: PathBuf,
    /// Bytes above which the longest unused blocks go.
    pub limit: u64,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The image.
    pub image: Artifact<Blob>,
}

impl Stage for Squashfs {
    const NAME: &'static str = "squashfs";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        self.part.as_ref().map_or(Self::NAME.to_owned(), |part| format!("squashfs {part}"))
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { image: slots.slot("filesystem.squashfs") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { rootfs, codec, block_size, exclude, epoch, blocks: _, part: _ } = self;
        key.artifact("rootfs", *rootfs);
        key.value("codec", codec);
        key.value("compressor", &codec.compressor());
        key.value("block-size", block_size);
        key.value("exclude", exclude);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let tree = self.tree(cx)?;
        let packs = stored::packs(&tree, cx)?;
        let image = cx.create()?;
        let cache = DirCache::open(&self.blocks.path, self.blocks.limit)
            .map_err(|source| Error::Cache { folder: self.blocks.path.clone(), source })?;
        let (codec, block_size) = (self.codec, self.block_size);
        let options = Options { codec, block_size, epoch: self.epoch, threads: cx.threads() };
        let written =
            squashfs::write(image.file(), &tree, &packs, &options, &cache, &Progress(cx))?;
        cx.log(&format!("{} of {} blocks were cached", written.cached, written.blocks));
        for (path, name) in &written.left_out {
            let [path, name] = [path, name].map(|bytes| String::from_utf8_lossy(bytes));
            cx.log(&format!("squashfs cannot hold {name} of /{path}; it is left out"));
        }
        Ok(cx.finish(out.image, cx.put(image, None)?, &[])?)
    }
}

impl Squashfs {
    /// Reads the rootfs and leaves out what is to be left out.
    fn tree(&self, cx: &Context) -> Result<tree::Tree, Error> {
        let mut tree = stored::tree(self.rootfs, cx)?;
        for line in exclude(&mut tree, &self.exclude)? {
            cx.tell(&line);
        }
        Ok(tree)
    }
}

struct Progress<'a, 'b>(&'a Context<'b>);

impl Watch for Progress<'_, '_> {
    fn progress(&self, done: u64, total: u64) {
        self.0.progress(done, total, Unit::Bytes);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder of compressed blocks cannot be used.
    #[error("cannot use {}", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A pattern of paths to leave out is none.
    #[error("`{pattern}` is not a valid pattern of paths")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        #[source]
        reason: glob::PatternError,
    },
    /// The image could not be written.
    #[error(transparent)]
    Write(#[from] squashfs::Error),
    /// The engine could not do its part.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}
