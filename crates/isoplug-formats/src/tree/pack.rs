//! A pack: the contents of many files, one after the other, in one file that never changes.
//!
//! One open file serves thousands of small reads, and a tree can be copied by copying its list.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use super::{Content, PackId, Tree};

/// Writes contents one after the other and keeps both digests.
pub struct PackWriter<W: Write> {
    out: W,
    sha256: Sha256,
    offset: u64,
    written: Vec<(u64, u64, [u8; 32])>,
    /// Kept, since clearing a new one for each file would take longer than most files.
    buffer: Vec<u8>,
}

/// A content that is in a pack whose id is known only when the pack is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending(usize);

impl<W: Write> PackWriter<W> {
    /// Begins a pack.
    pub fn new(out: W) -> Self {
        let buffer = vec![0; 256 * 1024];
        Self { out, sha256: Sha256::new(), offset: 0, written: Vec::new(), buffer }
    }

    /// Appends all that the reader gives.
    ///
    /// # Errors
    ///
    /// When the reader or the sink fails.
    pub fn append(&mut self, mut reader: impl Read) -> io::Result<Pending> {
        let (start, mut blake3) = (self.offset, blake3::Hasher::new());
        loop {
            let read = reader.read(&mut self.buffer)?;
            if read == 0 {
                break;
            }
            let bytes = &self.buffer[..read];
            blake3.update(bytes);
            self.sha256.update(bytes);
            self.out.write_all(bytes)?;
            self.offset += read as u64;
        }
        self.written.push((start, self.offset - start, *blake3.finalize().as_bytes()));
        Ok(Pending(self.written.len() - 1))
    }

    /// Ends the pack: returns the sink, the pack's id and what each pending content became.
    ///
    /// # Errors
    ///
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<(W, PackId, Finished)> {
        self.out.flush()?;
        let pack: PackId = self.sha256.finalize().into();
        Ok((self.out, pack, Finished { pack, written: self.written }))
    }
}

/// The contents of a finished pack.
pub struct Finished {
    pack: PackId,
    written: Vec<(u64, u64, [u8; 32])>,
}

impl Finished {
    /// Returns the content that was appended under this token.
    pub fn content(&self, Pending(index): Pending) -> Content {
        let (offset, size, digest) = self.written[index];
        Content { digest, size, pack: self.pack, offset }
    }
}

/// Reads contents by position; shared by threads.
pub trait Contents: Sync {
    /// Fills the buffer with the bytes of a content from `offset` on. Reading past its end is an error.
    ///
    /// # Errors
    ///
    /// When the content cannot be read, or ends before the buffer is full.
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Returns all bytes of a content.
    ///
    /// # Errors
    ///
    /// When the content cannot be read.
    fn read(&self, content: &Content) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(content.size).map_err(io::Error::other)?];
        self.read_at(content, 0, &mut bytes)?;
        Ok(bytes)
    }
}

/// Open packs by id.
#[derive(Default)]
pub struct Packs(BTreeMap<PackId, File>);

impl Packs {
    /// Opens the packs of a tree, each through `open`.
    ///
    /// # Errors
    ///
    /// When `open` fails.
    pub fn open(tree: &Tree, open: impl Fn(&PackId) -> io::Result<File>) -> io::Result<Self> {
        tree.packs().into_iter().map(|id| Ok((id, open(&id)?))).collect::<io::Result<_>>().map(Self)
    }

    /// Adds an open pack.
    pub fn add(&mut self, id: PackId, file: File) {
        self.0.insert(id, file);
    }
}

impl Contents for Packs {
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset.saturating_add(buffer.len() as u64) > content.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let file = self.0.get(&content.pack).ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(buffer, content.offset + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_read_back() {
        let mut pack = PackWriter::new(Vec::new());
        let tokens = [&b"one"[..], b"", b"three"].map(|bytes| pack.append(bytes).unwrap());
        let (bytes, id, finished) = pack.finish().unwrap();
        assert_eq!(bytes, b"onethree");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut packs = Packs::default();
        packs.add(id, file);
        let read = tokens.map(|token| packs.read(&finished.content(token)).unwrap());
        assert_eq!(read, [b"one".to_vec(), b"".to_vec(), b"three".to_vec()]);
        let three = finished.content(tokens[2]);
        assert!(packs.read_at(&three, 3, &mut [0; 3]).is_err());
    }
}
