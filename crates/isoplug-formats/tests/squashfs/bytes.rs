//! Contents in memory for trees that no folder holds, counting how much of them is read.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::atomic::{AtomicU64, Ordering};

use isoplug_formats::squashfs::{BlockCache, NoCache, NoWatch, Options, Summary, write};
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Content, Kind, Tree};

/// Contents by digest; one that is longer than its bytes goes on with zeros.
#[derive(Default)]
pub(crate) struct Memory {
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
    pub(crate) read: AtomicU64,
}

impl Memory {
    /// Remembers bytes and returns the file entry's kind.
    pub(crate) fn file(&mut self, bytes: &[u8]) -> Kind {
        let digest = *blake3::hash(bytes).as_bytes();
        self.blobs.insert(digest, bytes.to_vec());
        Kind::File(Content { digest, size: bytes.len() as u64, pack: [0; 32], offset: 0 })
    }

    /// Remembers bytes that are followed by zeros up to a size; the digest is made up.
    pub(crate) fn sparse_file(&mut self, bytes: &[u8], size: u64) -> Kind {
        let digest = *blake3::hash(&[bytes, &size.to_le_bytes()].concat()).as_bytes();
        self.blobs.insert(digest, bytes.to_vec());
        Kind::File(Content { digest, size, pack: [0; 32], offset: 0 })
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} contents", self.blobs.len())
    }
}

impl Contents for Memory {
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        let bytes = self.blobs.get(&content.digest).ok_or(io::ErrorKind::NotFound)?;
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let known = rest.len().min(buffer.len());
        buffer[..known].copy_from_slice(&rest[..known]);
        buffer[known..].fill(0);
        Ok(())
    }
}

/// Returns the image of a tree.
pub(crate) fn image(tree: &Tree, contents: &dyn Contents, options: &Options) -> Vec<u8> {
    cached_image(tree, contents, options, &NoCache).0
}

/// Returns the image of a tree, made with a cache, and what was said about it.
pub(crate) fn cached_image(
    tree: &Tree,
    contents: &dyn Contents,
    options: &Options,
    cache: &dyn BlockCache,
) -> (Vec<u8>, Summary) {
    let mut out = Cursor::new(Vec::new());
    let summary = write(&mut out, tree, contents, options, cache, &NoWatch).unwrap();
    let bytes = out.into_inner();
    assert_eq!(bytes.len() as u64, summary.bytes);
    (bytes, summary)
}

/// Returns bytes that no codec makes smaller.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Returns bytes that every codec makes smaller.
pub(crate) fn text(seed: u64, length: usize) -> Vec<u8> {
    let words = (0..).map(|turn| format!("{} ", blake3::hash(&[seed as u8, turn % 50]).to_hex()));
    let mut bytes = Vec::new();
    for word in words {
        if bytes.len() >= length {
            break;
        }
        bytes.extend_from_slice(&word.as_bytes()[..20]);
    }
    bytes.truncate(length);
    bytes
}
