//! A file in the making: how much of it is there, and the hash of that much.

use std::fs::File;
use std::io::{self, Seek, Write};

use isoplug_engine::{Digest, Hasher};

/// A file that grows at its end, hashed as it grows.
pub(super) struct Partial<'f> {
    file: &'f File,
    hasher: Hasher,
    size: u64,
    resumed: bool,
}

impl<'f> Partial<'f> {
    /// Empties the file.
    pub(super) fn begin(file: &'f File) -> io::Result<Self> {
        let mut partial = Self { file, hasher: Hasher::new(), size: 0, resumed: false };
        partial.restart()?;
        Ok(partial)
    }

    /// Throws away what is there.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        (self.hasher, self.size, self.resumed) = (Hasher::new(), 0, false);
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Notes that what follows comes from another transfer than what is there.
    pub(super) fn resume(&mut self) {
        self.resumed = self.size > 0;
    }

    /// Whether the bytes come from more than one transfer.
    pub(super) fn resumed(&self) -> bool {
        self.resumed
    }

    /// How many bytes are there.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The digest of the bytes that are there.
    pub(super) fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }
}
