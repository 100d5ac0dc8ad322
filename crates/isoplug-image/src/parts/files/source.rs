//! Finds the files of the build machine that go into an image, and what is in them.
//!
//! The digests are taken when the build is planned, so they are in the key; a file that changes
//! between plan and build fails the build.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use isoplug_formats::tree::sorted_names;
use serde::Serialize;

/// A file or folder of the build machine. Where it is does not reach the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Where it is.
    #[serde(skip)]
    pub path: PathBuf,
    /// What it holds: folders before what is in them, names in byte order.
    pub items: Vec<Item>,
}

/// One file, folder or link of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its path below the source; empty for the source itself.
    pub path: String,
    /// What it is.
    pub what: What,
}

impl Item {
    /// Returns its path where the source's own path is this target.
    pub fn path_in(&self, target: &str) -> String {
        match &self.path[..] {
            "" => target.to_owned(),
            below => format!("{}/{below}", target.trim_end_matches('/')),
        }
    }
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum What {
    /// A folder.
    Folder,
    /// A regular file.
    File {
        /// The BLAKE3 of its bytes, in hex.
        blake3: String,
        /// Whether its owner may run it.
        executable: bool,
    },
    /// A symbolic link, kept as it is.
    Link {
        /// Its target.
        target: String,
    },
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    /// The path on the build machine.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl Source {
    /// Reads a file or folder. A link is followed if it is the source itself.
    ///
    /// # Errors
    ///
    /// When a file or folder cannot be read.
    pub fn scan(path: &Path) -> Result<Self, Error> {
        Self::read(path, hash)
    }

    /// Reads what a file or folder holds without reading files: their digests stay empty.
    ///
    /// # Errors
    ///
    /// When a folder cannot be read.
    pub fn list(path: &Path) -> Result<Self, Error> {
        Self::read(path, |_| Ok(String::new()))
    }

    fn read(path: &Path, hash: fn(&Path) -> io::Result<String>) -> Result<Self, Error> {
        let at = |source| Error { path: path.to_owned(), source };
        let mut items = Vec::new();
        let metadata = fs::metadata(path).map_err(at)?;
        scan(path, String::new(), &metadata, hash, &mut items)?;
        Ok(Self { path: path.to_owned(), items })
    }

    /// Returns where an item is on the build machine.
    pub fn path_of(&self, item: &Item) -> PathBuf {
        if item.path.is_empty() { self.path.clone() } else { self.path.join(&item.path) }
    }

    /// Opens an item's file to read what was there when the source was scanned, or fail.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is another than when it was scanned.
    pub fn open(&self, item: &Item) -> Result<impl Read + use<>, Error> {
        let path = self.path_of(item);
        let file = File::open(&path).map_err(|source| Error { path, source })?;
        let expected = match &item.what {
            What::File { blake3, .. } => blake3.clone(),
            _ => String::new(),
        };
        Ok(Checked { file, hasher: blake3::Hasher::new(), expected })
    }
}

fn scan(
    path: &Path,
    below: String,
    metadata: &fs::Metadata,
    hash: fn(&Path) -> io::Result<String>,
    items: &mut Vec<Item>,
) -> Result<(), Error> {
    let at = |source| Error { path: path.to_owned(), source };
    let kind = metadata.file_type();
    let what = if kind.is_dir() {
        What::Folder
    } else if kind.is_symlink() {
        let target = fs::read_link(path).map_err(at)?;
        let target = target.into_os_string().into_string().map_err(|_| at(no_utf8()))?;
        What::Link { target }
    } else if kind.is_file() {
        let executable = metadata.permissions().mode() & 0o100 != 0;
        What::File { blake3: hash(path).map_err(at)?, executable }
    } else {
        let reason = "neither a file nor a folder nor a link";
        return Err(at(io::Error::new(io::ErrorKind::InvalidInput, reason)));
    };
    let is_folder = what == What::Folder;
    items.push(Item { path: below.clone(), what });
    if is_folder { scan_folder(path, &below, hash, items) } else { Ok(()) }
}

fn scan_folder(
    folder: &Path,
    below: &str,
    hash: fn(&Path) -> io::Result<String>,
    items: &mut Vec<Item>,
) -> Result<(), Error> {
    let at = |source| Error { path: folder.to_owned(), source };
    for name in sorted_names(folder).map_err(at)? {
        let path = folder.join(&name);
        let name =
            name.into_string().map_err(|_| Error { path: path.clone(), source: no_utf8() })?;
        let metadata = path.symlink_metadata();
        let metadata = metadata.map_err(|source| Error { path: path.clone(), source })?;
        let below = if below.is_empty() { name } else { format!("{below}/{name}") };
        scan(&path, below, &metadata, hash, items)?;
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn no_utf8() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its name or target is not UTF-8")
}

/// Fails at the end of a file that does not have the expected bytes.
struct Checked {
    file: File,
    hasher: blake3::Hasher,
    expected: String,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        if read == 0 && self.hasher.finalize().to_hex().as_str() != self.expected {
            return Err(io::Error::other("it changed while the image was built"));
        }
        Ok(read)
    }
}
