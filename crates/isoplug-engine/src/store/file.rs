//! Small file operations of the store: whole writes by rename, sorted listings, the clock of last use.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Error;

/// Writes a small file so that it appears whole or not at all, also after a power cut. The name itself may
/// get lost then: what is missing is made again.
pub(super) fn write_whole(making: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut file = File::create(making)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(making, path)
    };
    write().map_err(Error::io("write", path))
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// What is in a folder, by name; nothing when there is no such folder.
#[expect(clippy::disallowed_methods, reason = "this is the one place that lists, and it sorts")]
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("list", folder))?,
    };
    let paths: io::Result<Vec<PathBuf>> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(Error::io("list", folder))?;
    paths.sort();
    Ok(paths)
}

/// All files below a folder, with their metadata; what vanishes meanwhile is left out.
pub(super) fn walk(folder: &Path) -> Result<Vec<(PathBuf, fs::Metadata)>, Error> {
    let mut files = Vec::new();
    for path in list(folder)? {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            // A folder of another owner below tmp/ may be closed to us; it just is not counted.
            files.extend(walk(&path).unwrap_or_default());
        } else {
            files.push((path, metadata));
        }
    }
    Ok(files)
}

/// What a file takes on the disk, in bytes: less than its length when it has holes.
pub(super) fn disk_size(metadata: &fs::Metadata) -> u64 {
    metadata.blocks() * 512
}

/// Says that a file was used now.
pub(super) fn touch(path: &Path) {
    // Only the order in which gc removes things depends on it.
    let _ = File::open(path).and_then(|file| file.set_modified(now()));
}

/// Says that a file was used now, unless that was said within the last minutes: `gc` removes what
/// was not used for long.
pub fn mark_used(path: &Path) {
    if last_use(path).is_none_or(|age| age > Duration::from_secs(600)) {
        touch(path);
    }
}

/// How long ago a file was used.
pub(super) fn last_use(path: &Path) -> Option<Duration> {
    Some(age(&fs::metadata(path).ok()?))
}

/// How long ago a file was used; one from the future was used now.
pub(super) fn age(metadata: &fs::Metadata) -> Duration {
    metadata.modified().ok().and_then(|then| now().duration_since(then).ok()).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the last use decides what gc removes; no stage sees it"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
