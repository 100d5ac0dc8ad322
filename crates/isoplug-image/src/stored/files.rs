//! Makes an artifact of a few files, and reads the files of a tree artifact.
//!
//! Knows no formats of media and no loaders.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use isoplug_engine::{Artifact, Context, Digest, NewBlob, Tree as TreeArtifact};
use isoplug_formats::tree::pack::{PackWriter, Pending};
use isoplug_formats::tree::{Content, Entry, Kind, Tree};

use super::{Error, put};
use crate::contribute::overlay::Overlay;

/// A tree artifact in the making; root owns its files and their time is 1970, for media date theirs.
pub struct NewFiles<'a> {
    cx: &'a Context<'a>,
    blob: NewBlob,
    pack: PackWriter<BufWriter<File>>,
    added: Vec<(String, Pending)>,
}

impl<'a> NewFiles<'a> {
    /// Begins.
    ///
    /// # Errors
    ///
    /// When there is no place for the pack.
    pub fn new(cx: &'a Context<'a>) -> Result<Self, Error> {
        let blob = cx.create()?;
        let file = blob.file().try_clone().map_err(Error::write(blob.path()))?;
        Ok(Self { cx, blob, pack: PackWriter::new(BufWriter::new(file)), added: Vec::new() })
    }

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// When the content cannot be read or stored.
    pub fn add(&mut self, path: &str, content: impl Read) -> Result<(), Error> {
        let pending = self.pack.append(content).map_err(Error::write(path))?;
        self.added.push((path.to_owned(), pending));
        Ok(())
    }

    /// Finishes an output of the running stage with the files.
    ///
    /// # Errors
    ///
    /// When the pack or the tree cannot be stored.
    pub fn finish(self, out: Artifact<TreeArtifact>) -> Result<(), Error> {
        let (_, id, finished) = self.pack.finish().map_err(Error::write("the files"))?;
        let pack = self.cx.put(self.blob, Some(Digest::from_bytes(id)))?;
        let mut tree = Tree::default();
        for (path, pending) in self.added {
            tree.insert(path, Entry::new(Kind::File(finished.content(pending)), 0o644, 0));
        }
        let packs: &[Digest] = if tree.entries.is_empty() { &[] } else { &[pack] };
        Ok(self.cx.finish(out, put(&tree.to_bytes(), self.cx)?, packs)?)
    }
}

/// Makes an overlay of a few files of root's an output of the running stage, each with path, mode and bytes.
///
/// # Errors
///
/// When they cannot be stored.
pub fn overlay(
    out: Artifact<TreeArtifact>,
    files: &[(String, u16, Vec<u8>)],
    epoch: u32,
    cx: &Context,
) -> Result<(), Error> {
    let blob = cx.create()?;
    let file = blob.file().try_clone().map_err(Error::write(blob.path()))?;
    let mut pack = PackWriter::new(BufWriter::new(file));
    let append = |(path, _, bytes): &(String, u16, Vec<u8>)| {
        pack.append(&bytes[..]).map_err(Error::write(path))
    };
    let pending = files.iter().map(append).collect::<Result<Vec<_>, _>>()?;
    let (_, id, finished) = pack.finish().map_err(Error::write("the files"))?;
    let pack = cx.put(blob, Some(Digest::from_bytes(id)))?;
    let mut overlay = Overlay::default();
    for ((path, mode, _), pending) in files.iter().zip(pending) {
        let entry = Entry::new(Kind::File(finished.content(pending)), *mode, epoch);
        overlay.tree.entries.insert(path.clone().into_bytes(), entry);
    }
    super::write(out, &overlay.to_bytes(), &[pack], cx)
}

/// A file of a tree artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u16,
    /// Its length in bytes.
    pub size: u64,
    pack: PathBuf,
    offset: u64,
}

/// Returns the files of a tree artifact in byte order of their paths; links become what they lead to.
///
/// # Errors
///
/// When the tree cannot be read, or holds what no medium can.
pub fn stored_files(
    artifact: Artifact<TreeArtifact>,
    cx: &Context,
) -> Result<Vec<StoredFile>, Error> {
    let tree = super::tree(artifact, cx)?;
    let mut files = Vec::new();
    for path in tree.entries.keys() {
        let text = String::from_utf8_lossy(path).into_owned();
        let Some((content, mode)) = content(&tree, path, &text)? else { continue };
        let Content { size, pack, offset, .. } = content;
        let pack = cx.referred(&Digest::from_bytes(pack))?;
        files.push(StoredFile { path: text, mode, size, pack, offset });
    }
    Ok(files)
}

/// Returns what a path leads to: `None` for a folder.
fn content(tree: &Tree, path: &[u8], text: &str) -> Result<Option<(Content, u16)>, Error> {
    let wrong = || Error::Kind { path: text.to_owned() };
    let is_link = matches!(tree.get(path).map(|entry| &entry.kind), Some(Kind::Symlink(_)));
    let target = tree.resolve(path).ok_or_else(wrong)?;
    let entry = tree.get(target).ok_or_else(wrong)?;
    match &entry.kind {
        Kind::Directory if !is_link => Ok(None),
        Kind::File(content) => Ok(Some((*content, entry.mode))),
        Kind::HardLink(first) => match tree.get(first).map(|entry| &entry.kind) {
            Some(Kind::File(content)) => Ok(Some((*content, entry.mode))),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

impl StoredFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// When its pack cannot be opened.
    pub fn open(&self) -> Result<impl Read + use<>, Error> {
        let opened = File::open(&self.pack).and_then(|mut pack| {
            pack.seek(SeekFrom::Start(self.offset))?;
            Ok(pack.take(self.size))
        });
        opened.map_err(|source| self.failed(source))
    }

    /// Returns the bytes.
    ///
    /// # Errors
    ///
    /// When its pack cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.open()?.read_to_end(&mut bytes).map_err(|source| self.failed(source))?;
        Ok(bytes)
    }

    /// Copies the bytes to a new file of the build machine.
    ///
    /// # Errors
    ///
    /// When its pack cannot be read, or the new file is there already or cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        let copied = File::create_new(path).and_then(|mut out| {
            let mut pack = File::open(&self.pack)?;
            pack.seek(SeekFrom::Start(self.offset))?;
            io::copy(&mut pack.take(self.size), &mut out)
        });
        copied.map(drop).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::read(&self.path)(source)
    }
}
