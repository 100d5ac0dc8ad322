//! A tree: the sorted entries of a file system, as data.
//!
//! Owners, modes, times and devices are metadata here, so building an image needs no root and no
//! mknod. File contents lie in packs ([`pack`]); a tree only says where. Knows no host paths.

mod attribute;
pub(crate) mod check;
pub mod lay;
pub mod pack;
mod prune;
pub mod scan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The path of an entry below the root: no leading slash, no `.` or `..`; the root itself is empty.
pub type TreePath = Vec<u8>;

/// The SHA-256 of a pack file, by which it is found.
pub type PackId = [u8; 32];

/// Where the bytes of a file are, and which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Content {
    /// BLAKE3 of the bytes.
    pub digest: [u8; 32],
    /// Length in bytes.
    pub size: u64,
    /// The pack that holds the bytes.
    pub pack: PackId,
    /// Where in the pack they begin, in bytes.
    pub offset: u64,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A folder.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// Another name of the file entry at this path, which sorts before this one.
    HardLink(TreePath),
    /// A character device: major, minor.
    CharDevice(u32, u32),
    /// A block device: major, minor.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// One entry. For a hard link, all but `kind` repeats what the first name says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: 0 to 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Extended attributes by full name (`security.capability`).
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Entry {
    /// Makes an entry of root's with no extended attributes.
    pub fn new(kind: Kind, mode: u16, mtime: u32) -> Self {
        Self { kind, mode, uid: 0, gid: 0, mtime, xattrs: BTreeMap::new() }
    }
}

/// The entries of a file system by path, in byte order of the path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The entries. Every parent of an entry is an entry too, up to the root, whose path is empty.
    pub entries: BTreeMap<TreePath, Entry>,
}

/// Why bytes are no tree.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin with the tree format's magic and version.
    #[error("not a tree of format 1")]
    Format,
    /// The bytes end early or hold values out of range.
    #[error("damaged tree: {0}")]
    Damaged(String),
}

const MAGIC: &[u8; 8] = b"isotree1";

impl Tree {
    /// Returns the bytes that stand for the tree in the store; equal trees give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = postcard::to_stdvec(&self.entries);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(entries.expect("a tree holds nothing that postcard cannot write"));
        bytes
    }

    /// Reads what [`Tree::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are of another format or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let body = bytes.strip_prefix(MAGIC).ok_or(Error::Format)?;
        // A map is written as its pairs; made of a sorted list it takes half of the memory that it
        // takes when they are put in one after the other.
        let pairs: Vec<(TreePath, Entry)> =
            postcard::from_bytes(body).map_err(|error| Error::Damaged(error.to_string()))?;
        Ok(Self { entries: pairs.into_iter().collect() })
    }

    /// Returns the packs that hold the tree's contents, sorted, each once.
    pub fn packs(&self) -> Vec<PackId> {
        let mut packs: Vec<PackId> = self.contents().map(|content| content.pack).collect();
        packs.sort_unstable();
        packs.dedup();
        packs
    }

    /// Walks the contents of all regular files in path order.
    pub fn contents(&self) -> impl Iterator<Item = &Content> {
        self.entries.values().filter_map(|entry| match &entry.kind {
            Kind::File(content) => Some(content),
            _ => None,
        })
    }

    /// Returns the entry at a path that may begin with a slash; symbolic links are not followed.
    pub fn get(&self, path: impl AsRef<[u8]>) -> Option<&Entry> {
        let path = path.as_ref();
        self.entries.get(path.strip_prefix(b"/").unwrap_or(path))
    }

    /// Returns the path with every symbolic link on the way followed inside the tree, the last
    /// part as well; the path itself may not exist. `None`: a loop of links.
    pub fn resolve(&self, path: impl AsRef<[u8]>) -> Option<TreePath> {
        let mut rest: Vec<Vec<u8>> = parts(path.as_ref()).rev().map(<[u8]>::to_vec).collect();
        let mut done: Vec<u8> = Vec::new();
        let mut links = 0..40;
        while let Some(part) = rest.pop() {
            let next = match part.as_slice() {
                b".." => above(&done),
                part => join(&done, part),
            };
            match self.entries.get(&next).map(|entry| &entry.kind) {
                Some(Kind::Symlink(target)) => {
                    links.next()?;
                    if target.starts_with(b"/") {
                        done.clear();
                    }
                    rest.extend(parts(target).rev().map(<[u8]>::to_vec));
                }
                _ => done = next,
            }
        }
        Some(done)
    }

    /// Adds an entry and the parents that it lacks (folders of root's, 0755, with its time).
    pub fn insert(&mut self, path: impl Into<TreePath>, entry: Entry) {
        let path = path.into();
        let mut parent = parent(&path);
        while let Some(folder) = parent {
            if self.entries.contains_key(folder) {
                break;
            }
            self.entries.insert(folder.to_vec(), Entry::new(Kind::Directory, 0o755, entry.mtime));
            parent = self::parent(folder);
        }
        self.entries.insert(path, entry);
    }

    /// Removes the entry at a path and all below it.
    pub fn remove(&mut self, path: &[u8]) {
        self.entries.remove(path);
        let below = join(path, b"");
        let doomed: Vec<TreePath> = self
            .entries
            .range(below.clone()..)
            .take_while(|(path, _)| path.starts_with(&below))
            .map(|(path, _)| path.clone())
            .collect();
        for path in doomed {
            self.entries.remove(&path);
        }
    }
}

