//! Keeps compressed blocks between builds, by key.
//!
//! A cache may forget and may be damaged: it then costs time, never a wrong byte. Knows no codecs.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW};

use crate::tree::sorted_names;

/// Compressed blocks by key, used by many threads at once.
pub trait BlockCache: Sync {
    /// Returns the value that was put under this key, unless it was forgotten.
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>>;
    /// Remembers a value, if it can.
    fn put(&self, key: &[u8; 32], value: &[u8]);
}

/// Remembers nothing.
pub struct NoCache;

impl BlockCache for NoCache {
    fn get(&self, _key: &[u8; 32]) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _key: &[u8; 32], _value: &[u8]) {}
}

/// A cache in a folder: one file per value, each with a checksum, the longest unused removed first.
///
/// Several processes may use one folder: a file appears by a rename, and one that another process
/// removed is a value forgotten. The folder is counted again and again, so what others write
/// counts too: it grows above its limit by no more than a few blocks for each of them, and by a
/// 64th of the limit.
pub struct DirCache {
    folder: PathBuf,
    limit: u64,
    /// Files that this process began to write.
    begun: AtomicU64,
    /// Bytes that it wrote since the folder was counted.
    written: AtomicU64,
    /// After how many such bytes to count it again.
    room: AtomicU64,
    counting: Mutex<()>,
}

const MAGIC: &[u8; 8] = b"isoblk1\n";
const HEADER: usize = 8 + 32;

impl DirCache {
    /// Opens the cache in a folder, which is made if it is missing; `limit` is its size in bytes
    /// above which old values are removed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (folder, counting) = (folder.to_path_buf(), Mutex::new(()));
        let [begun, written, room] = [0; 3].map(AtomicU64::new);
        let cache = Self { folder, limit, begun, written, room, counting };
        cache.count()?;
        Ok(cache)
    }

    fn path(&self, key: &[u8; 32]) -> PathBuf {
        let name = blake3::Hash::from_bytes(*key).to_hex();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    fn store(&self, key: &[u8; 32], value: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        let shelf = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(shelf)?;
        let (unfinished, file) = self.begin(shelf)?;
        if let Err(error) = write_file(file, &unfinished, key, value, &path) {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        let added = (HEADER + value.len()) as u64;
        let written = self.written.fetch_add(added, Ordering::Relaxed) + added;
        if written > self.room.load(Ordering::Relaxed) { self.count() } else { Ok(()) }
    }

    /// Makes a file that nobody else writes to: a process of another container may have our number.
    /// Its name begins with a dot, as that of every unfinished file of a side cache does.
    fn begin(&self, shelf: &Path) -> io::Result<(PathBuf, fs::File)> {
        loop {
            let turn = self.begun.fetch_add(1, Ordering::Relaxed);
            let path = shelf.join(format!(".new-{}-{turn}", std::process::id()));
            match fs::File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|file| (path, file)),
            }
        }
    }

    /// Counts what is in the folder, makes room if that is too much, and decides when to count
    /// again: early enough for a few processes that fill the rest together.
    fn count(&self) -> io::Result<()> {
        let Ok(_alone) = self.counting.try_lock() else { return Ok(()) };
        let mut files = files(&self.folder)?;
        let mut size = files.iter().map(|file| file.size).sum();
        if size > self.limit {
            files.sort();
            size = self.trim(files, size);
        }
        let room = (self.limit.saturating_sub(size) / 4).max(self.limit / 64);
        self.room.store(room, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Removes the longest unused files until a quarter of the limit is free again, and returns
    /// how many bytes are left.
    fn trim(&self, sorted: Vec<CacheFile>, mut size: u64) -> u64 {
        for file in sorted {
            if size <= self.limit / 4 * 3 {
                break;
            }
            // What another process removed meanwhile is gone too: else both would remove twice.
            let gone = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
            if fs::remove_file(&file.path).map_or_else(gone, |()| true) {
                size -= file.size;
            }
        }
        size
    }
}

impl BlockCache for DirCache {
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut bytes = fs::read(&path).ok()?;
        if !is_sound(key, &bytes) {
            let _ = fs::remove_file(&path);
            return None;
        }
        mark_used(&path);
        bytes.drain(..HEADER);
        Some(bytes)
    }

    fn put(&self, key: &[u8; 32], value: &[u8]) {
        // A value that cannot be kept, on a full disk say, is compressed again next time.
        let _ = self.store(key, value);
    }
}

