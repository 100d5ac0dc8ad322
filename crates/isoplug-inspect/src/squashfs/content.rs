//! Reads the contents of files: whole blocks, and tails that share a fragment.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bad;
use crate::bytes::{le32, le64};
use crate::span::Span;

use super::codec;
use super::inode::Inode;
use super::metadata::Cursor;

const NO_FRAGMENT: u32 = u32::MAX;
/// A block that is stored as it is.
const STORED: u32 = 1 << 24;
/// How many unpacked fragments are kept.
const KEPT: usize = 16;

/// Where the content of a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its length in bytes.
    pub size: u64,
    /// Where its first block begins.
    pub start: u64,
    /// The sizes of its blocks as they are stored; 0 for one of zeros.
    pub blocks: Vec<u32>,
    /// The fragment that holds its tail, and where in it.
    pub fragment: Option<(u32, u32)>,
}

impl Content {
    pub(super) fn read(inode: &Inode, block_size: u32, cursor: &mut Cursor) -> io::Result<Self> {
        let Inode { size, start, offset, fragment, .. } = inode;
        let block_size = u64::from(block_size);
        let in_fragment = *fragment != NO_FRAGMENT;
        let count = if in_fragment { size / block_size } else { size.div_ceil(block_size) };
        if count > 1 << 24 {
            return Err(bad("a file of the squashfs is larger than can be"));
        }
        let sizes = cursor.take(count as usize * 4)?;
        let blocks = sizes.chunks_exact(4).map(|size| le32(size, 0)).collect();
        let fragment = in_fragment.then_some((*fragment, *offset));
        Ok(Self { size: *size, start: *start, blocks, fragment })
    }

    /// Returns how many bytes its own blocks take on the medium.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.blocks.iter().map(|size| u64::from(size & !STORED)).sum()
    }
}

/// The blocks of an image.
#[derive(Debug)]
pub(crate) struct Blocks {
    span: Span,
    codec: u16,
    block_size: usize,
    fragments: Vec<u8>,
    kept: Mutex<Vec<(u32, Arc<Vec<u8>>)>>,
}

impl Blocks {
    pub(super) fn new(span: Span, codec: u16, block_size: usize, fragments: Vec<u8>) -> Self {
        Self { span, codec, block_size, fragments, kept: Mutex::default() }
    }

    /// Returns blocks that follow each other as they are stored.
    pub(crate) fn part(&self, at: u64, bytes: u64) -> Span {
        self.span.part(at, bytes)
    }

    fn raw(&self, at: u64, size: u32) -> io::Result<Vec<u8>> {
        self.span.read(at, u64::from(size & !STORED))
    }

    fn unpacked(&self, at: u64, size: u32) -> io::Result<Vec<u8>> {
        let bytes = self.raw(at, size)?;
        if size & STORED == 0 {
            codec::decompress(self.codec, &bytes, self.block_size)
        } else {
            Ok(bytes)
        }
    }

    /// Returns a fragment as it is stored.
    pub(crate) fn raw_fragment(&self, number: u32) -> io::Result<Vec<u8>> {
        let (at, size) = self.place(number);
        self.raw(at, size)
    }

    /// Returns how many bytes a fragment takes on the medium.
    pub(crate) fn stored_fragment(&self, number: u32) -> u32 {
        self.place(number).1 & !STORED
    }

    fn place(&self, number: u32) -> (u64, u32) {
        let at = number as usize * 16;
        (le64(&self.fragments, at), le32(&self.fragments, at + 8))
    }

    fn fragment(&self, number: u32) -> io::Result<Arc<Vec<u8>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fragment)) = kept.iter().find(|(kept, _)| *kept == number) {
            return Ok(fragment.clone());
        }
        let (at, size) = self.place(number);
        let fragment = Arc::new(self.unpacked(at, size)?);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((number, fragment.clone()));
        Ok(fragment)
    }

    /// Gives a content to `take`, block by block.
    pub(crate) fn stream(
        &self,
        content: &Content,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let (mut at, mut left) = (content.start, content.size);
        for size in &content.blocks {
            let length = left.min(self.block_size as u64) as usize;
            let block = if *size == 0 { vec![0; length] } else { self.unpacked(at, *size)? };
            take(block.get(..length).ok_or_else(|| bad("a block is shorter than it says"))?)?;
            at += u64::from(size & !STORED);
            left -= length as u64;
        }
        if let Some((number, offset)) = content.fragment
            && left > 0
        {
            let fragment = self.fragment(number)?;
            let tail = fragment.get(offset as usize..).and_then(|rest| rest.get(..left as usize));
            take(tail.ok_or_else(|| bad("a fragment is shorter than it says"))?)?;
        }
        Ok(())
    }
}
