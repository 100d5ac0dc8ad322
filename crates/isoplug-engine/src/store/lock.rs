//! File locks, so that several processes can use one store; the kernel drops those of a dead process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::{LOCKS, Store};
use crate::{Error, StageKey};

/// How often a wait for another build looks for a request to stop.
const PATIENCE: Duration = Duration::from_millis(20);

/// Holds a lock until it is dropped.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

impl Store {
    /// Keeps `gc` away; many may hold it.
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
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Guard { _file: file }),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if cancelled() => return Err(Error::Cancelled),
                Err(TryLockError::WouldBlock) => {
                    waiting.take().into_iter().for_each(|waiting| waiting());
                    thread::sleep(PATIENCE);
                }
            }
        }
    }

    fn lock_file(&self, name: &str) -> Result<(PathBuf, File), Error> {
        let path = self.folder(LOCKS).join(name);
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        Ok((path.clone(), file.map_err(Error::io("open the lock", &path))?))
    }
}