/// Writes a value beside its place, then moves it there.
fn write_file(
    mut file: fs::File,
    beside: &Path,
    key: &[u8; 32],
    value: &[u8],
    path: &Path,
) -> io::Result<()> {
    file.write_all(&[&MAGIC[..], &checksum(key, value)].concat())?;
    file.write_all(value)?;
    fs::rename(beside, path)
}

fn is_sound(key: &[u8; 32], bytes: &[u8]) -> bool {
    bytes.len() >= HEADER
        && bytes.starts_with(MAGIC)
        && bytes[MAGIC.len()..HEADER] == checksum(key, &bytes[HEADER..])
}

/// Covers the key too, so that a file under a wrong name is noticed.
fn checksum(key: &[u8; 32], value: &[u8]) -> [u8; 32] {
    blake3::keyed_hash(key, value).into()
}

fn mark_used(path: &Path) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    // A time that cannot be set only makes the value leave earlier.
    let _ = rustix::fs::utimensat(CWD, path, &times, AtFlags::empty());
}

/// A file of the cache; the longest unused sorts first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CacheFile {
    used: (i64, i64),
    path: PathBuf,
    size: u64,
}

/// Lists the files of a cache, also those that a killed process left unfinished.
fn files(folder: &Path) -> io::Result<Vec<CacheFile>> {
    let mut files = Vec::new();
    for shelf in sorted_names(folder)? {
        let shelf = folder.join(shelf);
        for name in sorted_names(&shelf).unwrap_or_default() {
            let path = shelf.join(name);
            if let Ok(metadata) = fs::metadata(&path) {
                let used = (metadata.mtime(), metadata.mtime_nsec());
                files.push(CacheFile { used, path, size: metadata.len() });
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_damage_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = DirCache::open(folder.path(), 1 << 20).unwrap();
        cache.put(&[1; 32], b"value");
        assert_eq!(cache.get(&[1; 32]).unwrap(), b"value");
        assert_eq!(cache.get(&[2; 32]), None);

        let path = cache.path(&[1; 32]);
        fs::create_dir_all(cache.path(&[2; 32]).parent().unwrap()).unwrap();
        fs::copy(&path, cache.path(&[2; 32])).unwrap();
        assert_eq!(cache.get(&[2; 32]), None, "a file under a wrong name");

        let mut bytes = fs::read(&path).unwrap();
        for cut in [0, 8, 39, 44] {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(cache.get(&[1; 32]), None, "{cut} bytes");
            assert!(!path.exists(), "what is damaged is removed");
        }
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(cache.get(&[1; 32]), None, "one bit");
    }

    /// Two that begin with the same numbers, as processes of two containers do.
    #[test]
    fn two_caches_of_one_folder_do_not_write_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| DirCache::open(folder.path(), 1 << 20).unwrap());
        let shelf = folder.path().join("ab");
        fs::create_dir(&shelf).unwrap();
        let (begun, mut file) = one.begin(&shelf).unwrap();
        file.write_all(b"half of").unwrap();
        let (of_other, _) = other.begin(&shelf).unwrap();
        assert_ne!(begun, of_other);
        assert_eq!(fs::read(&begun).unwrap(), b"half of");
        std::thread::scope(|scope| {
            for cache in [&one, &other] {
                scope.spawn(move || {
                    (0..100).for_each(|key| cache.put(&[key; 32], &[key; 3000]));
                });
            }
        });
        for key in 0..100 {
            assert_eq!(one.get(&[key; 32]).as_deref(), Some(&[key; 3000][..]), "{key}");
        }
    }

    #[test]
    fn the_longest_unused_values_leave_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = DirCache::open(folder.path(), 10_000).unwrap();
        for turn in 0..20 {
            cache.put(&[turn; 32], &[turn; 1000]);
            cache.get(&[0; 32]).expect("what is used stays");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(cache.get(&[1; 32]), None);
        assert_eq!(cache.get(&[19; 32]).unwrap(), [19; 1000]);
        let size: u64 = files(folder.path()).unwrap().iter().map(|file| file.size).sum();
        assert!(size <= 10_000, "{size}");
        assert!(DirCache::open(folder.path(), 10_000).unwrap().get(&[19; 32]).is_some());
    }
}
