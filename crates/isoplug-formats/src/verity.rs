//! Writes the hash tree by which the kernel's dm-verity checks each block of a device as it reads it, with the superblock
//! that libcryptsetup reads.
//!
//! Version 1 of the format (the kernel's Documentation/admin-guide/device-mapper/verity.rst; superblock: cryptsetup,
//! lib/verity/verity.c, `struct verity_sb`), SHA-256, blocks of 4 KiB, no salt. The blocks of a level are hashed into the
//! level above it until one block is left, whose hash is the root hash; the topmost level lies first. Knows no file system.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

/// Bytes of a block, of data and of hashes.
pub const BLOCK: usize = 4096;

/// A SHA-256.
pub type Hash = [u8; 32];

const HASHES_OF_BLOCK: u64 = (BLOCK / size_of::<Hash>()) as u64;
/// How many bytes are read at once: whole blocks.
const AT_ONCE: usize = 1024 * BLOCK;

/// Writes superblock and hash tree of all of `data` and returns the root hash. `watch` is told the bytes that were read,
/// and stops it by an error.
///
/// # Errors
///
/// When `data` is empty or no whole number of blocks, a file cannot be read or written, or `watch` says so.
pub fn write(
    data: &File,
    tree: &File,
    watch: &mut dyn FnMut(u64) -> io::Result<()>,
) -> io::Result<Hash> {
    let length = data.metadata()?.len();
    if length == 0 || !length.is_multiple_of(BLOCK as u64) {
        return Err(io::Error::other(format!("{length} bytes are not whole blocks of {BLOCK}")));
    }
    let blocks = length / BLOCK as u64;
    let mut levels = levels(blocks);
    let last = fill(data, length, (&mut levels, tree), watch)?;
    let root = finish(&mut levels, tree)?.or(last);
    let root = root.ok_or_else(|| io::Error::other("there is no block to hash"))?;
    tree.write_all_at(&superblock(blocks, &root), 0)?;
    Ok(root)
}

/// Hashes all data into the lowest level. Returns the root hash if every level is full.
fn fill(
    data: &File,
    length: u64,
    (levels, tree): (&mut [Level], &File),
    watch: &mut dyn FnMut(u64) -> io::Result<()>,
) -> io::Result<Option<Hash>> {
    let mut buffer = vec![0; AT_ONCE.min(usize::try_from(length).unwrap_or(AT_ONCE))];
    let (mut root, mut at) = (None, 0);
    while at < length {
        let count = buffer.len().min(usize::try_from(length - at).unwrap_or(AT_ONCE));
        let part = &mut buffer[..count];
        data.read_exact_at(part, at)?;
        let hashes: Vec<Hash> = part.par_chunks(BLOCK).map(hash).collect();
        for hash in hashes {
            root = push(levels, hash, tree)?.or(root);
        }
        at += count as u64;
        watch(at)?;
    }
    Ok(root)
}

fn hash(block: &[u8]) -> Hash {
    Sha256::digest(block).into()
}

/// A level of the tree: where its next block goes, and what of that is there.
struct Level {
    at: u64,
    block: Vec<u8>,
}

/// Returns the levels, the lowest first, of so many blocks of data; each is a whole number of blocks.
fn levels(blocks: u64) -> Vec<Level> {
    let mut sizes = Vec::new();
    let mut below = blocks;
    while below > 1 {
        below = below.div_ceil(HASHES_OF_BLOCK);
        sizes.push(below);
    }
    let place = |level: usize| 1 + sizes[level + 1..].iter().sum::<u64>();
    let level = |level| Level { at: place(level) * BLOCK as u64, block: Vec::with_capacity(BLOCK) };
    (0..sizes.len()).map(level).collect()
}

/// Adds a hash to the lowest of some levels, and to those above it what becomes full. Returns the hash if there is none.
fn push(levels: &mut [Level], hash_below: Hash, tree: &File) -> io::Result<Option<Hash>> {
    let Some((level, above)) = levels.split_first_mut() else { return Ok(Some(hash_below)) };
    level.block.extend(hash_below);
    if level.block.len() < BLOCK {
        return Ok(None);
    }
    push(above, level.flush(tree)?, tree)
}

/// Writes what is begun of each level. Returns the hash of the topmost block, if that was begun.
fn finish(levels: &mut [Level], tree: &File) -> io::Result<Option<Hash>> {
    let Some((level, above)) = levels.split_first_mut() else { return Ok(None) };
    let pushed = match level.block.is_empty() {
        true => None,
        false => push(above, level.flush(tree)?, tree)?,
    };
    Ok(finish(above, tree)?.or(pushed))
}

