//! Writes metadata: streams of records cut into blocks of 8 KiB, and lookup tables into them.
//!
//! Source: "metadata blocks" and "fragment, id and export tables" of the format's documentation.

use super::codec::Compressor;
use super::{Error, Options};

/// Bytes in a metadata block before compression.
pub(super) const BLOCK: usize = 8192;

const STORED: u16 = 1 << 15;

/// Where a record begins: the metadata block, counted in bytes from the stream's start, and the
/// offset in that block once it is unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) block: u32,
    pub(super) offset: u16,
}

impl Position {
    /// The form in which inodes are referred to.
    pub(super) fn reference(self) -> u64 {
        u64::from(self.block) << 16 | u64::from(self.offset)
    }
}

/// A stream of records.
pub(super) struct Metadata {
    compressor: Compressor,
    open: Vec<u8>,
    bytes: Vec<u8>,
    length: u64,
}

impl Metadata {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let compressor = Compressor::new(options.codec, BLOCK as u32)?;
        Ok(Self { compressor, open: Vec::with_capacity(BLOCK), bytes: Vec::new(), length: 0 })
    }

    /// Returns where the next record will begin.
    pub(super) fn position(&self) -> Result<Position, Error> {
        let most = u64::from(u32::MAX);
        let too_many = Error::TooMany { what: "bytes of metadata", most };
        let block = u32::try_from(self.bytes.len()).map_err(|_| too_many)?;
        Ok(Position { block, offset: self.open.len() as u16 })
    }

    /// Returns how many bytes were put.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn put(&mut self, mut record: &[u8]) -> Result<(), Error> {
        self.length += record.len() as u64;
        while !record.is_empty() {
            let (now, later) = record.split_at(record.len().min(BLOCK - self.open.len()));
            self.open.extend_from_slice(now);
            record = later;
            if self.open.len() == BLOCK {
                self.close_block()?;
            }
        }
        Ok(())
    }

    /// Ends the stream and returns its bytes.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Error> {
        self.close_block()?;
        Ok(self.bytes)
    }

    fn close_block(&mut self) -> Result<(), Error> {
        if !self.open.is_empty() {
            put_block(&mut self.bytes, &self.open, &mut self.compressor)?;
            self.open.clear();
        }
        Ok(())
    }
}

fn put_block(bytes: &mut Vec<u8>, block: &[u8], compressor: &mut Compressor) -> Result<(), Error> {
    let compressed = compressor.compress(block)?;
    let (flag, body) = match &compressed {
        Some(compressed) => (0, compressed.as_slice()),
        None => (STORED, block),
    };
    bytes.extend((body.len() as u16 | flag).to_le_bytes());
    bytes.extend_from_slice(body);
    Ok(())
}

/// A table of records of equal size, which readers index: blocks, then where each of them begins.
pub(super) struct Lookup {
    pub(super) blocks: Vec<u8>,
    starts: Vec<u64>,
}

impl Lookup {
    pub(super) fn new(records: &[u8], options: &Options) -> Result<Self, Error> {
        let mut compressor = Compressor::new(options.codec, BLOCK as u32)?;
        let mut lookup = Self { blocks: Vec::new(), starts: Vec::new() };
        for block in records.chunks(BLOCK) {
            lookup.starts.push(lookup.blocks.len() as u64);
            put_block(&mut lookup.blocks, block, &mut compressor)?;
        }
        Ok(lookup)
    }

    /// Returns the index of a table whose blocks begin at this position of the image.
    pub(super) fn index(&self, at: u64) -> Vec<u8> {
        self.starts.iter().flat_map(|start| (at + start).to_le_bytes()).collect()
    }
}
