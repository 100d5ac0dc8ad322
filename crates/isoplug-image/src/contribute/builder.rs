//! Builds one contributor's overlay over a rootfs: the [`Rootfs`] of every stage that contributes.
//!
//! Keeps a view of the rootfs with all that was added so far, and appends the bytes of new files
//! to one pack. Knows no stage and no store.

mod clash;
mod hashed;
mod path;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use isoplug_formats::tree::pack::{Contents, PackWriter};
use isoplug_formats::tree::{self, Content, Entry, Kind, PackId, Tree, TreePath};
use isoplug_manifest::By;

use super::overlay::Overlay;
use super::{Attrs, ContributeError, Rootfs};
use hashed::Hashed;

/// Stands for the pack that is being written, whose id is not known yet.
const UNFINISHED: PackId = [0; 32];

/// Builds one overlay.
pub struct OverlayBuilder<'a> {
    by: By,
    epoch: u32,
    view: Tree,
    setters: BTreeMap<TreePath, By>,
    overlay: Overlay,
    told: Vec<String>,
    contents: &'a dyn Contents,
    log: &'a dyn Fn(&str),
    pack: PackWriter<File>,
    pack_file: File,
    pack_size: u64,
    pack_files: usize,
}

/// A finished overlay.
#[derive(Debug)]
pub struct Built {
    /// What was added and removed.
    pub overlay: Overlay,
    /// The id of the pack with the new files' bytes; `None` if there are no new files.
    pub pack: Option<PackId>,
    /// What whoever builds must know, a line each.
    pub told: Vec<String>,
}

impl<'a> OverlayBuilder<'a> {
    /// Begins the overlay of a contributor over a rootfs, with an empty file for its pack.
    ///
    /// # Errors
    ///
    /// When the file of the pack cannot be written.
    pub fn new(
        by: By,
        epoch: u32,
        rootfs: Tree,
        contents: &'a dyn Contents,
        pack: File,
        log: &'a dyn Fn(&str),
    ) -> io::Result<Self> {
        Ok(Self {
            by,
            epoch,
            view: rootfs,
            setters: BTreeMap::new(),
            overlay: Overlay::default(),
            told: Vec::new(),
            contents,
            log,
            pack_file: pack.try_clone()?,
            pack: PackWriter::new(pack),
            pack_size: 0,
            pack_files: 0,
        })
    }

    /// Lays over what an earlier contributor did.
    pub fn after(&mut self, by: &By, earlier: &Overlay) {
        earlier.apply(&mut self.view);
        for path in earlier.tree.entries.keys() {
            self.setters.insert(path.clone(), by.clone());
        }
    }

    /// Ends the overlay and its pack.
    ///
    /// # Errors
    ///
    /// When the file of the pack cannot be written.
    pub fn finish(mut self) -> io::Result<Built> {
        let (_, id, _) = self.pack.finish()?;
        for entry in self.overlay.tree.entries.values_mut() {
            if let Kind::File(content) = &mut entry.kind
                && content.pack == UNFINISHED
            {
                content.pack = id;
            }
        }
        self.overlay.removed.sort();
        self.overlay.removed.dedup();
        let pack = (self.pack_files > 0).then_some(id);
        Ok(Built { overlay: self.overlay, pack, told: self.told })
    }

    /// Returns where a path is to be written: links on the way followed, not one at its end.
    fn place(&self, path: &str) -> Result<TreePath, ContributeError> {
        let refuse = |reason| ContributeError::Path { path: path.to_owned(), reason };
        path::check(path).map_err(refuse)?;
        let parts: Vec<&[u8]> = tree::parts(path.as_bytes()).collect();
        let Some((name, folders)) = parts.split_last() else {
            return Err(refuse("the root folder itself cannot be set"));
        };
        let folder = self.view.resolve(folders.join(&b'/')).ok_or(refuse("a loop of links"))?;
        let mut up = Some(&folder[..]);
        while let Some(above) = up {
            if self.view.get(above).is_some_and(|entry| entry.kind != Kind::Directory) {
                return Err(refuse("a part of it is not a folder"));
            }
            up = tree::parent(above);
        }
        Ok(tree::join(&folder, name))
    }

    /// Returns where a path leads, all links followed; `None` for paths that lead nowhere.
    fn follow(&self, path: &str) -> Option<TreePath> {
        path::check(path).ok()?;
        self.view.resolve(path).filter(|path| self.view.entries.contains_key(path))
    }

    /// Sets an entry in the overlay and the view, unless what is there stays.
    fn set(&mut self, path: &str, entry: Entry, replace: bool) -> Result<(), ContributeError> {
        let place = self.place(path)?;
        let there = self.view.get(&place).map(|there| same(there, &entry));
        let is_users = self.setters.get(&place) == Some(&By::User) && self.by != By::User;
        match there {
            // What the user set stays the user's when another sets the same.
            Some(true) if is_users => return Ok(()),
            Some(false) if !replace && self.gives_way(path, &place)? => return Ok(()),
            _ => {}
        }
        let refuse = |reason| Err(ContributeError::Path { path: path.to_owned(), reason });
        let folder = |entry: &Entry| entry.kind == Kind::Directory;
        match self.view.get(&place) {
            Some(there) if folder(there) && !folder(&entry) => return refuse("it is a folder"),
            Some(there) if !folder(there) && folder(&entry) => return refuse("it is not a folder"),
            _ => {}
        }
        self.overlay.tree.entries.insert(place.clone(), entry.clone());
        self.lay(&place, entry);
        self.setters.insert(place, self.by.clone());
        Ok(())
    }

