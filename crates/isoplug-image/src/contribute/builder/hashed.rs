//! A reader that hashes what it reads.

use std::io::{self, Read};

/// Hashes and counts what is read through it.
pub(super) struct Hashed<'a> {
    pub(super) reader: &'a mut dyn Read,
    pub(super) hasher: blake3::Hasher,
    pub(super) size: u64,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
