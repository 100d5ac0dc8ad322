//! Makes the blocks of a plan on several threads, and stores them in the plan's order.
//!
//! A bounded number of blocks is in memory at a time. A block is known by the digests of the
//! contents in it, so one that is cached is neither read nor hashed.

mod work;

use std::io::{Seek, Write};

use crate::tree::pack::Contents;

use super::codec::Compressor;
use super::plan::{Job, Plan};
use super::superblock::Image;
use super::{BlockCache, Error, Options, Watch};

/// Everything that making blocks takes.
pub(super) struct Packing<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) contents: &'a dyn Contents,
    pub(super) options: &'a Options,
    pub(super) cache: &'a dyn BlockCache,
    pub(super) watch: &'a dyn Watch,
}

/// Where the contents and fragments are in the image.
pub(super) struct Packed {
    /// By content of the plan.
    pub(super) contents: Vec<Placed>,
    /// The records of the fragment table.
    pub(super) fragments: Vec<u8>,
    pub(super) blocks: u64,
    pub(super) cached: u64,
    done: u64,
}

/// The blocks of one content.
#[derive(Default)]
pub(super) struct Placed {
    /// Where the first block is in the image; 0, where the superblock is: no block is stored.
    pub(super) start: u64,
    /// By block: stored length, with [`STORED_RAW`] set if it is not compressed.
    pub(super) sizes: Vec<u32>,
    /// Bytes in blocks that are not stored because they are all zeros.
    pub(super) sparse: u64,
}

const STORED_RAW: u32 = 1 << 24;

/// What became of one block.
enum Block {
    Zeros,
    Raw(Vec<u8>),
    Compressed(Vec<u8>),
}

struct Made {
    block: Block,
    cached: bool,
}

impl Packing<'_> {
    /// Makes all blocks and appends them to the image.
    pub(super) fn run<W: Write + Seek>(&self, image: &mut Image<W>) -> Result<Packed, Error> {
        let contents = self.plan.contents.iter().map(|_| Placed::default()).collect();
        let mut packed = Packed { contents, fragments: Vec::new(), blocks: 0, cached: 0, done: 0 };
        let threads = self.options.threads.max(1);
        let identity = self.options.codec.identity(self.options.block_size);
        let new_worker = || {
            let compressor = Compressor::new(self.options.codec, self.options.block_size)?;
            Ok(Worker { packing: self, compressor, identity: &identity, bytes: Vec::new() })
        };
        let workers = (0..threads).map(|_| new_worker()).collect::<Result<Vec<_>, Error>>()?;
        work::in_order(workers, self.window(), self.plan.jobs(), Worker::make, |job, made| {
            if self.watch.cancelled() {
                return Err(Error::Cancelled);
            }
            packed.place(job, made?, self.plan, image)?;
            self.watch.progress(packed.done, self.plan.total);
            Ok(())
        })?;
        Ok(packed)
    }

    /// How many blocks may be in memory: four to a thread, but no more than 64 MiB.
    fn window(&self) -> usize {
        let most = (64 << 20) / self.options.block_size as usize;
        let threads = self.options.threads.max(1);
        (threads * 4).min(most).max(threads + 1)
    }
}

impl Packed {
    fn place<W: Write + Seek>(
        &mut self,
        job: Job,
        made: Made,
        plan: &Plan,
        image: &mut Image<W>,
    ) -> Result<(), Error> {
        let (bytes, flag) = match &made.block {
            Block::Zeros => (&[][..], 0),
            Block::Raw(bytes) => (bytes.as_slice(), STORED_RAW),
            Block::Compressed(bytes) => (bytes.as_slice(), 0),
        };
        let (at, size) = (image.append(bytes)?, bytes.len() as u32 | flag);
        match job {
            Job::Block { content, length, .. } => self.contents[content].add(at, size, length),
            Job::Fragment(_) => {
                self.fragments.extend(at.to_le_bytes());
                self.fragments.extend(u64::from(size).to_le_bytes());
            }
        }
        self.blocks += 1;
        self.cached += u64::from(made.cached);
        self.done += u64::from(plan.length(job));
        Ok(())
    }
}

