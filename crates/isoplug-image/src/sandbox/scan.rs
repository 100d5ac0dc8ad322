//! Reads the work folder into a tree that does not tell when or where it was made, and takes the
//! folder's files away while doing so, so that they are on the disk only once.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use isoplug_formats::tree::pack::{PackWriter, Pending};
use isoplug_formats::tree::scan::earlier_name;
use isoplug_formats::tree::{Content, Entry, Kind, PackId, Tree, TreePath, join, sorted_names};

use super::known::Known;
use crate::finalise::{Fate, fate, settled};

/// How to read a folder.
pub(super) struct Scan<'a> {
    pub(super) folder: &'a Path,
    pub(super) known: &'a Known,
    /// Times after this become this; seconds since 1970.
    pub(super) epoch: u64,
    /// Times from this on mean "made here", and become the epoch.
    pub(super) start: i64,
}

type Found = BTreeMap<TreePath, Metadata>;

impl Scan<'_> {
    /// Reads all. Contents that are not known are appended to the pack, in path order.
    pub(super) fn tree<W: Write>(&self, mut pack: PackWriter<W>) -> io::Result<(Tree, PackId, W)> {
        let (mut tree, mut new, mut names) = (Tree::default(), Vec::new(), BTreeMap::new());
        for (path, metadata) in self.walk()? {
            let mut entry = match earlier_name(&metadata, &path, &mut names) {
                Some(first) => self.another_name(first, &tree, &metadata),
                None => self.read(&path, &metadata)?,
            };
            if matches!(entry.kind, Kind::File(_)) {
                match self.append(&path, &metadata, &mut pack)? {
                    Source::Known(content) => entry.kind = Kind::File(content),
                    Source::New(pending) => new.push((path.clone(), pending)),
                }
            }
            tree.entries.insert(path, entry);
        }
        let (out, id, finished) = pack.finish()?;
        for (path, pending) in new {
            if let Some(entry) = tree.entries.get_mut(&path) {
                entry.kind = Kind::File(finished.content(pending));
            }
        }
        Ok((tree, id, out))
    }

    fn walk(&self) -> io::Result<Found> {
        let mut found = Found::new();
        let mut waiting = vec![TreePath::new()];
        while let Some(path) = waiting.pop() {
            let host = host_path(self.folder, &path);
            let metadata = host.symlink_metadata()?;
            if fate(&path, metadata.is_file()) == Fate::Gone {
                continue;
            }
            if metadata.is_dir() {
                let names = sorted_names(&host)?.into_iter();
                waiting.extend(names.map(|name| join(&path, &name.into_vec())));
            }
            found.insert(path, metadata);
        }
        Ok(found)
    }

    fn another_name(&self, first: TreePath, tree: &Tree, metadata: &Metadata) -> Entry {
        let first_entry = tree.entries.get(&first);
        let xattrs = first_entry.map(|entry| entry.xattrs.clone()).unwrap_or_default();
        Entry { xattrs, ..self.entry(Kind::HardLink(first), metadata) }
    }

    fn read(&self, path: &[u8], metadata: &Metadata) -> io::Result<Entry> {
        let host = host_path(self.folder, path);
        let kind = kind(&host, metadata)?;
        Ok(Entry { xattrs: attributes(&host)?, ..self.entry(kind, metadata) })
    }

    fn entry(&self, kind: Kind, metadata: &Metadata) -> Entry {
        Entry {
            mode: (metadata.mode() & 0o7777) as u16,
            uid: metadata.uid(),
            gid: metadata.gid(),
            mtime: self.time(&kind, metadata.mtime()),
            kind,
            xattrs: BTreeMap::new(),
        }
    }

    /// A folder's time says when its names changed, so always when it was made here.
    fn time(&self, kind: &Kind, time: i64) -> u32 {
        let epoch = u32::try_from(self.epoch).unwrap_or(u32::MAX);
        let made_here = *kind == Kind::Directory || time >= self.start;
        if made_here { epoch } else { u32::try_from(time.max(0)).unwrap_or(epoch).min(epoch) }
    }

    fn append<W: Write>(
        &self,
        path: &[u8],
        metadata: &Metadata,
        pack: &mut PackWriter<W>,
    ) -> io::Result<Source> {
        let host = host_path(self.folder, path);
        if fate(path, true) == Fate::Empty {
            return pack.append(io::empty()).map(Source::New);
        }
        if let Some(content) = self.known.content(path, metadata) {
            return Ok(Source::Known(content));
        }
        let pending = match settled(path, || std::fs::read(&host), self.epoch)? {
            Some(bytes) => pack.append(&bytes[..])?,
            None => pack.append(File::open(&host)?)?,
        };
        std::fs::remove_file(&host)?;
        Ok(Source::New(pending))
    }
}

enum Source {
    Known(Content),
    New(Pending),
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
        () => Kind::File(Content { digest: [0; 32], size: 0, pack: [0; 32], offset: 0 }),
    })
}

/// Returns the attributes that an image carries: those of users, and the capabilities of programs.
fn attributes(host: &Path) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for name in xattr::list(host)? {
        let bytes = name.as_bytes();
        if bytes != CAPABILITY && !bytes.starts_with(b"user.") {
            continue;
        }
        if let Some(value) = xattr::get(host, &name)? {
            found.insert(bytes.to_vec(), without_namespace(bytes, value));
        }
    }
    Ok(found)
}

const CAPABILITY: &[u8] = b"security.capability";

/// Turns capabilities that hold below one root user only (revision 3 of `vfs_cap_data` in
/// linux/capability.h) into those that hold everywhere (revision 2).
fn without_namespace(name: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    if name == CAPABILITY && value.len() == 24 && value[3] == 3 {
        value[3] = 2;
        value.truncate(20);
    }
    value
}

/// Returns the path of an entry in the work folder.
pub(super) fn host_path(folder: &Path, path: &[u8]) -> PathBuf {
    folder.join(std::ffi::OsStr::from_bytes(path))
}
