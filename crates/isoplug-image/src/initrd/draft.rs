//! The files of an initrd while they are being collected, with initramfs-tools' ways of copying.
//!
//! A file is copied by noting where its bytes lie. Knows no kernel modules.

use std::collections::BTreeMap;
use std::io;

use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{self, Content, Entry, Kind, Tree, TreePath};

use super::classes::Request;
use super::libraries;
use isoplug_sandbox::stored::StoredError;

/// Why the files cannot be collected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The layer has something that only its own mkinitramfs knows how to treat.
    #[error("{path}: {reason}")]
    Unknown {
        /// The path in the layer.
        path: String,
        /// What is unknown about it.
        reason: String,
    },
    /// A file's bytes cannot be read.
    #[error("cannot read the layer: {0}")]
    Io(#[from] io::Error),
    /// A program of the layer cannot be run.
    #[error(transparent)]
    Program(#[from] StoredError),
}

/// Says that the layer has something unknown.
pub(super) fn unknown(path: impl AsRef<[u8]>, reason: impl Into<String>) -> Error {
    let path = String::from_utf8_lossy(path.as_ref()).into_owned();
    Error::Unknown { path, reason: reason.into() }
}

/// A file whose bytes no package brought.
pub(super) struct Made {
    pub(super) mode: u16,
    pub(super) bytes: Vec<u8>,
}

/// The files of an initrd so far.
pub(super) struct Draft<'a> {
    pub(super) layer: &'a Tree,
    pub(super) contents: &'a dyn Contents,
    /// What the initrd has; the contents lie where the layer's lie.
    pub(super) tree: Tree,
    /// Files of the initrd that are not in `tree`.
    pub(super) made: BTreeMap<TreePath, Made>,
    /// Kernel modules that are wanted.
    pub(super) requests: Vec<Request>,
    /// The folder of the architecture's libraries below `usr/lib`.
    pub(super) triplet: &'static str,
}

impl<'a> Draft<'a> {
    /// Begins with nothing.
    pub(super) fn new(layer: &'a Tree, contents: &'a dyn Contents, triplet: &'static str) -> Self {
        let (tree, made) = (Tree::default(), BTreeMap::new());
        Self { layer, contents, tree, made, requests: Vec::new(), triplet }
    }

    /// Asks for kernel modules by name.
    pub(super) fn ask(&mut self, names: &[&str]) {
        self.requests.extend(names.iter().map(Request::name));
    }

    /// Asks for kernel modules that the initrd loads without waiting for a device, in this order.
    pub(super) fn load(&mut self, names: &[&str]) {
        self.ask(names);
        names.iter().for_each(|name| self.append("conf/modules", name));
    }

    /// Returns the layer's entry at a path and where it is, symbolic links followed.
    pub(super) fn find(&self, path: impl AsRef<[u8]>) -> Option<(TreePath, &Entry)> {
        let path = self.layer.resolve(path)?;
        let entry = self.layer.entries.get(&path)?;
        Some((path, entry))
    }

    /// Returns whether the layer has a regular file at a path, symbolic links followed.
    pub(super) fn is_file(&self, path: impl AsRef<[u8]>) -> bool {
        self.find(path).is_some_and(|(_, entry)| file(&self.layer.entries, entry).is_some())
    }

