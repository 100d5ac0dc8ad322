//! Writes the parts of an image in their order, and the superblock that says where they are.
//!
//! Source: `squashfs_super_block` in squashfs_fs.h. Linux checks that each table ends exactly where
//! the next one begins.

use std::io::{Seek, SeekFrom, Write};

use super::blocks::Packed;
use super::metadata::Lookup;
use super::nodes::Nodes;
use super::tables::Tables;
use super::{Codec, Error, Options, attributes};

const MAGIC: u32 = 0x7371_7368;
const LENGTH: u64 = 96;
/// What the image is padded to, so that a loop device sees all of it.
const PAGE: u64 = 4096;
const NO_TABLE: u64 = u64::MAX;

mod flag {
    pub(super) const ALL_STORED: u16 = 1 | 1 << 1 | 1 << 3 | 1 << 8 | 1 << 11;
    pub(super) const DUPLICATES: u16 = 1 << 6;
    pub(super) const EXPORTABLE: u16 = 1 << 7;
    pub(super) const NO_ATTRIBUTES: u16 = 1 << 9;
    pub(super) const COMPRESSOR_OPTIONS: u16 = 1 << 10;
}

/// Refuses options that the format does not know.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let Options { codec, block_size, epoch: _, threads: _ } = options;
    codec.check()?;
    if block_size.is_power_of_two() && (4096..=1 << 20).contains(block_size) {
        return Ok(());
    }
    let sizes = "sizes are powers of two from 4096 to 1048576";
    Err(Error::Options(format!("blocks of {block_size} bytes; {sizes}")))
}

/// An image that is being written.
pub(super) struct Image<'a, W: Write + Seek> {
    out: W,
    options: &'a Options,
    /// Where the image begins in what is written to.
    start: u64,
    length: u64,
}

impl<'a, W: Write + Seek> Image<'a, W> {
    /// Leaves room for the superblock and writes the codec's options.
    pub(super) fn begin(mut out: W, options: &'a Options) -> Result<Self, Error> {
        let start = out.stream_position()?;
        let mut image = Self { out, options, start, length: 0 };
        image.append(&[0; LENGTH as usize])?;
        if let Some(stored) = options.codec.stored_options(options.block_size) {
            image.append(&(stored.len() as u16 | 1 << 15).to_le_bytes())?;
            image.append(&stored)?;
        }
        Ok(image)
    }

    /// Appends bytes and returns where in the image they are.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let at = self.length;
        self.out.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(at)
    }

    /// Appends the tables, writes the superblock and returns the image's length.
    pub(super) fn finish(
        mut self,
        nodes: &Nodes,
        packed: &Packed,
        tables: &Tables,
    ) -> Result<u64, Error> {
        let inodes = self.append(&tables.inodes)?;
        let listings = self.append(&tables.listings)?;
        let fragments = match packed.fragments.len() {
            0 => NO_TABLE,
            _ => self.append_lookup(&tables.fragments)?,
        };
        let export = self.append_lookup(&tables.export)?;
        let ids = self.append_lookup(&tables.ids)?;
        let attributes = match &tables.attributes {
            Some(table) => self.append_attributes(table)?,
            None => NO_TABLE,
        };
        let used = self.length;
        let starts = [tables.root, used, ids, attributes, inodes, listings, fragments, export];
        self.append(&vec![0; (used.next_multiple_of(PAGE) - used) as usize])?;
        let superblock = self.superblock(nodes, packed, tables, starts);
        self.put_superblock(&superblock)
    }

    fn append_lookup(&mut self, lookup: &Lookup) -> Result<u64, Error> {
        let at = self.append(&lookup.blocks)?;
        self.append(&lookup.index(at))
    }

    fn append_attributes(&mut self, table: &attributes::Table) -> Result<u64, Error> {
        let sets = self.append(&table.sets)?;
        let records = self.append(&table.lookup.blocks)?;
        let at = self.append(&sets.to_le_bytes())?;
        self.append(&u64::from(table.count).to_le_bytes())?;
        self.append(&table.lookup.index(records))?;
        Ok(at)
    }

    fn superblock(
        &self,
        nodes: &Nodes,
        packed: &Packed,
        tables: &Tables,
        starts: [u64; 8],
    ) -> Vec<u8> {
        let Options { codec, block_size, epoch, threads: _ } = self.options;
        let fragments = (packed.fragments.len() / 16) as u32;
        let mut bytes = Vec::new();
        for word in [MAGIC, nodes.inodes, *epoch, *block_size, fragments] {
            bytes.extend(word.to_le_bytes());
        }
        let (log, flags) = (block_size.ilog2() as u16, self.flags(tables));
        for half in [codec.number(), log, flags, tables.id_count, 4, 0] {
            bytes.extend(half.to_le_bytes());
        }
        bytes.extend(starts.iter().flat_map(|start| start.to_le_bytes()));
        bytes
    }

    fn flags(&self, tables: &Tables) -> u16 {
        let Options { codec, block_size, .. } = self.options;
        let mut flags = flag::DUPLICATES | flag::EXPORTABLE;
        if tables.attributes.is_none() {
            flags |= flag::NO_ATTRIBUTES;
        }
        if codec.stored_options(*block_size).is_some() {
            flags |= flag::COMPRESSOR_OPTIONS;
        }
        if *codec == Codec::None {
            flags |= flag::ALL_STORED;
        }
        flags
    }

    fn put_superblock(mut self, superblock: &[u8]) -> Result<u64, Error> {
        self.out.seek(SeekFrom::Start(self.start))?;
        self.out.write_all(superblock)?;
        self.out.seek(SeekFrom::Start(self.start + self.length))?;
        self.out.flush()?;
        Ok(self.length)
    }
}
