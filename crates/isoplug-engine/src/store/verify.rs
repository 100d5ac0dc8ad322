//! Hashes every blob and removes those whose bytes are wrong.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;

use super::blob::is_same;
use super::{BLOBS, Store, file};
use crate::context::guard;
use crate::seam::between;
use crate::{Digest, Error};

/// A file that was not the blob its name says; it is removed, so the stage that makes it runs again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Damaged {
    /// The file.
    pub path: PathBuf,
    /// What its bytes hash to; none when it is no readable file.
    pub found: Option<Digest>,
}

impl Store {
    /// Hashes every blob on `threads` threads, removes the damaged ones and returns them, sorted by path.
    /// Safe while others build: what is put meanwhile appears whole.
    ///
    /// # Errors
    ///
    /// When the store cannot be locked or read, or a damaged blob cannot be removed.
    pub fn verify(&self, threads: usize) -> Result<Vec<Damaged>, Error> {
        let _guard = self.share()?;
        let files: Vec<PathBuf> =
            file::walk(&self.folder(BLOBS))?.into_iter().map(|(path, _)| path).collect();
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Ok(Vec::new()));
        let work = || {
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                note(&found, self.verify_file(path));
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut damaged: Vec<Damaged> =
            found.into_inner().unwrap_or_else(|broken| broken.into_inner())?;
        damaged.sort();
        Ok(damaged)
    }

    fn verify_file(&self, path: &Path) -> Result<Option<Damaged>, Error> {
        let named =
            path.file_name().and_then(|name| Digest::from_hex(&name.to_string_lossy()).ok());
        let Ok(blob) = File::open(path) else {
            return Ok(path.is_symlink().then(|| Damaged { path: path.to_owned(), found: None }));
        };
        let found = Digest::of_file(&blob).ok();
        if found.is_some() && found == named && !path.is_symlink() {
            return Ok(None);
        }
        let hashed = blob.metadata().map_err(Error::io("look at", path))?;
        between("hashed, not removed");
        // Another process may have seen it too, and put a good one there meanwhile.
        let _alone = self.blobs_change(true)?;
        let now = fs::symlink_metadata(path);
        if now.is_ok_and(|now| !is_same(&now, &hashed) && !now.is_symlink()) {
            return Ok(None);
        }
        named.map_or_else(|| file::remove(path), |digest| self.remove_blob(&digest))?;
        Ok(Some(Damaged { path: path.to_owned(), found }))
    }
}

fn note(all: &Mutex<Result<Vec<Damaged>, Error>>, one: Result<Option<Damaged>, Error>) {
    let mut all = guard(all);
    match (one, all.as_mut()) {
        (Ok(damaged), Ok(all)) => all.extend(damaged),
        (Err(error), Ok(_)) => *all = Err(error),
        (_, Err(_)) => {}
    }
}