    /// Returns the text of the layer's file at a path; an empty one if there is no file.
    pub(super) fn text(&self, path: impl AsRef<[u8]>) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.read(path)?.unwrap_or_default()).into_owned())
    }

    /// Returns the bytes of the layer's file at a path; `None` if there is no file.
    pub(super) fn read(&self, path: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        let Some((_, entry)) = self.find(path) else { return Ok(None) };
        let content = file(&self.layer.entries, entry);
        Ok(content.map(|content| self.contents.read(content)).transpose()?)
    }

    /// Returns the paths directly or anywhere below a folder of the layer, which may be a link.
    pub(super) fn below(&self, folder: impl AsRef<[u8]>) -> Vec<TreePath> {
        let Some(folder) = self.layer.resolve(folder) else { return Vec::new() };
        let folder = tree::join(&folder, b"");
        let from = self.layer.entries.range(folder.clone()..);
        from.map(|(path, _)| path.clone()).take_while(|path| path.starts_with(&folder)).collect()
    }

    /// Returns the paths in a folder of the layer whose names meet a condition.
    pub(super) fn named(&self, folder: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<TreePath> {
        let Some(resolved) = self.layer.resolve(folder) else { return Vec::new() };
        let mut paths = self.below(folder);
        paths.retain(|path| tree::parent(path) == Some(&resolved));
        paths.retain(|path| std::str::from_utf8(tree::file_name(path)).is_ok_and(&is_wanted));
        paths
    }

    /// Returns whether the initrd has something at a path.
    pub(super) fn has(&self, path: impl AsRef<[u8]>) -> bool {
        let path = merged(path.as_ref());
        self.tree.entries.contains_key(&path) || self.made.contains_key(&path)
    }

    /// Adds a folder and those above it.
    pub(super) fn folder(&mut self, path: impl AsRef<[u8]>) {
        let path = merged(path.as_ref());
        if !self.tree.entries.contains_key(&path) {
            self.tree.insert(path, Entry::new(Kind::Directory, 0o755, 0));
        }
    }

    /// Adds a symbolic link unless something is there.
    pub(super) fn symlink(&mut self, path: &str, target: &str) {
        if !self.has(path) {
            let link = Entry::new(Kind::Symlink(target.as_bytes().to_vec()), 0o777, 0);
            self.tree.insert(path.as_bytes(), link);
        }
    }

    /// Adds a file with bytes of its own unless something is there.
    pub(super) fn make(&mut self, path: impl AsRef<[u8]>, bytes: impl Into<Vec<u8>>) {
        let path = merged(path.as_ref());
        if !self.has(&path) {
            self.folder(tree::parent(&path).unwrap_or_default());
            self.made.insert(path, Made { mode: 0o644, bytes: bytes.into() });
        }
    }

    /// Adds a line to a file with bytes of its own, which may not be there yet.
    pub(super) fn append(&mut self, path: &str, line: &str) {
        self.make(path, "");
        if let Some(made) = self.made.get_mut(path.as_bytes()) {
            made.bytes.extend(format!("{line}\n").into_bytes());
        }
    }

    /// Adds a file that is in the layer, with other bytes.
    pub(super) fn copy_changed(&mut self, path: &str, bytes: Vec<u8>) {
        let mode = self.find(path).map_or(0o644, |(_, entry)| entry.mode);
        self.made.insert(path.into(), Made { mode, bytes });
    }

    /// Copies a file as `copy_file` does: to the place at the end of its symbolic links, with a
    /// link at the target that leads there. Returns whether the layer has such a file.
    pub(super) fn copy(&mut self, source: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> bool {
        let (source, target) = (merged(source.as_ref()), merged(target.as_ref()));
        let Some((real, entry)) = self.find(&source) else { return false };
        let Some(content) = file(&self.layer.entries, entry) else { return false };
        let copied = Entry::new(Kind::File(*content), entry.mode, 0);
        if self.has(&target) {
            return true;
        }
        if real == source {
            self.tree.insert(target, copied);
            return true;
        }
        if real != target {
            let link = Entry::new(Kind::Symlink(relative(&target, &real)), 0o777, 0);
            self.tree.insert(target, link);
        }
        if !self.has(&real) {
            self.tree.insert(real, copied);
        }
        true
    }

    /// Copies a program or a library with the libraries that it needs, as `copy_exec` does.
    pub(super) fn copy_exec(
        &mut self,
        source: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let source = source.as_ref();
        if !self.copy(source, target) {
            return Ok(());
        }
        for library in libraries::of(source, self)? {
            self.copy(&library, &library);
        }
        Ok(())
    }

    /// Copies a program to where it is in the layer.
    pub(super) fn program(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        self.copy_exec(&path, &path)
    }

    /// Copies programs or libraries to where they are in the layer.
    pub(super) fn programs(&mut self, paths: Vec<TreePath>) -> Result<(), Error> {
        paths.into_iter().try_for_each(|path| self.program(path))
    }

    /// Returns the paths of the architecture's libraries whose names begin so.
    pub(super) fn libraries(&self, begin: &str) -> Vec<TreePath> {
        self.named(&format!("usr/lib/{}", self.triplet), |name| name.starts_with(begin))
    }

    /// Copies an entry and all below it as they are, as `cp -a` does.
    pub(super) fn copy_all(&mut self, source: impl AsRef<[u8]>, target: impl AsRef<[u8]>) {
        let source = source.as_ref();
        let Some((root, _)) = self.find(tree::parent(source).unwrap_or_default()) else { return };
        let root = tree::join(&root, tree::file_name(source));
        let mut paths = self.below(source);
        paths.insert(0, root.clone());
        for path in paths {
            let Some(entry) = self.layer.entries.get(&path) else { continue };
            let rest = path.strip_prefix(&root[..]).unwrap_or_default();
            let target = merged(&[target.as_ref(), rest].concat());
            let kind = match file(&self.layer.entries, entry) {
                Some(content) => Kind::File(*content),
                None => entry.kind.clone(),
            };
            self.tree.insert(target, Entry::new(kind, entry.mode, 0));
        }
    }

    /// Copies the file at the end of symbolic links into a folder, as `cp -L` does, and takes the
    /// place of what is there.
    pub(super) fn copy_followed(&mut self, source: &[u8], folder: &str) {
        let Some((_, entry)) = self.find(source) else { return };
        let Some(content) = file(&self.layer.entries, entry) else { return };
        let copied = Entry::new(Kind::File(*content), entry.mode, 0);
        let target = tree::join(&merged(folder.as_bytes()), tree::file_name(source));
        self.made.remove(&target);
        self.tree.insert(target, copied);
    }
}

/// Returns the content of a regular file, also of one that has several names.
fn file<'a>(entries: &'a BTreeMap<TreePath, Entry>, entry: &'a Entry) -> Option<&'a Content> {
    match &entry.kind {
        Kind::File(content) => Some(content),
        Kind::HardLink(first) => match &entries.get(first)?.kind {
            Kind::File(content) => Some(content),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a path without its leading slash and with the folders that are links to `usr` taken
/// for what they lead to.
fn merged(path: &[u8]) -> TreePath {
    let path = tree::parts(path).collect::<Vec<_>>().join(&b'/');
    let first = tree::parts(&path).next().unwrap_or_default();
    let is_link = [&b"bin"[..], b"sbin"].contains(&first) || first.starts_with(b"lib");
    if is_link { [b"usr/", &path[..]].concat() } else { path }
}

/// Returns the target of a link at `from` that leads to `to`.
fn relative(from: &[u8], to: &[u8]) -> Vec<u8> {
    let from: Vec<&[u8]> = tree::parts(tree::parent(from).unwrap_or_default()).collect();
    let to: Vec<&[u8]> = tree::parts(to).collect();
    let same = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = from[same..].iter().map(|_| &b".."[..]);
    up.chain(to[same..].iter().copied()).collect::<Vec<_>>().join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        let link = |from: &str, to: &str| {
            String::from_utf8(relative(from.as_bytes(), to.as_bytes())).unwrap()
        };
        assert_eq!(link("usr/sbin/modprobe", "usr/bin/kmod"), "../bin/kmod");
        assert_eq!(link("usr/lib/libz.so.1", "usr/lib/libz.so.1.3"), "libz.so.1.3");
        assert_eq!(link("init", "usr/init"), "usr/init");
    }

    #[test]
    fn folders_beside_usr_are_in_it() {
        assert_eq!(merged(b"/lib64/ld.so"), b"usr/lib64/ld.so");
        assert_eq!(merged(b"sbin//init"), b"usr/sbin/init");
        assert_eq!(merged(b"/etc/lib/x"), b"etc/lib/x");
    }
}
