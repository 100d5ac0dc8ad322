//! The folder under `tmp/` in which one process makes its files.
//!
//! The folder itself is locked while its process lives; whoever can lock it may remove it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Cleaner, file};
use crate::Error;
use crate::seam::between;

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
            if let Some(lock) = lock_new(folder.path())? {
                let (folder, made) = (folder.keep(), AtomicU64::new(0));
                return Ok(Self { folder, cleaner, made, _lock: lock });
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
        let Ok(lock) = File::open(&folder) else { continue };
        between("opened, not locked");
        // What is there now may be another's, which came after the dead one was removed.
        if lock.try_lock().is_ok() && is_at(&lock, &folder) {
            let _ = if folder.is_dir() { cleaner(&folder) } else { fs::remove_file(&folder) };
        }
    }
    Ok(())
}

/// Locks a folder that was just made; none if another process took it for a dead one's meanwhile.
fn lock_new(folder: &Path) -> Result<Option<File>, Error> {
    between("made, not opened");
    let lock = match File::open(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(Error::io("open", folder))?,
    };
    between("opened, not locked");
    lock.lock_shared().map_err(Error::io("lock", folder))?;
    Ok(is_at(&lock, folder).then_some(lock))
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::seam::{visited, visited_once};

    const REMOVE: Cleaner = |folder| fs::remove_dir_all(folder);

    /// Makes a workspace while another process cleans at a place, the first `times` times.
    fn made_while_cleaned(place: &'static str, times: usize) {
        let tmp = tempfile::tempdir().unwrap();
        let (folder, left) = (tmp.path().to_owned(), Rc::new(RefCell::new(times)));
        let visits = left.clone();
        let clean = move |at: &str| {
            if at == place && *visits.borrow() > 0 {
                *visits.borrow_mut() -= 1;
                clean_dead(&folder, REMOVE).unwrap();
            }
        };
        let workspace = visited(clean, || Workspace::new(tmp.path(), REMOVE)).unwrap();
        assert_eq!(*left.borrow(), 0, "the other process came in");
        clean_dead(tmp.path(), REMOVE).unwrap();
        assert!(workspace.folder.is_dir(), "a living process's folder stays");
        fs::write(workspace.new_path("file"), "").unwrap();
        let left = file::list(tmp.path()).unwrap();
        assert_eq!(left, std::slice::from_ref(&workspace.folder));
    }

    #[test]
    fn a_folder_that_is_taken_for_a_dead_ones_is_made_again() {
        for times in [1, 2, 7] {
            made_while_cleaned("made, not opened", times);
            made_while_cleaned("opened, not locked", times);
        }
    }

    #[test]
    fn a_folder_that_took_a_dead_ones_name_stays() {
        let tmp = tempfile::tempdir().unwrap();
        let dead = tmp.path().join("build-dead");
        fs::create_dir(&dead).unwrap();
        let again = dead.clone();
        let replace = move || {
            fs::remove_dir(&again).unwrap();
            fs::create_dir(&again).unwrap();
            fs::write(again.join("living"), "").unwrap();
        };
        visited_once("opened, not locked", replace, || clean_dead(tmp.path(), REMOVE)).unwrap();
        assert!(dead.join("living").exists());
        clean_dead(tmp.path(), REMOVE).unwrap();
        assert!(!dead.exists());
    }
}
