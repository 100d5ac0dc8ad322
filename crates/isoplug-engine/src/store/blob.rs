//! Blobs: immutable files by digest, and the seals that make it cheap to trust them.
//!
//! A blob whose size, mtime or inode is not what its seal says is hashed before it is used again, and
//! removed if its bytes are wrong. Bytes that rot under an unchanged inode are found by `verify`.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::{BLOBS, SEALS, Store, file, sharded};
use crate::seam::between;
use crate::{Digest, Error};

/// A file in the making; removed when it is dropped without being put.
#[derive(Debug)]
pub struct NewBlob {
    file: File,
    path: TempPath,
}

impl NewBlob {
    /// The file, open for reading and writing.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is, for tools that want a path; what is there when it is put becomes the blob.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hashes what is at the path: a tool may have put another file there.
    fn digest(&self) -> io::Result<Digest> {
        Digest::of_file(&File::open(&self.path)?)
    }
}

impl Store {
    /// Where a blob is, if it is in the store.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        sharded(&self.folder(BLOBS), digest)
    }

    /// Whether a blob is in the store and undamaged; a damaged one is removed.
    pub fn has(&self, digest: &Digest) -> bool {
        self.intact(digest).unwrap_or(false)
    }

    /// Makes an empty file that can become a blob.
    ///
    /// # Errors
    ///
    /// When the store cannot be written to.
    pub fn new_blob(&self) -> Result<NewBlob, Error> {
        let path = self.workspace()?.new_path("blob");
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(Error::io("make", &path))?;
        let path = TempPath::try_from_path(&path).map_err(Error::io("make", &path))?;
        Ok(NewBlob { file, path })
    }

    /// Puts a file into the store under its digest. One that the caller made while writing is trusted:
    /// `known` must be the digest of these very bytes.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the store cannot be written to.
    pub fn put(&self, blob: NewBlob, known: Option<Digest>) -> Result<Digest, Error> {
        let digest = match known {
            Some(digest) => digest,
            None => blob.digest().map_err(Error::io("read", &blob.path))?,
        };
        if !self.has(&digest) {
            self.place(blob, &digest)?;
        }
        Ok(digest)
    }

    /// Copies a file into the store; see [`Store::put`]. Outside a run, hold [`Store::share`] until a record
    /// refers to it, or `gc` may take it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the store cannot be written to.
    pub fn put_file(&self, path: &Path, known: Option<Digest>) -> Result<Digest, Error> {
        let mut source = File::open(path).map_err(Error::io("open", path))?;
        let blob = self.new_blob()?;
        io::copy(&mut source, &mut &blob.file).map_err(Error::io("copy to the store", path))?;
        self.put(blob, known)
    }

    /// The length of a blob in bytes.
    pub(crate) fn blob_size(&self, digest: &Digest) -> Result<u64, Error> {
        let path = self.blob_path(digest);
        Ok(fs::metadata(&path).map_err(Error::io("look at", &path))?.len())
    }

    fn place(&self, blob: NewBlob, digest: &Digest) -> Result<(), Error> {
        let path = self.blob_path(digest);
        let _guard = self.blobs_change(false)?;
        let place = || -> io::Result<()> {
            let file = File::open(&blob.path)?;
            file.set_permissions(Permissions::from_mode(0o444))?;
            file.sync_all()?;
            make_parent(&path)?;
            blob.path.persist(&path).map_err(|error| error.error)?;
            self.seal(digest, &file.metadata()?)
        };
        place().map_err(Error::io("write", &path))
    }

    fn intact(&self, digest: &Digest) -> Result<bool, Error> {
        let path = self.blob_path(digest);
        let Ok(metadata) = fs::symlink_metadata(&path) else { return Ok(false) };
        let seal = self.seal_path(digest);
        if fs::read_to_string(&seal).is_ok_and(|text| text == seal_text(&metadata)) {
            file::mark_used(&seal);
            return Ok(true);
        }
        self.recheck(digest, &path)
    }

    /// Hashes a blob whose seal is missing or broken.
    fn recheck(&self, digest: &Digest, path: &Path) -> Result<bool, Error> {
        let Ok(blob) = File::open(path) else { return Ok(false) };
        let metadata = blob.metadata().map_err(Error::io("look at", path))?;
        if metadata.is_file() && Digest::of_file(&blob).map_err(Error::io("read", path))? == *digest
        {
            self.seal(digest, &metadata).map_err(Error::io("seal", path))?;
            return Ok(true);
        }
        between("hashed, not removed");
        self.remove_damaged(digest, &metadata)
    }

    /// Removes a blob whose bytes are wrong, and tells whether there is a good one now: another process
    /// may have seen it too, and put one there.
    fn remove_damaged(&self, digest: &Digest, damaged: &Metadata) -> Result<bool, Error> {
        let path = self.blob_path(digest);
        {
            let _alone = self.blobs_change(true)?;
            match fs::symlink_metadata(&path) {
                Ok(now) if is_same(&now, damaged) || !now.is_file() => self.remove_blob(digest)?,
                _ => {}
            }
        }
        // What was put meanwhile has its seal, so this ends.
        if path.is_file() { self.intact(digest) } else { Ok(false) }
    }

    /// Removes a blob and its seal.
    pub(super) fn remove_blob(&self, digest: &Digest) -> Result<(), Error> {
        file::remove(&self.seal_path(digest))?;
        file::remove(&self.blob_path(digest))
    }

    pub(super) fn seal_path(&self, digest: &Digest) -> PathBuf {
        sharded(&self.folder(SEALS), digest)
    }

    fn seal(&self, digest: &Digest, metadata: &Metadata) -> io::Result<()> {
        let path = self.seal_path(digest);
        make_parent(&path)?;
        // A torn seal does no harm: it differs, so the blob is hashed.
        fs::write(path, seal_text(metadata))
    }
}

/// Whether two looks saw one file with the same bytes.
pub(super) fn is_same(now: &Metadata, before: &Metadata) -> bool {
    (now.dev(), now.ino(), now.size(), now.mtime(), now.mtime_nsec())
        == (before.dev(), before.ino(), before.size(), before.mtime(), before.mtime_nsec())
}

fn seal_text(metadata: &Metadata) -> String {
    format!(
        "{} {}.{:09} {}\n",
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ino()
    )
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}
