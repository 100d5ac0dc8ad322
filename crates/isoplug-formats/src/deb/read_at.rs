//! Reads from a place in something, so that several readers share one opened file.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::Member;

/// Bytes that can be read at any place without moving a cursor.
pub trait ReadAt: Sync {
    /// Reads some bytes that begin at `offset`; 0 at the end.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Returns the length in bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be told.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for &[u8] {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let length = buffer.len().min(self.len() - start);
        buffer[..length].copy_from_slice(&self[start..start + length]);
        Ok(length)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

/// The bytes of one member.
pub(super) struct Section<'a, F> {
    file: &'a F,
    offset: u64,
    end: u64,
}

impl<'a, F: ReadAt> Section<'a, F> {
    pub(super) fn new(file: &'a F, member: &Member) -> Self {
        Self { file, offset: member.offset, end: member.offset.saturating_add(member.size) }
    }
}

impl<F: ReadAt> Read for Section<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.offset).min(buffer.len() as u64) as usize;
        let count = self.file.read_at(&mut buffer[..left], self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
