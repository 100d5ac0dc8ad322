//! Removes what was not used for long: records, the blobs that only they need, blobs that no record needs, and
//! files of side caches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::{BLOBS, CACHES, FAILED, LOCKS, LOGS, Record, Store, file};
use crate::{Digest, Error};

/// No process takes longer to write one file of a side cache.
const LONGEST_WRITE: Duration = Duration::from_secs(24 * 3600);

/// What `gc` keeps: what both limits allow. Without limits it keeps all that a record needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep<'a> {
    /// What was used within this time.
    pub used_within: Option<Duration>,
    /// What was used last, until blobs and files take so many bytes.
    pub bytes: Option<u64>,
    /// The side caches that the limits count for: any of their files can be made again, and a use
    /// is marked with [`mark_used`](super::mark_used). A file in the making has a name that begins
    /// with a dot, and stays. Other caches are left alone.
    pub caches: &'a [&'a str],
    /// The side caches of which each folder goes or stays as one; its use is marked at the folder itself.
    pub folders: &'a [&'a str],
}

/// What `gc` removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// Records.
    pub records: u64,
    /// Blobs.
    pub blobs: u64,
    /// Files and folders of side caches.
    pub files: u64,
    /// Bytes of blobs and files.
    pub bytes: u64,
}

/// What is kept or removed as one.
struct Item {
    age: Duration,
    what: What,
}

enum What {
    /// A record with its blobs.
    Record(Record, BTreeSet<Digest>),
    /// A blob without a record.
    Loose(Digest),
    /// A file or a folder of a side cache, and its bytes.
    File(PathBuf, u64),
}

/// What goes, and which blobs stay.
#[derive(Default)]
struct Choice {
    records: Vec<Record>,
    files: Vec<(PathBuf, u64)>,
    kept: BTreeSet<Digest>,
}

impl Store {
    /// Removes the least recently used. Fails with [`Error::Busy`] while a build or its [`crate::Outputs`] live.
    ///
    /// # Errors
    ///
    /// With [`Error::Busy`] when somebody uses the store; else when something in it cannot be read or removed.
    pub fn gc(&self, keep: Keep<'_>) -> Result<Freed, Error> {
        let _guard = self.take_alone()?;
        let sizes = self.blob_sizes()?;
        let Choice { records, files, kept } = self.choose(keep, &sizes)?;
        let mut freed = Freed { records: records.len() as u64, ..Freed::default() };
        for record in &records {
            file::remove(&self.record_path(&record.key))?;
            file::remove(&self.log_path(&record.key))?;
        }
        for (digest, bytes) in sizes.iter().filter(|(digest, _)| !kept.contains(digest)) {
            self.remove_blob(digest)?;
            freed.blobs += 1;
            freed.bytes += bytes;
        }
        for (path, bytes) in &files {
            self.remove_cached(path)?;
            freed.files += 1;
            freed.bytes += bytes;
        }
        self.remove_litter(keep)?;
        Ok(freed)
    }

    fn choose(&self, keep: Keep<'_>, sizes: &BTreeMap<Digest, u64>) -> Result<Choice, Error> {
        let mut choice = Choice::default();
        let mut bytes = 0;
        let mut full = false;
        let limited = keep.used_within.is_some() || keep.bytes.is_some();
        for Item { age, what } in self.items(keep, sizes)? {
            let more = what.bytes_beside(&choice.kept, sizes);
            full |= keep.used_within.is_some_and(|limit| age > limit);
            full |= keep.bytes.is_some_and(|limit| bytes + more > limit);
            match what {
                What::Record(record, _) if full => choice.records.push(record),
                What::File(path, size) if full => choice.files.push((path, size)),
                What::Loose(_) if full || !limited => {}
                what => {
                    bytes += more;
                    choice.kept.extend(what.blobs());
                }
            }
        }
        Ok(choice)
    }