/// Returns the parent of a path: `None` for the root.
pub fn parent(path: &[u8]) -> Option<&[u8]> {
    if path.is_empty() {
        return None;
    }
    Some(path.iter().rposition(|&b| b == b'/').map_or(&[][..], |slash| &path[..slash]))
}

/// Returns the last part of a path.
pub fn file_name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&b| b == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// Joins a folder's path and a name.
pub fn join(folder: &[u8], name: &[u8]) -> TreePath {
    if folder.is_empty() {
        return name.to_vec();
    }
    [folder, b"/", name].concat()
}

/// Walks the parts of a path, leaving out empty ones and `.`.
pub fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|part| !part.is_empty() && *part != b".")
}

/// Returns the names in a host folder in byte order, so that no walk depends on the host's order.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn sorted_names(folder: &std::path::Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    #[expect(clippy::disallowed_methods, reason = "the one place that sorts")]
    let entries = std::fs::read_dir(folder)?;
    let mut names = entries.map(|e| e.map(|e| e.file_name())).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    Ok(names)
}

fn above(path: &[u8]) -> TreePath {
    path[..path.iter().rposition(|&byte| byte == b'/').unwrap_or(0)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_round_trips_and_links_resolve_inside() {
        let mut tree = Tree::default();
        tree.insert(*b"usr/lib/x", Entry::new(Kind::Fifo, 0o600, 7));
        tree.insert(*b"lib", Entry::new(Kind::Symlink(b"usr/lib".to_vec()), 0o777, 7));
        tree.insert(*b"up", Entry::new(Kind::Symlink(b"/../lib/./x".to_vec()), 0o777, 7));
        assert_eq!(Tree::from_bytes(&tree.to_bytes()).unwrap(), tree);
        assert_eq!(tree.resolve("/up").unwrap(), b"usr/lib/x");
        assert_eq!(tree.resolve("lib/new").unwrap(), b"usr/lib/new");
        tree.remove(b"usr");
        assert_eq!(tree.entries.keys().collect::<Vec<_>>(), [&b""[..], b"lib", b"up"]);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut bytes = Tree::default().to_bytes();
        assert!(matches!(Tree::from_bytes(b"isotree2"), Err(Error::Format)));
        bytes.pop();
        assert!(matches!(Tree::from_bytes(&bytes), Err(Error::Damaged(_))));
    }
}
