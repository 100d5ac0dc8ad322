//! File locks, so that several processes can use one store; the kernel drops those of a dead process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{LOCKS, Store};
use crate::{Error, StageKey};

/// How often a wait for another build looks for a request to stop.
const PATIENCE: Duration = Duration::from_millis(20);

/// Waits until no other process holds this folder; calls `waiting` once if one does. For folders of the
/// user, which are read, changed and written again. Where the file system has no locks, there is no guard.
///
/// # Errors
///
/// When the folder cannot be opened, or with [`Error::Cancelled`].
pub fn hold_folder(
    folder: &Path,
    cancelled: impl Fn() -> bool,
    waiting: impl FnOnce(),
) -> Result<Option<Guard>, Error> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let file = File::open(folder).map_err(Error::io("open", folder))?;
    let locked = wait(&file, cancelled, waiting)?;
    Ok(locked.is_ok().then_some(Guard { _file: file }))
}

/// Takes a lock as soon as nobody has it; the inner error is that of a file system without locks.
fn wait(
    file: &File,
    cancelled: impl Fn() -> bool,
    waiting: impl FnOnce(),
) -> Result<std::io::Result<()>, Error> {
    let mut waiting = Some(waiting);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Ok(())),
            Err(TryLockError::Error(error)) => return Ok(Err(error)),
            Err(TryLockError::WouldBlock) if cancelled() => return Err(Error::Cancelled),
            Err(TryLockError::WouldBlock) => {
                waiting.take().into_iter().for_each(|waiting| waiting());
                thread::sleep(PATIENCE);
            }
        }
    }
}

/// Holds a lock until it is dropped.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

impl Store {
    /// Keeps `gc` away; many may hold it.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be opened or locked.
    pub fn share(&self) -> Result<Guard, Error> {
        let (path, file) = self.lock_file("store")?;
        file.lock_shared().map_err(Error::io("lock", &path))?;
        Ok(Guard { _file: file })
    }

    /// Keeps all others away; fails when there are any.
    pub(super) fn take_alone(&self) -> Result<Guard, Error> {
        let (path, file) = self.lock_file("store")?;
        match file.try_lock() {
            Ok(()) => Ok(Guard { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: self.root().to_owned() }),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }

    /// Waits until no other build runs the stage with this key; calls `waiting` once if one does.
    pub(crate) fn hold_key(
        &self,
        key: &StageKey,
        cancelled: impl Fn() -> bool,
        waiting: impl FnOnce(),
    ) -> Result<Guard, Error> {
        let (path, file) = self.lock_file(&key.hex())?;
        wait(&file, cancelled, waiting)?.map_err(Error::io("lock", &path))?;
        Ok(Guard { _file: file })
    }

    /// Held by many while blobs appear, and by one alone that removes a damaged blob: else it could
    /// remove the good one that another process has just put in its place.
    pub(super) fn blobs_change(&self, alone: bool) -> Result<Guard, Error> {
        let (path, file) = self.lock_file("blobs")?;
        let locked = if alone { file.lock() } else { file.lock_shared() };
        locked.map_err(Error::io("lock", &path))?;
        Ok(Guard { _file: file })
    }

    fn lock_file(&self, name: &str) -> Result<(PathBuf, File), Error> {
        let path = self.folder(LOCKS).join(name);
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        Ok((path.clone(), file.map_err(Error::io("open the lock", &path))?))
    }
}
