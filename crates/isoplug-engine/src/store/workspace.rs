//! The folder under `tmp/` in which one process makes its files.
//!
//! The folder itself is locked while its process lives; whoever can lock it may remove it.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Cleaner, file};
use crate::Error;

/// A folder that goes away with the process.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: PathBuf,
    cleaner: Cleaner,
    made: AtomicU64,
    _lock: File,
}

impl Workspace {
    pub(super) fn new(tmp: &Path, cleaner: Cleaner) -> Result<Self, Error> {
        loop {
            let folder = tempfile::Builder::new()
                .prefix("build-")
                .permissions(PermissionsExt::from_mode(0o700))
                .tempdir_in(tmp)
                .map_err(Error::io("make a folder in", tmp))?;
            let lock = File::open(folder.path()).map_err(Error::io("open", folder.path()))?;
            lock.lock_shared().map_err(Error::io("lock", folder.path()))?;
            // Between making and locking, another process may have taken it for a dead one's.
            if is_at(&lock, folder.path()) {
                return Ok(Self {
                    folder: folder.keep(),
                    cleaner,
                    made: AtomicU64::new(0),
                    _lock: lock,
                });
            }
        }
    }

    /// A path in it that was not given before.
    pub(crate) fn new_path(&self, prefix: &str) -> PathBuf {
        self.folder.join(format!("{prefix}-{}", self.made.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed now, the next `open` tries again.
        let _ = (self.cleaner)(&self.folder);
    }
}

/// Removes the folders of dead processes. What cannot be removed keeps nobody from building; `usage` counts it.
pub(super) fn clean_dead(tmp: &Path, cleaner: Cleaner) -> Result<(), Error> {
    for folder in file::list(tmp)? {
        let lock = File::open(&folder);
        if lock.as_ref().is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = if folder.is_dir() { cleaner(&folder) } else { fs::remove_file(&folder) };
        }
    }
    Ok(())
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}
