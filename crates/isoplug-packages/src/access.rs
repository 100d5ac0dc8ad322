//! What a source may use to read itself: mirrors, a folder to keep things in, and the time.

use std::io::{Read, Seek};
use std::path::PathBuf;

use super::apt;
use isoplug_fetch::{Downloader, Expected, Watch};

/// What of the lock may be given up when a source is read anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allow {
    /// A Release file that is older than the locked one.
    pub older: bool,
    /// A Release file that is called otherwise than the locked one.
    pub other_suite: bool,
}

/// What a source may use. Everything comes from the command; nothing of it reaches a lock.
pub struct Access<'a> {
    /// Fetches.
    pub downloader: &'a Downloader,
    /// Where fetched Release files and indices are kept, by digest.
    pub cache: PathBuf,
    /// The time, in seconds since 1970, for what says how long it is valid.
    pub now: u64,
    /// Whether mirrors must not be asked.
    pub offline: bool,
    /// The architecture whose packages are wanted.
    pub architecture: String,
    /// Those whose packages are wanted beside them in the same image.
    pub foreign: Vec<String>,
    /// The others that images may have: what is not found is looked for there, to say so.
    pub others: Vec<String>,
    /// What of the lock may be given up.
    pub allow: Allow,
    /// Watches the transfers.
    pub watch: &'a dyn Watch,
}

impl Access<'_> {
    /// Fetches a small file into memory.
    pub(super) fn fetch(
        &self,
        mirrors: &[String],
        path: &str,
        expected: &Expected,
    ) -> Result<Vec<u8>, apt::Error> {
        if self.offline {
            return Err(apt::Error::Offline { path: path.to_owned() });
        }
        let unusable =
            |source| apt::Error::Cache { action: "use", path: self.cache.clone(), source };
        let mut file = tempfile::tempfile().map_err(unusable)?;
        self.downloader
            .fetch(mirrors, path, expected, &file, self.watch)
            .map_err(|source| apt::Error::Download { source_name: path.to_owned(), source })?;
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(unusable)?;
        Ok(bytes)
    }
}
