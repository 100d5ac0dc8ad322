//! Reads the compressed metadata of a squashfs, block by block, with a few of them kept.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bad;
use crate::bytes::{le16, le64};
use crate::span::Span;

use super::codec;

/// How many bytes a block of metadata has at most.
pub(super) const BLOCK: usize = 8192;
/// How many blocks are kept: 4 MiB.
const KEPT: usize = 512;

/// A block and where the next one begins.
type Block = Arc<(Vec<u8>, u64)>;

/// The metadata of an image.
#[derive(Debug)]
pub(super) struct Metadata {
    span: Span,
    codec: u16,
    kept: Mutex<BTreeMap<u64, Block>>,
}

impl Metadata {
    pub(super) fn new(span: Span, codec: u16) -> Self {
        Self { span, codec, kept: Mutex::default() }
    }

    fn block(&self, at: u64) -> io::Result<Block> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept.get(&at) {
            return Ok(block.clone());
        }
        let header = le16(&self.span.read(at, 2)?, 0);
        let size = u64::from(header & 0x7fff);
        let stored = self.span.read(at + 2, size)?;
        let bytes = if header & 0x8000 == 0 {
            codec::decompress(self.codec, &stored, BLOCK)?
        } else {
            stored
        };
        if kept.len() >= KEPT {
            kept.clear();
        }
        let block = Arc::new((bytes, at + 2 + size));
        kept.insert(at, block.clone());
        Ok(block)
    }

    /// Returns a cursor at a place of the block that begins at `block`.
    pub(super) fn cursor(&self, block: u64, offset: usize) -> Cursor<'_> {
        Cursor { metadata: self, block, offset }
    }

    /// Reads a table of `count` records of `size` bytes, of whose blocks the places stand at `at`.
    pub(super) fn table(&self, at: u64, count: usize, size: usize) -> io::Result<Vec<u8>> {
        let total = count * size;
        let places = self.span.read(at, total.div_ceil(BLOCK) as u64 * 8)?;
        let mut bytes = Vec::new();
        for place in places.chunks_exact(8) {
            bytes.extend_from_slice(&self.block(le64(place, 0))?.0);
        }
        if bytes.len() < total {
            return Err(bad("a table of the squashfs ends early"));
        }
        bytes.truncate(total);
        Ok(bytes)
    }
}

/// Reads metadata that goes on over several blocks.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    metadata: &'a Metadata,
    block: u64,
    offset: usize,
}

impl Cursor<'_> {
    pub(super) fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        while found.len() < count {
            let block = self.metadata.block(self.block)?;
            let rest = block.0.get(self.offset..).unwrap_or_default();
            let taken = &rest[..rest.len().min(count - found.len())];
            found.extend_from_slice(taken);
            self.offset += taken.len();
            if taken.is_empty() && block.0.is_empty() {
                return Err(bad("metadata of the squashfs ends early"));
            }
            if self.offset >= block.0.len() {
                (self.block, self.offset) = (block.1, 0);
            }
        }
        Ok(found)
    }
}
