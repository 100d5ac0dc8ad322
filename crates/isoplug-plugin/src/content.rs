//! Immutable bytes with their digest: in memory, in a file, or secret.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use isoplug_engine::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::kept::record::KeptContent;

/// Immutable bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "KeptContent", try_from = "KeptContent")]
pub struct Content {
    digest: Digest,
    size: u64,
    place: Place,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Memory(Arc<[u8]>),
    File(Arc<Path>),
    Secret(Arc<str>, Arc<[u8]>),
}

impl Content {
    /// Takes bytes.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
        Self { digest, size, place: Place::Memory(bytes) }
    }

    /// Takes a file of the build machine, and reads it once for its digest.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { digest: Digest::of_file(&file)?, size, place: Place::File(path.into()) })
    }

    /// Takes a file whose digest and size in bytes are known.
    pub fn known_file(path: PathBuf, digest: Digest, size: u64) -> Self {
        Self { digest, size, place: Place::File(path.into()) }
    }

    /// Takes a secret of this name.
    pub(crate) fn secret(name: &str, bytes: Vec<u8>) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
        Self { digest, size, place: Place::Secret(name.into(), bytes) }
    }

    /// Returns the SHA-256 of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns how many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the name of the secret that it is, if it is one.
    pub fn secret_name(&self) -> Option<&str> {
        match &self.place {
            Place::Secret(name, _) => Some(name),
            _ => None,
        }
    }

    /// Returns the bytes if they are in memory and no secret.
    pub(crate) fn plain(&self) -> Option<&[u8]> {
        match &self.place {
            Place::Memory(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the file that holds the bytes, if one does.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            _ => None,
        }
    }

    /// Reads all of it. The reader fails at the end if a file is no longer what it was.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.place {
            Place::Memory(bytes) | Place::Secret(_, bytes) => {
                Box::new(Cursor::new(Arc::clone(bytes)))
            }
            Place::File(path) => Box::new(Checked {
                file: File::open(path)?,
                hasher: Some(Hasher::new()),
                digest: self.digest,
            }),
        })
    }

    /// Returns all bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns at most `length` bytes from an offset.
    pub(crate) fn part(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut part = vec![0; length.min(left)];
        match &self.place {
            Place::File(path) => File::open(path)?.read_exact_at(&mut part, offset)?,
            Place::Memory(bytes) | Place::Secret(_, bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let end = start + part.len();
                part.copy_from_slice(&bytes[start..end]);
            }
        }
        Ok(part)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Secret(name, _) => write!(f, "secret `{name}`"),
            _ => write!(f, "{} bytes, {}", self.size, self.digest),
        }
    }
}

/// Reads a file and compares its digest at the end.
struct Checked {
    file: File,
    hasher: Option<Hasher>,
    digest: Digest,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..read]);
        }
        if read == 0
            && !buffer.is_empty()
            && let Some(hasher) = self.hasher.take()
            && hasher.finish() != self.digest
        {
            return Err(io::Error::other("the file has changed since a plugin took it"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("word");
        std::fs::write(&path, "before").unwrap();
        let content = Content::file(&path).unwrap();
        assert_eq!(content.to_vec().unwrap(), b"before");
        assert_eq!(content.part(2, 100).unwrap(), b"fore");
        std::fs::write(&path, "behind").unwrap();
        let error = content.to_vec().unwrap_err().to_string();
        assert_eq!(error, "the file has changed since a plugin took it");
    }

    #[test]
    fn parts_end_with_the_content() {
        let content = Content::bytes(*b"abc");
        assert_eq!(content.part(0, 2).unwrap(), b"ab");
        assert_eq!(content.part(2, 9).unwrap(), b"c");
        assert_eq!(content.part(u64::MAX, 9).unwrap(), b"");
        assert_eq!(format!("{:?}", Content::secret("key", b"abc".to_vec())), "secret `key`");
    }
}
