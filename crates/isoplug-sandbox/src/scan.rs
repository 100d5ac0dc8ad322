//! Reads the work folder into a tree that does not tell when or where it was made, and takes the
//! folder's files away while doing so, so that they are on the disk only once.

mod acl;

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use isoplug_formats::tree::pack::{PackWriter, Pending};
use isoplug_formats::tree::scan::earlier_name;
use isoplug_formats::tree::{Content, Entry, Kind, PackId, Tree, TreePath, join};

use super::known::{Known, State, holds};
use super::rooted::still::Still;
use crate::finalise::{Fate, File, fate, headers, settled};
use crate::state::{known, remove_links};

/// How to read a folder.
pub(super) struct Scan<'a> {
    pub(super) folder: Still<'a>,
    pub(super) known: &'a Known,
    /// Times after this become this; seconds since 1970.
    pub(super) epoch: u64,
    /// Times from this on mean "made here", and become the epoch.
    pub(super) start: i64,
    /// Whether packages were installed, whose scripts make state of the machine.
    pub(super) packages: bool,
    /// Bytes that are free where the pack is written.
    pub(super) free: u64,
}

/// The unit in which file systems count (stat(2)).
const BLOCK: u64 = 512;

type Found = BTreeMap<TreePath, Metadata>;

/// Files whose contents are new in the pack.
type New = Vec<(TreePath, Pending)>;

