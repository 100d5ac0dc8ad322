//! Reads a folder of the build machine into a tree and a pack.
//!
//! Keeps owners, modes, times in seconds, hard links, devices and the extended attributes of the
//! `user`, `trusted` and `security` namespaces. Knows no images; [`super::lay`] is the way back.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::attribute;
use super::pack::{Finished, PackWriter, Pending};
use super::{Content, Entry, Kind, Tree, TreePath, join, sorted_names};

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct Error {
    /// What was tried.
    action: &'static str,
    /// The entry at fault.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// A tree whose contents are in a pack that is not finished yet.
pub struct Scanned {
    tree: Tree,
    files: Vec<(TreePath, Pending)>,
}

impl Scanned {
    /// Returns the tree, now that the pack has an id.
    pub fn tree(mut self, finished: &Finished) -> Tree {
        for (path, pending) in self.files {
            if let Some(entry) = self.tree.entries.get_mut(&path) {
                entry.kind = Kind::File(finished.content(pending));
            }
        }
        self.tree
    }
}

/// Reads all that is below a folder, and the folder itself as the root; contents are appended to
/// the pack in path order. Symbolic links are not followed; other mounts below are entered.
///
/// Times before 1970 and after 2106 become the nearest that a tree can hold.
///
/// # Errors
///
/// When something cannot be read, or the pack cannot be written.
pub fn scan<W: Write>(folder: &Path, pack: &mut PackWriter<W>) -> Result<Scanned, Error> {
    let mut scanned = Scanned { tree: Tree::default(), files: Vec::new() };
    let mut names = BTreeMap::new();
    for (path, (host, metadata)) in walk(folder)? {
        let entry = match earlier_name(&metadata, &path, &mut names) {
            Some(first) => another_name(first, &scanned.tree, &metadata),
            None => read(&host, &metadata)?,
        };
        if matches!(entry.kind, Kind::File(_)) {
            scanned.files.push((path.clone(), append(&host, pack)?));
        }
        scanned.tree.entries.insert(path, entry);
    }
    Ok(scanned)
}

type Found = BTreeMap<TreePath, (PathBuf, Metadata)>;

fn walk(folder: &Path) -> Result<Found, Error> {
    let mut found = Found::new();
    let mut waiting = vec![(TreePath::new(), folder.to_path_buf())];
    while let Some((path, host)) = waiting.pop() {
        let metadata = if path.is_empty() { host.metadata() } else { host.symlink_metadata() };
        let metadata = metadata.map_err(failed("look at", &host))?;
        if metadata.is_dir() {
            for name in sorted_names(&host).map_err(failed("list", &host))? {
                let below = host.join(&name);
                waiting.push((join(&path, &name.into_vec()), below));
            }
        }
        found.insert(path, (host, metadata));
    }
    Ok(found)
}

/// Returns the path under which this inode was met before, if it was, and remembers it in `names`.
pub fn earlier_name(
    metadata: &Metadata,
    path: &TreePath,
    names: &mut BTreeMap<(u64, u64), TreePath>,
) -> Option<TreePath> {
    if metadata.is_dir() || metadata.nlink() < 2 {
        return None;
    }
    let inode = (metadata.dev(), metadata.ino());
    let first = names.get(&inode).cloned();
    if first.is_none() {
        names.insert(inode, path.clone());
    }
    first
}

fn another_name(first: TreePath, tree: &Tree, metadata: &Metadata) -> Entry {
    let xattrs = tree.entries.get(&first).map(|entry| entry.xattrs.clone()).unwrap_or_default();
    Entry { xattrs, ..entry(Kind::HardLink(first), metadata) }
}

fn entry(kind: Kind, metadata: &Metadata) -> Entry {
    Entry {
        kind,
        mode: (metadata.mode() & 0o7777) as u16,
        uid: metadata.uid(),
        gid: metadata.gid(),
        mtime: metadata.mtime().clamp(0, i64::from(u32::MAX)) as u32,
        xattrs: BTreeMap::new(),
    }
}

fn read(host: &Path, metadata: &Metadata) -> Result<Entry, Error> {
    let kind = kind(host, metadata).map_err(failed("read", host))?;
    let xattrs = attribute::read(host).map_err(failed("read the extended attributes of", host))?;
    Ok(Entry { xattrs, ..entry(kind, metadata) })
}

fn kind(host: &Path, metadata: &Metadata) -> io::Result<Kind> {
    let (file_type, device) = (metadata.file_type(), metadata.rdev());
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    Ok(match () {
        () if file_type.is_dir() => Kind::Directory,
        () if file_type.is_symlink() => {
            Kind::Symlink(host.read_link()?.into_os_string().into_vec())
        }
        () if file_type.is_char_device() => Kind::CharDevice(major, minor),
        () if file_type.is_block_device() => Kind::BlockDevice(major, minor),
        () if file_type.is_fifo() => Kind::Fifo,
        () if file_type.is_socket() => Kind::Socket,
        () => Kind::File(UNKNOWN),
    })
}

/// Stands for a content until the pack is finished.
const UNKNOWN: Content = Content { digest: [0; 32], size: 0, pack: [0; 32], offset: 0 };

fn append<W: Write>(host: &Path, pack: &mut PackWriter<W>) -> Result<Pending, Error> {
    let file = File::open(host).map_err(failed("open", host))?;
    pack.append(file).map_err(failed("pack", host))
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error { action, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::pack::{Contents, Packs};

    #[test]
    fn names_that_sort_apart_from_the_walk_share_one_content() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/x"), "text").unwrap();
        std::fs::hard_link(folder.path().join("a/x"), folder.path().join("a.b")).unwrap();

        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let scanned = scan(folder.path(), &mut pack).unwrap();
        let (file, id, finished) = pack.finish().unwrap();
        let tree = scanned.tree(&finished);
        let mut packs = Packs::default();
        packs.add(id, file);

        let Kind::File(content) = &tree.get("a.b").unwrap().kind else { panic!("no file") };
        assert_eq!(packs.read(content).unwrap(), b"text");
        assert_eq!(tree.get("a/x").unwrap().kind, Kind::HardLink(b"a.b".to_vec()));
        assert_eq!(tree.get("").unwrap().kind, Kind::Directory);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = scan(Path::new("/no/such"), &mut PackWriter::new(Vec::new())).err().unwrap();
        assert!(error.to_string().starts_with("cannot look at /no/such: "), "{error}");
    }
}