    /// Puts one entry into the view as the overlay will put it into the rootfs.
    fn lay(&mut self, place: &[u8], entry: Entry) {
        let file = |there: &Entry| matches!(there.kind, Kind::File(_) | Kind::HardLink(_));
        if !self.view.get(place).is_some_and(file) {
            self.view.insert(place, entry);
            return;
        }
        let mut one = Overlay::default();
        one.tree.entries.insert(place.to_vec(), entry);
        one.apply(&mut self.view);
    }

    /// Returns the bytes of a content, from the pack being written if they are there.
    fn bytes(&self, content: &Content) -> io::Result<Vec<u8>> {
        if content.pack != UNFINISHED {
            return self.contents.read(content);
        }
        let mut bytes = vec![0; usize::try_from(content.size).map_err(io::Error::other)?];
        self.pack_file.read_exact_at(&mut bytes, content.offset)?;
        Ok(bytes)
    }

    /// Appends bytes to the pack.
    fn append(&mut self, reader: &mut dyn Read) -> io::Result<Content> {
        let mut hashed = Hashed { reader, hasher: blake3::Hasher::new(), size: 0 };
        self.pack.append(&mut hashed)?;
        let (digest, size) = (*hashed.hasher.finalize().as_bytes(), hashed.size);
        let offset = self.pack_size;
        self.pack_size += size;
        self.pack_files += 1;
        Ok(Content { digest, size, pack: UNFINISHED, offset })
    }
}

impl Rootfs for OverlayBuilder<'_> {
    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        self.view.get(self.place(path).ok()?).cloned()
    }

    fn stat(&self, path: &str) -> Option<Entry> {
        self.view.get(self.follow(path)?).cloned()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ContributeError> {
        let entry = self.follow(path).and_then(|place| self.view.get(place));
        let content = match entry.map(|entry| &entry.kind) {
            Some(Kind::File(content)) => content,
            Some(Kind::HardLink(first)) => match self.view.get(first).map(|entry| &entry.kind) {
                Some(Kind::File(content)) => content,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let bytes = self.bytes(content);
        bytes.map(Some).map_err(|source| ContributeError::Io { path: path.to_owned(), source })
    }

    fn list(&self, path: &str) -> Vec<String> {
        let Some(folder) = self.follow(path) else { return Vec::new() };
        let below = if folder.is_empty() { folder } else { [&folder[..], b"/"].concat() };
        let names = self.view.entries.range(below.clone()..).map(|(path, _)| path);
        names
            .take_while(|path| path.starts_with(&below))
            .filter_map(|path| std::str::from_utf8(&path[below.len()..]).ok())
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .map(str::to_owned)
            .collect()
    }

    fn set_by(&self, path: &str) -> Option<By> {
        self.setters.get(&self.place(path).ok()?).cloned()
    }

    fn file(&mut self, path: &str, bytes: &[u8], attrs: Attrs) -> Result<(), ContributeError> {
        self.file_from(path, &mut &bytes[..], attrs)
    }

    fn file_from(
        &mut self,
        path: &str,
        content: &mut dyn Read,
        attrs: Attrs,
    ) -> Result<(), ContributeError> {
        self.place(path)?;
        let content = self
            .append(content)
            .map_err(|source| ContributeError::Io { path: path.to_owned(), source })?;
        self.set(path, owned(Kind::File(content), attrs, self.epoch), attrs.replace)
    }

    fn directory(&mut self, path: &str, attrs: Attrs) -> Result<(), ContributeError> {
        self.set(path, owned(Kind::Directory, attrs, self.epoch), attrs.replace)
    }

    fn symlink(&mut self, path: &str, target: &str) -> Result<(), ContributeError> {
        if target.is_empty() || target.contains('\0') {
            let reason = "a link needs a target without NUL";
            return Err(ContributeError::Path { path: path.to_owned(), reason });
        }
        let kind = Kind::Symlink(target.as_bytes().to_vec());
        self.set(path, Entry::new(kind, 0o777, self.epoch), false)
    }

    fn remove(&mut self, path: &str) -> Result<(), ContributeError> {
        let place = self.place(path)?;
        if self.view.get(&place).is_none() {
            return Ok(());
        }
        if self.stays(path, &place)? {
            return Ok(());
        }
        self.overlay.tree.remove(&place);
        let gone = Overlay { removed: vec![place], ..Overlay::default() };
        gone.apply(&mut self.view);
        self.overlay.removed.extend(gone.removed);
        Ok(())
    }

    fn log(&self, line: &str) {
        (self.log)(line);
    }

    fn tell(&mut self, line: &str) {
        self.told.push(line.to_owned());
    }
}

/// Tells whether two entries are the same but for time and place in a pack.
fn same(a: &Entry, b: &Entry) -> bool {
    let kinds = match (&a.kind, &b.kind) {
        (Kind::File(a), Kind::File(b)) => a.digest == b.digest,
        (a, b) => a == b,
    };
    kinds && (a.mode, a.uid, a.gid) == (b.mode, b.uid, b.gid)
}

fn owned(kind: Kind, attrs: Attrs, epoch: u32) -> Entry {
    let entry = Entry::new(kind, attrs.mode & 0o7777, epoch);
    Entry { uid: attrs.uid, gid: attrs.gid, ..entry }
}

#[cfg(test)]
mod tests;