impl Scan<'_> {
    /// Reads all. Contents that are not known are appended to the pack, in path order.
    pub(super) fn tree<W: Write>(&self, mut pack: PackWriter<W>) -> io::Result<(Tree, PackId, W)> {
        let found = self.walk()?;
        self.check_holes(&found)?;
        let (mut tree, new) = self.entries(found, &mut pack)?;
        let (out, id, finished) = pack.finish()?;
        for (path, pending) in new {
            if let Some(entry) = tree.entries.get_mut(&path) {
                entry.kind = Kind::File(finished.content(pending));
            }
        }
        if self.packages {
            remove_links(&mut tree, known());
        }
        Ok((tree, id, out))
    }

    /// Returns the tree without the contents that were appended, and the files that have these.
    fn entries<W: Write>(&self, found: Found, pack: &mut PackWriter<W>) -> io::Result<(Tree, New)> {
        let (mut tree, mut new, mut names) = (Tree::default(), New::new(), BTreeMap::new());
        for (path, metadata) in found {
            let mut entry = match earlier_name(&metadata, &path, &mut names) {
                Some(first) => self.another_name(first, &tree, &metadata),
                None => self.read(&path, &metadata)?,
            };
            if matches!(entry.kind, Kind::File(_)) {
                match self.append(&path, &metadata, pack)? {
                    Source::Known(content) => entry.kind = Kind::File(content),
                    Source::New(pending) => new.push((path.clone(), pending)),
                }
            }
            tree.entries.insert(path, entry);
        }
        Ok((tree, new))
    }

    /// A hole in a file takes nothing here but is bytes like others in a pack.
    fn check_holes(&self, found: &Found) -> io::Result<()> {
        let files = found.values().filter(|metadata| metadata.is_file());
        let holes = files.map(|file| file.size().saturating_sub(file.blocks() * BLOCK));
        let holes = holes.fold(0, u64::saturating_add);
        if holes <= self.free {
            return Ok(());
        }
        let free = self.free >> 20;
        let holes = holes >> 20;
        Err(io::Error::other(format!(
            "its files have holes of {holes} MiB, and {free} MiB are free in the store; \
             let the program that makes them make smaller ones"
        )))
    }

    fn walk(&self) -> io::Result<Found> {
        let mut found = Found::new();
        let mut waiting = vec![TreePath::new()];
        while let Some(path) = waiting.pop() {
            let metadata = self.folder.metadata(&path)?;
            let is_state = self.packages && known().is_state(&path, metadata.is_dir());
            if is_state || fate(&path, metadata.is_file().then(|| file(&metadata))) == Fate::Gone {
                continue;
            }
            if metadata.is_dir() {
                let names = self.folder.names(&path)?.into_iter();
                waiting.extend(names.map(|name| join(&path, &name)));
            }
            found.insert(path, metadata);
        }
        Ok(found)
    }

    fn another_name(&self, first: TreePath, tree: &Tree, metadata: &Metadata) -> Entry {
        let first_entry = tree.entries.get(&first);
        let xattrs = first_entry.map(|entry| entry.xattrs.clone()).unwrap_or_default();
        let entry = self.entry(Kind::HardLink(first), metadata);
        Entry { xattrs, mode: first_entry.map_or(entry.mode, |first| first.mode), ..entry }
    }

    fn read(&self, path: &[u8], metadata: &Metadata) -> io::Result<Entry> {
        let kind = kind(self.folder, path, metadata)?;
        let mut xattrs = attributes(self.folder, path)?;
        let mut entry = self.entry(kind, metadata);
        if let Some(list) = xattrs.remove(acl::NAME) {
            entry.mode = acl::mode_without(&list, entry.mode);
        }
        Ok(Entry { xattrs, ..entry })
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
        if fate(path, Some(file(metadata))) == Fate::Empty {
            return pack.append(io::empty()).map(Source::New);
        }
        match self.known.state(path, metadata) {
            State::Same(content) => return Ok(Source::Known(content)),
            State::Unclear(content) if holds(self.folder.file(path)?, &content)? => {
                return Ok(Source::Known(content));
            }
            State::Unclear(_) | State::New => {}
        }
        let pending = match settled(path, || self.bytes(path), self.epoch)? {
            Some(bytes) => pack.append(&bytes[..])?,
            None => pack.append(self.content(path, metadata)?)?,
        };
        self.folder.remove(path)?;
        Ok(Source::New(pending))
    }

    /// Returns the bytes of a file, with the time of the image in the header of one that was made here.
    fn content(&self, path: &[u8], metadata: &Metadata) -> io::Result<impl Read> {
        let (mut file, mut head) = (self.folder.file(path)?, Vec::new());
        if metadata.mtime() >= self.start {
            (&mut file).take(headers::LENGTH).read_to_end(&mut head)?;
            headers::set_time(path, &mut head, self.start, self.epoch);
        }
        Ok(io::Cursor::new(head).chain(file))
    }

    fn bytes(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.folder.file(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

enum Source {
    Known(Content),
    New(Pending),
}

fn file(metadata: &Metadata) -> File {
    File { user: metadata.uid(), mode: metadata.mode() }
}

fn kind(folder: Still, path: &[u8], metadata: &Metadata) -> io::Result<Kind> {
    let (file_type, device) = (metadata.file_type(), metadata.rdev());
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    Ok(match () {
        () if file_type.is_dir() => Kind::Directory,
        () if file_type.is_symlink() => Kind::Symlink(folder.target(path)?),
        () if file_type.is_char_device() => Kind::CharDevice(major, minor),
        () if file_type.is_block_device() => Kind::BlockDevice(major, minor),
        () if file_type.is_fifo() => Kind::Fifo,
        () if file_type.is_socket() => Kind::Socket,
        () => Kind::File(Content { digest: [0; 32], size: 0, pack: [0; 32], offset: 0 }),
    })
}

/// Returns the attributes that an image carries: those of users, and the capabilities of programs. Besides them, the
/// list of who may reach it.
fn attributes(folder: Still, path: &[u8]) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let is_wanted =
        |name: &[u8]| name == CAPABILITY || name == acl::NAME || name.starts_with(b"user.");
    let found = folder.attributes(path, is_wanted)?.into_iter();
    Ok(found
        .map(|(name, value)| {
            let value = without_namespace(name.as_bytes(), value);
            (name.into_vec(), value)
        })
        .collect())
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
