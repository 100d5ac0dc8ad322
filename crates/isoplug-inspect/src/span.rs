//! A part of a file that is read at any place: the medium, a partition, a file on it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::bad;

/// The most bytes that are read into memory at once: what a medium says of its lengths is not believed beyond.
const MOST: u64 = 1 << 30;

/// A range of a file.
#[derive(Debug, Clone)]
pub struct Span {
    file: Arc<File>,
    start: u64,
    size: u64,
}

impl Span {
    /// Opens a file as a whole.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), start: 0, size })
    }

    /// Returns a part of it; what lies beyond its end is left out.
    #[must_use]
    pub fn part(&self, at: u64, size: u64) -> Self {
        let at = at.min(self.size);
        Self { file: self.file.clone(), start: self.start + at, size: size.min(self.size - at) }
    }

    /// Returns its length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns where in the file it begins.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Reads some bytes.
    ///
    /// # Errors
    ///
    /// When they are not all there, or cannot be read.
    pub fn read(&self, at: u64, size: u64) -> io::Result<Vec<u8>> {
        if size > MOST || at.checked_add(size).is_none_or(|end| end > self.size) {
            return Err(bad(format!(
                "{size} bytes at {at} are not in the {} there are",
                self.size
            )));
        }
        let mut bytes = vec![0; size as usize];
        self.file.read_exact_at(&mut bytes, self.start + at)?;
        Ok(bytes)
    }

    /// Reads as many of these bytes as there are.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn read_some(&self, at: u64, size: u64) -> io::Result<Vec<u8>> {
        self.read(at.min(self.size), size.min(self.size.saturating_sub(at)))
    }

    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// When it is larger than a gibibyte or cannot be read.
    pub fn all(&self) -> io::Result<Vec<u8>> {
        self.read(0, self.size)
    }

    /// Returns a reader from its beginning.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { span: self.clone(), at: 0 }
    }
}

/// Reads a span from its beginning to its end.
#[derive(Debug)]
pub struct Reader {
    span: Span,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = (self.span.size - self.at).min(buffer.len() as u64) as usize;
        let read = self.span.file.read_at(&mut buffer[..left], self.span.start + self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
