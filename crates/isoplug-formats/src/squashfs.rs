//! Writes a tree as one squashfs 4.0 image.
//!
//! Everything is planned before a thread starts, so the bytes depend on the tree and the format
//! options alone, never on the number of threads or on what was cached. Unchanged blocks come from
//! a [`BlockCache`] without their contents being read. Knows no store and no host folders but the
//! one of [`DirCache`].
//!
//! A tree says what is in the image: owners, modes, times and devices are its entries' fields, and
//! what is not to be in the image is taken out with [`Tree::remove`]. [`scan`](crate::tree::scan)
//! makes one of a folder; `examples/mksquash.rs` is a whole program.
//!
//! ```
//! use isoplug_formats::squashfs::{self, DirCache, NoWatch, Options, Preset};
//! use isoplug_formats::tree::pack::{PackWriter, Packs};
//! use isoplug_formats::tree::{Entry, Kind, Tree};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! // Contents lie in packs.
//! let mut pack = PackWriter::new(tempfile::tempfile()?);
//! let welcome = pack.append("Welcome\n".repeat(1000).as_bytes())?;
//! let (file, id, finished) = pack.finish()?;
//! let mut packs = Packs::default();
//! packs.add(id, file);
//!
//! // The tree names them; nobody needs to be root to give an entry to root or to make a device.
//! let (epoch, threads) = (1_700_000_000, 2);
//! let motd = Kind::File(finished.content(welcome));
//! let mut tree = Tree::default();
//! tree.insert("etc/motd", Entry::new(motd.clone(), 0o644, epoch));
//! tree.insert("home/user/motd", Entry { uid: 1000, gid: 1000, ..Entry::new(motd, 0o600, epoch) });
//! tree.insert("dev/null", Entry::new(Kind::CharDevice(1, 3), 0o666, epoch));
//!
//! let options = Options::preset(Preset::Balanced, epoch, threads);
//! let cache = DirCache::open(&folder.path().join("blocks"), 1 << 30)?;
//! let mut write = || {
//!     let image = std::fs::File::create(folder.path().join("image.squashfs"))?;
//!     squashfs::write(image, &tree, &packs, &options, &cache, &NoWatch)
//! };
//! let first = write()?;
//! assert_eq!((first.contents, first.blocks, first.cached), (8000, 1, 0)); // stored once
//! assert_eq!(write()?.cached, 1); // neither read nor compressed again
//! # Ok(())
//! # }
//! ```
//!
//! The format: Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h of Linux.

mod attributes;
mod blocks;
mod cache;
mod codec;
mod directory;
mod inode;
mod metadata;
mod nodes;
mod plan;
mod superblock;
mod tables;

use std::io::{Seek, Write};

use serde::{Deserialize, Serialize};

pub use cache::{BlockCache, DirCache, NoCache};
pub use codec::Codec;

use crate::tree::pack::Contents;
use crate::tree::{Tree, TreePath};

/// How an image is written. `threads` alone has no effect on its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What compresses the blocks.
    pub codec: Codec,
    /// Bytes in a block of data: a power of two from 4 KiB to 1 MiB.
    pub block_size: u32,
    /// The time of the image itself, in seconds since 1970; entries keep their own.
    pub epoch: u32,
    /// How many blocks are compressed at the same time; 0 counts as 1.
    pub threads: usize,
}

/// A proven choice of codec and block size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// For trying things out: 4 % larger than balanced, in a third of its time.
    Fast,
    /// Smaller than `mksquashfs -comp zstd` makes it, in an eighth of its time.
    #[default]
    Balanced,
    /// For images that are downloaded often: 8 % smaller than balanced, but thirty times its
    /// work, and slower to read.
    Small,
}

impl Options {
    /// Returns the options of a preset.
    pub fn preset(preset: Preset, epoch: u32, threads: usize) -> Self {
        let codec = match preset {
            Preset::Fast => Codec::Zstd { level: 3 },
            Preset::Balanced => Codec::Zstd { level: 7 },
            Preset::Small => Codec::Xz { level: 6, x86: false },
        };
        Self { codec, block_size: 1 << 20, epoch, threads }
    }
}

/// Sees how far the writing is, and may end it.
pub trait Watch: Sync {
    /// Is told how many bytes of contents are in the image, of how many.
    fn progress(&self, done: u64, total: u64);
    /// Says whether to give up.
    fn cancelled(&self) -> bool;
}

/// Watches nothing and never gives up.
pub struct NoWatch;

impl Watch for NoWatch {
    fn progress(&self, _done: u64, _total: u64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Length of the image in bytes, a multiple of 4096.
    pub bytes: u64,
    /// Number of inodes.
    pub inodes: u32,
    /// Bytes of contents in the image, equal files counted once.
    pub contents: u64,
    /// Number of blocks and fragments.
    pub blocks: u64,
    /// How many of them came from the cache.
    pub cached: u64,
    /// Extended attributes that the format cannot hold, by path and name, and so were left out.
    pub left_out: Vec<(TreePath, Vec<u8>)>,
}

/// Why an image could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options ask for what the format does not know.
    #[error("unsupported option of squashfs: {0}")]
    Options(String),
    /// The tree is no file system, or one that squashfs cannot hold.
    #[error("squashfs cannot hold {}: {reason}", String::from_utf8_lossy(path))]
    Tree {
        /// The entry at fault.
        path: TreePath,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More than the format can number.
    #[error("squashfs cannot hold more than {most} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        most: u64,
    },
    /// A content could not be read.
    #[error("cannot read the content of {}: {source}", String::from_utf8_lossy(path))]
    Read {
        /// The first file with this content.
        path: TreePath,
        /// What the system said.
        source: std::io::Error,
    },
    /// A compressor failed.
    #[error("cannot compress: {0}")]
    Compress(std::io::Error),
    /// The image could not be written.
    #[error("cannot write the squashfs: {0}")]
    Write(#[from] std::io::Error),
    /// [`Watch::cancelled`] said so.
    #[error("cancelled")]
    Cancelled,
}

/// Writes the image of a tree at the writer's position, with its contents read where the cache
/// does not hold the blocks. Leaves the writer after the image.
///
/// # Errors
///
/// When squashfs cannot hold the tree or does not know the options, a content cannot be read or compressed, the
/// image cannot be written, or the watch says to stop.
pub fn write<W: Write + Seek>(
    out: W,
    tree: &Tree,
    contents: &dyn Contents,
    options: &Options,
    cache: &dyn BlockCache,
    watch: &dyn Watch,
) -> Result<Summary, Error> {
    superblock::check(options)?;
    let nodes = nodes::Nodes::new(tree)?;
    let plan = plan::Plan::new(&nodes, options);
    let mut image = superblock::Image::begin(out, options)?;
    let packing = blocks::Packing { plan: &plan, contents, options, cache, watch };
    let packed = packing.run(&mut image)?;
    let tables = tables::Tables::new(&nodes, &plan, &packed, options)?;
    let bytes = image.finish(&nodes, &packed, &tables)?;
    Ok(Summary {
        bytes,
        inodes: nodes.inodes,
        contents: plan.total,
        blocks: packed.blocks,
        cached: packed.cached,
        left_out: tables.left_out,
    })
}
