//! Reads and writes what stages keep in the store: trees, overlays, texts, and the contents in packs.
//!
//! Knows no stage. A stage whose error holds [`Error`] needs no words of its own for the store.

pub mod files;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use isoplug_engine::{Artifact, Blob, Context, Digest, Tree};
use isoplug_formats::tree::pack::{Contents, Packs};
use isoplug_formats::tree::{self, Content, PackId};
use serde::Serialize;

use crate::contribute::overlay::Overlay;

/// Why something is not read from the store or not written to it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file, or its path in a stored tree.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("could not store {}", path.display())]
    Write {
        /// The file, or its path in a stored tree.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A stored tree is none.
    #[error("the stored tree {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: tree::Error,
    },
    /// A tree has something that is neither a file, a folder nor a link to one.
    #[error("{path} is neither a file nor a folder, and a boot medium can hold nothing else")]
    Kind {
        /// Its path in the tree.
        path: String,
    },
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Error {
    /// Makes an error of one that reading a file gave.
    pub fn read(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Read { path, source }
    }

    /// Makes an error of one that writing a file gave.
    pub fn write(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Write { path, source }
    }
}

/// Reads a tree.
///
/// # Errors
///
/// When the file cannot be read or is no tree.
pub fn tree(artifact: Artifact<Tree>, cx: &Context) -> Result<tree::Tree, Error> {
    parsed(artifact, cx, tree::Tree::from_bytes)
}

/// Reads what a contributor added.
///
/// # Errors
///
/// When the file cannot be read or is no overlay.
pub fn overlay(artifact: Artifact<Tree>, cx: &Context) -> Result<Overlay, Error> {
    parsed(artifact, cx, Overlay::from_bytes)
}

fn parsed<T>(
    artifact: Artifact<Tree>,
    cx: &Context,
    parse: impl Fn(&[u8]) -> Result<T, tree::Error>,
) -> Result<T, Error> {
    let path = cx.path(artifact)?;
    let bytes = fs::read(&path).map_err(Error::read(&path))?;
    parse(&bytes).map_err(|source| Error::Damaged { path, source })
}

/// Reads a text.
///
/// # Errors
///
/// When the file cannot be read or is not UTF-8.
pub fn text(artifact: Artifact<Blob>, cx: &Context) -> Result<String, Error> {
    let path = cx.path(artifact)?;
    fs::read_to_string(&path).map_err(Error::read(&path))
}

/// Opens all packs that a tree of the declared inputs points into.
///
/// # Errors
///
/// When one is no input, or cannot be opened.
pub fn packs(tree: &tree::Tree, cx: &Context) -> Result<Packs, Error> {
    let open = |id: &PackId| -> io::Result<File> {
        File::open(cx.referred(&Digest::from_bytes(*id)).map_err(io::Error::other)?)
    };
    Packs::open(tree, open).map_err(Error::read("the contents of a tree"))
}

/// Returns the blobs that an artifact refers to.
///
/// # Errors
///
/// When it is no input.
pub fn refers<T>(artifact: Artifact<T>, cx: &Context) -> Result<Vec<Digest>, Error> {
    Ok(cx.refers(artifact)?)
}

/// Puts bytes into the store.
///
/// # Errors
///
/// When they cannot be written.
pub fn put(bytes: &[u8], cx: &Context) -> Result<Digest, Error> {
    let blob = cx.create()?;
    blob.file().write_all(bytes).map_err(Error::write(blob.path()))?;
    Ok(cx.put(blob, None)?)
}

/// Makes bytes an output of the running stage, which refers to blobs that are there.
///
/// # Errors
///
/// When they cannot be written.
pub fn write<T>(
    out: Artifact<T>,
    bytes: &[u8],
    refers: &[Digest],
    cx: &Context,
) -> Result<(), Error> {
    Ok(cx.finish(out, put(bytes, cx)?, refers)?)
}

/// Makes a value an output of the running stage, as JSON.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_json<T>(
    out: Artifact<T>,
    value: &impl Serialize,
    refers: &[Digest],
    cx: &Context,
) -> Result<(), Error> {
    let failed = |error| Error::write("an artifact")(io::Error::other::<serde_json::Error>(error));
    write(out, &serde_json::to_vec(value).map_err(failed)?, refers, cx)
}

/// Makes a tree an output of the running stage; of the packs it refers to those that it points into.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_tree(
    out: Artifact<Tree>,
    tree: &tree::Tree,
    packs: impl IntoIterator<Item = Digest>,
    cx: &Context,
) -> Result<(), Error> {
    let used = tree.packs();
    let refers: Vec<Digest> =
        packs.into_iter().filter(|pack| used.contains(pack.as_bytes())).collect();
    write(out, &tree.to_bytes(), &refers, cx)
}

/// Reads contents from the packs of the declared inputs, each opened when it is first read.
pub struct InPacks<'a> {
    cx: &'a Context<'a>,
    open: Mutex<BTreeMap<PackId, Arc<File>>>,
}

impl<'a> InPacks<'a> {
    /// Opens nothing yet.
    pub fn new(cx: &'a Context<'a>) -> Self {
        Self { cx, open: Mutex::default() }
    }

    /// Returns all bytes of a content.
    ///
    /// # Errors
    ///
    /// When its pack is no input, or cannot be read.
    pub fn bytes(&self, content: &Content) -> Result<Vec<u8>, Error> {
        let pack = Digest::from_bytes(content.pack);
        self.read(content).map_err(Error::read(format!("a content of the pack {pack}")))
    }

    /// Returns a content as something to read from its beginning, so that a large one needs no memory.
    pub fn reader<'b>(&'b self, content: &'b Content) -> impl Read + use<'b, 'a> {
        Reader { contents: self, content, at: 0 }
    }

    fn pack(&self, id: &PackId) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(id) {
            return Ok(Arc::clone(file));
        }
        let path = self.cx.referred(&Digest::from_bytes(*id)).map_err(io::Error::other)?;
        let file = Arc::new(File::open(path)?);
        open.insert(*id, Arc::clone(&file));
        Ok(file)
    }
}

impl Contents for InPacks<'_> {
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        if offset.saturating_add(buffer.len() as u64) > content.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pack(&content.pack)?.read_exact_at(buffer, content.offset + offset)
    }
}

/// What is left of a content.
struct Reader<'a> {
    contents: &'a dyn Contents,
    content: &'a Content,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.content.size - self.at;
        let length = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        self.contents.read_at(self.content, self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}
