//! Where bytes are that a plugin makes: in memory while they are few, else in files that their
//! digests name.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use isoplug_engine::{Digest, Hasher};
use tempfile::NamedTempFile;

use crate::Content;

/// The largest content that is kept in memory, in bytes.
pub(crate) const SMALL: usize = 64 << 10;

/// What one plugin may have in memory, in bytes.
const IN_MEMORY: usize = 32 << 20;

/// Keeps the bytes of one plugin.
pub(crate) struct Spool {
    folder: PathBuf,
    in_memory: usize,
    /// How many bytes it was given in all.
    pub(crate) taken: u64,
    /// In how many pieces.
    pub(crate) pieces: usize,
}

/// Bytes that come piece by piece.
#[derive(Default)]
pub(crate) struct Spooled {
    small: Vec<u8>,
    large: Option<(BufWriter<NamedTempFile>, Hasher)>,
    size: u64,
}

impl Spool {
    /// Keeps large contents in a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), in_memory: 0, taken: 0, pieces: 0 }
    }

    /// Keeps bytes that are there as a whole.
    pub(crate) fn keep(&mut self, bytes: Vec<u8>) -> io::Result<Content> {
        let mut spooled = Spooled::default();
        self.write(&mut spooled, &bytes)?;
        self.finish(spooled)
    }

    /// Adds a piece.
    pub(crate) fn write(&mut self, spooled: &mut Spooled, bytes: &[u8]) -> io::Result<()> {
        spooled.size += bytes.len() as u64;
        if spooled.large.is_none() {
            spooled.small.extend_from_slice(bytes);
            let room = IN_MEMORY.saturating_sub(self.in_memory);
            if spooled.small.len() <= SMALL.min(room) {
                return Ok(());
            }
            fs::create_dir_all(&self.folder)?;
            let file = BufWriter::new(NamedTempFile::new_in(&self.folder)?);
            spooled.large = Some((file, Hasher::new()));
            let small = std::mem::take(&mut spooled.small);
            return append(spooled, &small);
        }
        append(spooled, bytes)
    }

    /// Ends bytes that came piece by piece.
    pub(crate) fn finish(&mut self, spooled: Spooled) -> io::Result<Content> {
        let Some((file, hasher)) = spooled.large else {
            self.in_memory += spooled.small.len();
            return Ok(Content::bytes(spooled.small));
        };
        let (digest, path) = (hasher.finish(), file.into_inner().map_err(|e| e.into_error())?);
        let named = self.folder.join(digest.hex());
        if !is_whole(&named, spooled.size, digest) {
            path.persist(&named).map_err(|error| error.error)?;
        }
        Ok(Content::known_file(named, digest, spooled.size))
    }
}

fn append(spooled: &mut Spooled, bytes: &[u8]) -> io::Result<()> {
    if let Some((file, hasher)) = &mut spooled.large {
        file.write_all(bytes)?;
        hasher.update(bytes);
    }
    Ok(())
}

fn is_whole(path: &Path, size: u64, digest: Digest) -> bool {
    let Ok(file) = File::open(path) else { return false };
    file.metadata().is_ok_and(|metadata| metadata.len() == size)
        && Digest::of_file(&file).is_ok_and(|found| found == digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_bytes_go_into_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path());
        let small = spool.keep(b"few".to_vec()).unwrap();
        assert_eq!((small.path(), small.digest()), (None, Digest::of(b"few")));
        let mut spooled = Spooled::default();
        for _ in 0..3 {
            spool.write(&mut spooled, &[7; SMALL]).unwrap();
        }
        let large = spool.finish(spooled).unwrap();
        let path = folder.path().join(large.digest().hex());
        assert_eq!(large.path(), Some(path.as_path()));
        assert_eq!(large.to_vec().unwrap(), vec![7; 3 * SMALL]);
        assert_eq!(spool.keep(vec![7; 3 * SMALL]).unwrap(), large);
    }
}