impl Level {
    /// Writes its block, filled up with zeros, and returns the hash of it.
    fn flush(&mut self, tree: &File) -> io::Result<Hash> {
        self.block.resize(BLOCK, 0);
        tree.write_all_at(&self.block, self.at)?;
        let hash = hash(&self.block);
        self.at += BLOCK as u64;
        self.block.clear();
        Ok(hash)
    }
}

/// Returns the block before the tree. The number by which device mapper knows it follows from the root hash.
fn superblock(blocks: u64, root: &Hash) -> Vec<u8> {
    const FORMAT: u32 = 1;
    const VERSION: u32 = 1;
    let mut sb = Vec::with_capacity(BLOCK);
    sb.extend(b"verity\0\0");
    sb.extend(FORMAT.to_le_bytes());
    sb.extend(VERSION.to_le_bytes());
    sb.extend(&root[..16]);
    sb.extend(b"sha256");
    sb.resize(64, 0);
    sb.extend((BLOCK as u32).to_le_bytes());
    sb.extend((BLOCK as u32).to_le_bytes());
    sb.extend(blocks.to_le_bytes());
    // No salt: its length, and what it may have.
    sb.resize(BLOCK, 0);
    sb
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use isoplug_skip::has;
    use tempfile::NamedTempFile;

    use super::*;

    /// Returns files with so many blocks, no two alike, and with their tree.
    fn made(blocks: usize) -> (NamedTempFile, NamedTempFile, Hash) {
        let bytes: Vec<u8> =
            (0..blocks).flat_map(|it| (it as u32).to_le_bytes().repeat(BLOCK / 4)).collect();
        let [data, tree] = [(); 2].map(|()| NamedTempFile::new().unwrap());
        data.as_file().write_all_at(&bytes, 0).unwrap();
        let root = write(data.as_file(), tree.as_file(), &mut |_| Ok(())).unwrap();
        (data, tree, root)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn verifies(data: &NamedTempFile, tree: &NamedTempFile, root: &str) -> bool {
        let mut veritysetup = Command::new("veritysetup");
        veritysetup.arg("verify").args([data.path(), tree.path()]).arg(root);
        veritysetup.output().unwrap().status.success()
    }

    /// One block has no tree; one more than a level holds begins another.
    const SIZES: [usize; 8] = [1, 2, 127, 128, 129, 1024, 128 * 128, 128 * 128 + 1];

    #[test]
    fn veritysetup_makes_the_same_tree_and_verifies_this_one() {
        if !has("veritysetup") {
            return;
        }
        for blocks in SIZES {
            let (data, tree, root) = made(blocks);
            let root = hex(&root);
            assert!(verifies(&data, &tree, &root), "{blocks}");
            let theirs = NamedTempFile::new().unwrap();
            let mut veritysetup = Command::new("veritysetup");
            veritysetup.args(["format", "--salt=-"]).args([data.path(), theirs.path()]);
            let output = veritysetup.output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(said.contains(&root), "{blocks}: {said}");
            let [own, theirs] = [&tree, &theirs].map(|file| std::fs::read(file.path()).unwrap());
            let number = 16..32;
            assert_eq!(own[..number.start], theirs[..number.start], "{blocks}");
            assert_eq!(own[number.end..512], theirs[number.end..512], "{blocks}");
            assert_eq!(own.get(BLOCK..), theirs.get(BLOCK..), "{blocks}");
        }
    }

    #[test]
    fn veritysetup_finds_a_changed_byte() {
        if !has("veritysetup") {
            return;
        }
        let (data, tree, root) = made(300);
        let root = hex(&root);
        data.as_file().write_all_at(&[9], 200 * BLOCK as u64 + 5).unwrap();
        assert!(!verifies(&data, &tree, &root));
    }

    /// Worked out by hand for two blocks: the root is the hash of both hashes.
    #[test]
    fn the_root_is_the_hash_of_the_topmost_block() {
        let (_, tree, root) = made(2);
        let mut top = [hash(&[0; BLOCK]), hash(&[1, 0, 0, 0].repeat(BLOCK / 4))].concat();
        top.resize(BLOCK, 0);
        assert_eq!(root, hash(&top));
        let written = std::fs::read(tree.path()).unwrap();
        assert_eq!((&written[..8], &written[BLOCK..]), (&b"verity\0\0"[..], &top[..]));
    }

    #[test]
    fn half_a_block_is_an_error_and_so_is_nothing() {
        for length in [0, BLOCK as u64 - 1] {
            let [data, tree] = [(); 2].map(|()| NamedTempFile::new().unwrap());
            data.as_file().set_len(length).unwrap();
            assert!(write(data.as_file(), tree.as_file(), &mut |_| Ok(())).is_err());
        }
    }
}
