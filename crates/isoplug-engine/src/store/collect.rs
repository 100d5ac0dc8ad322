//! Removes what was not used for long: records, the blobs that only they need, and blobs that no record needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use serde::Serialize;

use super::{BLOBS, FAILED, LOCKS, LOGS, Record, Store, file};
use crate::{Digest, Error};

/// What `gc` keeps: what both limits allow. Without limits it keeps all that a record needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// What was used within this time.
    pub used_within: Option<Duration>,
    /// What was used last, until its blobs take so many bytes.
    pub bytes: Option<u64>,
}

/// What `gc` removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// Records.
    pub records: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of the blobs.
    pub bytes: u64,
}

/// What is kept or removed as one: a record with its blobs, or a blob without a record.
struct Item {
    age: Duration,
    record: Option<Record>,
    blobs: BTreeSet<Digest>,
}

impl Store {
    /// Removes the least recently used. Fails with [`Error::Busy`] while a build or its [`crate::Outputs`] live.
    /// Side caches are left alone.
    pub fn gc(&self, keep: Keep) -> Result<Freed, Error> {
        let _guard = self.take_alone()?;
        let sizes = self.blob_sizes()?;
        let (records, kept) = self.choose(keep, &sizes)?;
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
        self.remove_litter(keep)?;
        Ok(freed)
    }

    /// Returns the records to remove and the blobs to keep.
    fn choose(
        &self,
        keep: Keep,
        sizes: &BTreeMap<Digest, u64>,
    ) -> Result<(Vec<Record>, BTreeSet<Digest>), Error> {
        let (mut removed, mut kept) = (Vec::new(), BTreeSet::new());
        let mut bytes = 0;
        let mut full = false;
        for item in self.items(sizes)? {
            let more: u64 =
                item.blobs.difference(&kept).filter_map(|digest| sizes.get(digest)).sum();
            full |= keep.used_within.is_some_and(|limit| item.age > limit);
            full |= keep.bytes.is_some_and(|limit| bytes + more > limit);
            match item.record {
                Some(record) if full => removed.push(record),
                None if full || keep == Keep::default() => {}
                _ => {
                    bytes += more;
                    kept.extend(item.blobs);
                }
            }
        }
        Ok((removed, kept))
    }

    /// Everything that can be kept, last used first.
    fn items(&self, sizes: &BTreeMap<Digest, u64>) -> Result<Vec<Item>, Error> {
        let with_record = self.records()?.into_iter().map(|(age, record)| {
            let blobs = record.blobs().copied().collect();
            Item { age, record: Some(record), blobs }
        });
        let mut items: Vec<Item> = with_record.collect();
        let needed: BTreeSet<Digest> =
            items.iter().flat_map(|item| item.blobs.iter().copied()).collect();
        let loose = sizes.keys().filter(|digest| !needed.contains(digest)).map(|digest| {
            let age = file::last_use(&self.seal_path(digest)).unwrap_or(Duration::MAX);
            Item { age, record: None, blobs: BTreeSet::from([*digest]) }
        });
        items.extend(loose);
        items.sort_by_key(|item| item.age);
        Ok(items)
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
    fn remove_litter(&self, keep: Keep) -> Result<(), Error> {
        for lock in file::list(&self.folder(LOCKS))? {
            if lock.file_name().is_some_and(|name| name != "store") {
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