impl Placed {
    fn add(&mut self, at: u64, size: u32, length: u32) {
        if size == 0 {
            self.sparse += u64::from(length);
        } else if self.start == 0 {
            self.start = at;
        }
        self.sizes.push(size);
    }
}

/// What one thread has of its own.
struct Worker<'a> {
    packing: &'a Packing<'a>,
    compressor: Compressor,
    identity: &'a str,
    bytes: Vec<u8>,
}

impl Worker<'_> {
    fn make(&mut self, job: Job) -> Result<Made, Error> {
        let key = self.key(job);
        if let Some(value) = self.packing.cache.get(&key)
            && let Some(block) = self.recall(job, value)?
        {
            return Ok(Made { block, cached: true });
        }
        self.read(job)?;
        let block = if matches!(job, Job::Block { .. }) && is_zero(&self.bytes) {
            Block::Zeros
        } else {
            match self.compressor.compress(&self.bytes)? {
                Some(bytes) => Block::Compressed(bytes),
                None => Block::Raw(self.bytes.clone()),
            }
        };
        self.packing.cache.put(&key, &remembered(&block));
        Ok(Made { block, cached: false })
    }

    /// Returns the key of everything that decides a block's bytes.
    fn key(&self, job: Job) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("isoplug squashfs block 1");
        hasher.update(&(self.identity.len() as u64).to_le_bytes());
        hasher.update(self.identity.as_bytes());
        hasher.update(&[matches!(job, Job::Fragment(_)).into()]);
        for (planned, offset, length) in self.packing.plan.pieces(job) {
            hasher.update(&planned.content.digest);
            hasher.update(&offset.to_le_bytes());
            hasher.update(&length.to_le_bytes());
        }
        hasher.finalize().into()
    }

    /// Returns the block that a cached value stands for; what is not compressed is not cached
    /// but read again. Nothing: a value that cannot be right.
    fn recall(&mut self, job: Job, mut value: Vec<u8>) -> Result<Option<Block>, Error> {
        let length = self.packing.plan.length(job) as usize;
        match value.pop() {
            Some(ZEROS) if value.is_empty() && !matches!(job, Job::Fragment(_)) => {
                Ok(Some(Block::Zeros))
            }
            Some(RAW) if value.is_empty() => {
                self.read(job)?;
                Ok(Some(Block::Raw(self.bytes.clone())))
            }
            Some(COMPRESSED) if !value.is_empty() && value.len() < length => {
                Ok(Some(Block::Compressed(value)))
            }
            _ => Ok(None),
        }
    }

    fn read(&mut self, job: Job) -> Result<(), Error> {
        self.bytes.resize(self.packing.plan.length(job) as usize, 0);
        let mut rest = self.bytes.as_mut_slice();
        for (planned, offset, length) in self.packing.plan.pieces(job) {
            let (now, later) = rest.split_at_mut(length as usize);
            let read = self.packing.contents.read_at(planned.content, offset, now);
            read.map_err(|source| Error::Read { path: planned.path.clone(), source })?;
            rest = later;
        }
        Ok(())
    }
}

const ZEROS: u8 = 0;
const RAW: u8 = 1;
const COMPRESSED: u8 = 2;

/// Returns the value under which a block is cached: its bytes, then what they are.
fn remembered(block: &Block) -> Vec<u8> {
    match block {
        Block::Zeros => vec![ZEROS],
        Block::Raw(_) => vec![RAW],
        Block::Compressed(bytes) => [bytes.as_slice(), &[COMPRESSED]].concat(),
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(64).all(|chunk| chunk.iter().fold(0, |any, &byte| any | byte) == 0)
}