    /// Everything that can be kept, last used first.
    fn items(&self, keep: Keep<'_>, sizes: &BTreeMap<Digest, u64>) -> Result<Vec<Item>, Error> {
        let with_record = self.records()?.into_iter().map(|(age, record)| {
            let blobs = record.blobs().copied().collect();
            Item { age, what: What::Record(record, blobs) }
        });
        let mut items: Vec<Item> = with_record.collect();
        let needed: BTreeSet<Digest> = items.iter().flat_map(|item| item.what.blobs()).collect();
        let loose = sizes.keys().filter(|digest| !needed.contains(digest)).map(|digest| {
            let age = file::last_use(&self.seal_path(digest)).unwrap_or(Duration::MAX);
            Item { age, what: What::Loose(*digest) }
        });
        items.extend(loose);
        for cache in keep.caches {
            items.extend(self.files_of(cache)?);
        }
        for cache in keep.folders {
            items.extend(self.folders_of(cache)?);
        }
        items.sort_by_key(|item| item.age);
        Ok(items)
    }

    fn files_of(&self, cache: &str) -> Result<impl Iterator<Item = Item> + use<>, Error> {
        let files = file::walk(&self.folder(CACHES).join(cache))?;
        let whole = files.into_iter().filter(|(path, metadata)| !is_in_making(path, metadata));
        Ok(whole.map(|(path, metadata)| {
            let what = What::File(path, file::disk_size(&metadata));
            Item { age: file::age(&metadata), what }
        }))
    }

    fn folders_of(&self, cache: &str) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        for path in file::list(&self.folder(CACHES).join(cache))? {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() && !is_in_making(&path, &metadata) {
                let files = file::walk(&path)?;
                let bytes = files.iter().map(|(_, metadata)| file::disk_size(metadata)).sum();
                items.push(Item { age: file::age(&metadata), what: What::File(path, bytes) });
            }
        }
        Ok(items)
    }

    /// Removes a file or a folder of a side cache. A folder is gone at once: nobody finds half of one.
    fn remove_cached(&self, path: &Path) -> Result<(), Error> {
        if !path.is_dir() {
            return file::remove(path);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = path.with_file_name(format!(".{name}"));
        fs::rename(path, &aside).map_err(Error::io("remove", path))?;
        self.clean(&aside)
    }

    fn blob_sizes(&self) -> Result<BTreeMap<Digest, u64>, Error> {
        let mut sizes = BTreeMap::new();
        for (path, metadata) in file::walk(&self.folder(BLOBS))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Ok(digest) = Digest::from_hex(&name) {
                sizes.insert(digest, file::disk_size(&metadata));
            }
        }
        Ok(sizes)
    }

    /// Nobody builds now, so locks of keys are free; logs and folders of failed stages have no record.
    fn remove_litter(&self, keep: Keep<'_>) -> Result<(), Error> {
        for lock in file::list(&self.folder(LOCKS))? {
            // These two are also taken outside a run.
            if lock.file_name().is_some_and(|name| name != "store" && name != "blobs") {
                file::remove(&lock)?;
            }
        }
        let Some(limit) = keep.used_within else { return Ok(()) };
        for path in [file::list(&self.folder(LOGS))?, file::list(&self.folder(FAILED))?].concat() {
            if file::last_use(&path).is_none_or(|age| age <= limit) {
                continue;
            }
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.clean(&path)?,
                _ => file::remove(&path)?,
            }
        }
        Ok(())
    }
}

/// Side caches are written to outside a run, too, so a file may be on its way to its name: one whose name
/// begins with a dot, unless it is so old that its process must be dead.
fn is_in_making(path: &Path, metadata: &fs::Metadata) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    hidden && file::age(metadata) < LONGEST_WRITE
}

impl What {
    fn blobs(&self) -> BTreeSet<Digest> {
        match self {
            Self::Record(_, blobs) => blobs.clone(),
            Self::Loose(digest) => BTreeSet::from([*digest]),
            Self::File(..) => BTreeSet::new(),
        }
    }

    /// The bytes that it takes beside blobs that are kept anyway.
    fn bytes_beside(&self, kept: &BTreeSet<Digest>, sizes: &BTreeMap<Digest, u64>) -> u64 {
        match self {
            Self::File(_, bytes) => *bytes,
            _ => self.blobs().difference(kept).filter_map(|digest| sizes.get(digest)).sum(),
        }
    }
}
