//! Fetches files by URL and digest into a folder of the store, where they stay. Does not know what they are for.

use std::fs::File;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_fetch::{Authorities, Downloader, Expected, Patience, Unwatched, without_password};
use tempfile::NamedTempFile;

use crate::place;
use crate::session::Session;

/// The largest download, in bytes.
const LARGEST: u64 = 4 << 30;

/// A folder of downloads, each under its digest.
pub(crate) struct Downloads {
    /// The folder; `None` if there is no store.
    folder: Option<PathBuf>,
    /// A folder of the project that may have them, too.
    vendor: Option<PathBuf>,
    /// Why nothing is fetched, if so.
    offline: Option<String>,
    authorities: Authorities,
}

impl Downloads {
    /// Takes a folder of this name in the store.
    pub(crate) fn new(name: &str, session: &Session) -> Self {
        let folder = session.store().ok().and_then(|store| store.cache_dir(name).ok());
        let (offline, authorities) = (session.offline(), session.authorities());
        Self { folder, vendor: None, offline, authorities }
    }

    /// Looks into a folder, too, before it fetches.
    pub(crate) fn with_vendor(self, folder: PathBuf) -> Self {
        Self { vendor: Some(folder), ..self }
    }

    /// Has no folder, and fetches nothing.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { folder: None, vendor: None, offline: None, authorities: Authorities::default() }
    }

    /// Returns where the file with this digest is, after it was fetched if it was not there. The error says why it is
    /// not, in words.
    pub(crate) fn get(&self, url: &str, digest: Digest) -> Result<PathBuf, String> {
        let folder = self.folder.as_deref();
        let folder = folder.ok_or("there is no store to keep a download in")?;
        if let Some(path) = self.kept(digest) {
            return Ok(path);
        }
        match &self.offline {
            Some(why) => Err(format!("{} is not in the store, and {why}", without_password(url))),
            None => self.fetch(folder, url, digest),
        }
    }

    /// Returns where the file with this digest is, if it is there.
    pub(crate) fn kept(&self, digest: Digest) -> Option<PathBuf> {
        let path = self.folder.as_ref()?.join(digest.hex());
        (is(&path, digest) || self.vendored(digest, &path)).then_some(path)
    }

    /// Takes a file out of the project's folder, whose bytes are compared once they are here. Tells whether it had it.
    fn vendored(&self, digest: Digest, path: &Path) -> bool {
        let Some(folder) = &self.vendor else { return false };
        let taken = place::bring(&folder.join(digest.hex()), path);
        let taken = taken.ok().filter(|new| is(new, digest));
        taken.is_some_and(|new| place::take_place(new, path).is_ok())
    }

    /// Fetches a file that is not there yet.
    fn fetch(&self, folder: &Path, url: &str, digest: Digest) -> Result<PathBuf, String> {
        let (mirror, name) = url.rsplit_once('/').ok_or_else(|| "it has no URL".to_owned())?;
        // A name of its own: a process of another container may have our number, and our store.
        let new = NamedTempFile::new_in(folder);
        let new = new.map_err(|error| format!("{}: {error}", folder.display()))?;
        let expected = Expected { digest: Some(digest), size: None, limit: LARGEST };
        let downloader = Downloader::new(1, Patience::default(), &self.authorities)
            .map_err(|error| error.to_string())?;
        downloader
            .fetch(&[mirror.to_owned()], name, &expected, new.as_file(), &Unwatched)
            .map_err(|error| error.to_string())?;
        let path = folder.join(digest.hex());
        new.persist(&path).map_err(|error| error.to_string())?;
        Ok(path)
    }
}

/// Tells whether a regular file has this digest.
fn is(path: &Path, digest: Digest) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    is_file && File::open(path).and_then(|file| Digest::of_file(&file)).is_ok_and(|it| it == digest)
}
