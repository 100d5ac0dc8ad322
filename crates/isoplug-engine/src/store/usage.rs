//! How much of the disk the store takes, by kind.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::{BLOBS, CACHES, FAILED, LOGS, RECORDS, SEALS, Store, TMP, file};
use crate::Error;

/// Files, and the bytes they take on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many.
    pub files: u64,
    /// How much, in bytes.
    pub bytes: u64,
}

/// What the store holds, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Blobs.
    pub blobs: Size,
    /// Records and seals.
    pub records: Size,
    /// Logs.
    pub logs: Size,
    /// Scratch folders of failed stages.
    pub failed: Size,
    /// Files in the making.
    pub tmp: Size,
    /// Side caches by name.
    pub caches: BTreeMap<String, Size>,
}

impl Size {
    fn of(folder: &Path) -> Result<Self, Error> {
        let add = |size: Self, bytes| Self { files: size.files + 1, bytes: size.bytes + bytes };
        let files = file::walk(folder)?;
        Ok(files.iter().map(|(_, metadata)| file::disk_size(metadata)).fold(Self::default(), add))
    }

    fn plus(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes + other.bytes }
    }
}

impl Usage {
    /// All of it.
    pub fn total(&self) -> Size {
        let fixed = [self.blobs, self.records, self.logs, self.failed, self.tmp];
        fixed.into_iter().chain(self.caches.values().copied()).fold(Size::default(), Size::plus)
    }
}

impl Store {
    /// Measures the store.
    ///
    /// # Errors
    ///
    /// When a folder of the store cannot be read.
    pub fn usage(&self) -> Result<Usage, Error> {
        let size = |name| Size::of(&self.folder(name));
        let mut caches = BTreeMap::new();
        for folder in file::list(&self.folder(CACHES))? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            caches.insert(name, Size::of(&folder)?);
        }
        Ok(Usage {
            blobs: size(BLOBS)?,
            records: size(RECORDS)?.plus(size(SEALS)?),
            logs: size(LOGS)?,
            failed: size(FAILED)?,
            tmp: size(TMP)?,
            caches,
        })
    }
}
