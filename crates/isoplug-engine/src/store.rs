//! The folder of immutable blobs and of the records that map keys to digests.
//!
//! | Folder | Holds |
//! | --- | --- |
//! | `blobs-v1/sha256/ab/<hex>` | blobs, mode 0444; they appear by one rename, after fsync |
//! | `seals-v1/ab/<hex>` | size, mtime and inode of a blob as it was put; its own mtime says when it was last used |
//! | `records-v1/<key>.json` | what a stage made of which inputs; the mtime says when it was last used |
//! | `logs-v1/<key>.log` | what a stage logged |
//! | `failed-v1/<key>/` | scratch folders of failed stages, if wanted |
//! | `tmp/<build>/` | files in the making; locked while their process lives |
//! | `locks/` | `store` (shared: a build, exclusive: gc), `<key>` (held while the stage runs), `blobs` (shared: one appears, exclusive: a damaged one is removed) |
//! | `caches/<name>/` | side caches with a layout of their own |
//! | `salt-v1` | random bytes, with which digests of secrets are made |
//!
//! Knows no graph and no stages. Several processes may use one store at the same time.

mod blob;
mod collect;
mod file;
mod lock;
mod record;
mod salt;
mod usage;
mod verify;
mod workspace;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use blob::NewBlob;
pub use collect::{Freed, Keep};
pub use file::mark_used;
pub use lock::{Guard, hold_folder};
pub use record::{Output, Record, Row, RowValue};
pub use usage::{Size, Usage};
pub use verify::Damaged;

use crate::key::Salt;
use crate::{Digest, Error, NotWritable, StageKey};
use workspace::Workspace;

/// Removes a folder below `tmp/` whatever it holds; files of other owners may need more than `remove_dir_all`.
pub type Cleaner = fn(&Path) -> io::Result<()>;

const BLOBS: &str = "blobs-v1/sha256";
const SEALS: &str = "seals-v1";
const RECORDS: &str = "records-v1";
const LOGS: &str = "logs-v1";
const FAILED: &str = "failed-v1";
const TMP: &str = "tmp";
const LOCKS: &str = "locks";
const CACHES: &str = "caches";

/// Tells backup programs to pass by: <https://bford.info/cachedir/>.
const CACHE_TAG: &str =
    "Signature: 8a477f597d28d172789f06886806bc55\n# Made by isoplug; can be made again.\n";

/// How to open a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How to remove folders below `tmp/`.
    pub cleaner: Cleaner,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { cleaner: |folder| fs::remove_dir_all(folder) }
    }
}

/// The open store; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    salt: Salt,
    cleaner: Cleaner,
    workspace: Mutex<Option<Arc<Workspace>>>,
}

impl Store {
    /// Opens the store in this folder, and makes it if need be.
    ///
    /// # Errors
    ///
    /// When the folder cannot be the store: it cannot be made, read or written to.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(root, StoreOptions::default())
    }

    /// Opens the store and removes what processes that died left under `tmp/`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be the store: it cannot be made, read or written to.
    pub fn open_with(root: impl AsRef<Path>, options: StoreOptions) -> Result<Self, Error> {
        let root = root.as_ref();
        make_folders(root).map_err(|(path, source)| not_a_store(root, path, source))?;
        let root = fs::canonicalize(root).map_err(Error::io("find", root))?;
        let store = Self {
            inner: Arc::new(Inner {
                salt: salt::read(&root)?,
                root,
                cleaner: options.cleaner,
                workspace: Mutex::default(),
            }),
        };
        workspace::clean_dead(&store.folder(TMP), options.cleaner)?;
        Ok(store)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// What digests of secrets are made with.
    pub(crate) fn salt(&self) -> Salt {
        self.inner.salt
    }

    /// A folder for a side cache with a layout of its own; `usage` counts it, and `gc` does what
    /// [`Keep::caches`] says.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn cache_dir(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.folder(CACHES).join(name);
        fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        Ok(folder)
    }

    /// The log of the stage run that had this key; there may be none.
    pub fn log_path(&self, key: &StageKey) -> PathBuf {
        self.folder(LOGS).join(format!("{key}.log"))
    }

    /// The scratch folder that a failed run with this key left, if it was to be kept.
    pub fn failed_path(&self, key: &StageKey) -> PathBuf {
        self.folder(FAILED).join(key.hex())
    }

    /// Makes a private empty folder, which is removed with all in it when this process ends, or by who opens the store after
    /// that.
    ///
    /// # Errors
    ///
    /// When the store cannot be written to.
    pub fn scratch(&self) -> Result<PathBuf, Error> {
        let folder = self.workspace()?.new_path("scratch");
        // Others may have no look at what programs own in it.
        let private = fs::DirBuilder::new().mode(0o700).create(&folder);
        private.map_err(Error::io("make", &folder))?;
        Ok(folder)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.inner.root.join(name)
    }

    /// Where this process makes its files.
    pub(crate) fn workspace(&self) -> Result<Arc<Workspace>, Error> {
        let mut workspace = crate::context::guard(&self.inner.workspace);
        if let Some(workspace) = workspace.as_ref() {
            return Ok(workspace.clone());
        }
        let made = Arc::new(Workspace::new(&self.folder(TMP), self.inner.cleaner)?);
        *workspace = Some(made.clone());
        Ok(made)
    }

    /// Removes a folder with the cleaner.
    pub(crate) fn clean(&self, folder: &Path) -> Result<(), Error> {
        (self.inner.cleaner)(folder).map_err(Error::io("remove", folder))
    }
}

/// Where below `folder` the file of a digest is.
fn sharded(folder: &Path, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    folder.join(&hex[..2]).join(&hex)
}

fn make_folders(root: &Path) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (root.to_owned(), error);
    make_root(root).map_err(failed)?;
    // What holds other things may be anything, such as /tmp: its mode is no business of ours.
    let tag = root.join("CACHEDIR.TAG");
    let is_tagged = fs::read(&tag).is_ok_and(|text| text == CACHE_TAG.as_bytes());
    let is_own = is_tagged || file::list(root).is_ok_and(|found| found.is_empty());
    if is_own {
        close(root).map_err(failed)?;
    }
    let is_shared = fs::metadata(root).map_err(failed)?.permissions().mode() & 0o2000 != 0;
    for folder in [BLOBS, SEALS, RECORDS, LOGS, FAILED, TMP, LOCKS, CACHES] {
        let folder = root.join(folder);
        let mode = if is_shared { 0o770 } else { 0o700 };
        let made = fs::DirBuilder::new().recursive(true).mode(mode).create(&folder);
        made.map_err(|error| (folder, error))?;
    }
    if is_own && !is_tagged {
        fs::write(&tag, CACHE_TAG).map_err(|error| (tag, error))?;
    }
    let probe = tempfile::tempfile_in(root.join(TMP));
    probe.map(drop).map_err(|error| (root.join(TMP), error))
}

/// Makes the folder of a store, into which nobody else sees: in a store lie what is secret in images, and
/// setuid programs of their trees.
fn make_root(root: &Path) -> io::Result<()> {
    if let Some(parent) = root.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(root) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Closes the folder of a store that others see into. One that gives its group to what is made in it (setgid)
/// is shared with that group on purpose.
fn close(root: &Path) -> io::Result<()> {
    let mode = fs::metadata(root)?.permissions().mode() & 0o7777;
    let private = if mode & 0o2000 == 0 { mode & 0o7700 } else { mode & 0o7770 };
    if mode == private {
        return Ok(());
    }
    match fs::set_permissions(root, Permissions::from_mode(private)) {
        // Somebody else's folder is theirs to close.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        changed => changed,
    }
}

fn not_a_store(root: &Path, at: PathBuf, source: io::Error) -> Error {
    let reason = match source.kind() {
        io::ErrorKind::PermissionDenied => NotWritable::NoPermission,
        io::ErrorKind::ReadOnlyFilesystem => NotWritable::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => NotWritable::Full,
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => NotWritable::NotAFolder,
        _ => NotWritable::Impossible,
    };
    let path = if reason == NotWritable::NotAFolder { at } else { root.to_owned() };
    Error::NotAStore { path, reason, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn nobody_else_sees_into_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a/store");
        Store::open(&root).unwrap();
        assert_eq!(mode(&root), 0o700);
        // One that an older isoplug made is closed; one for a group stays open to the group alone.
        for (was, becomes) in [(0o755, 0o700), (0o777, 0o700), (0o2775, 0o2770), (0o500, 0o500)] {
            fs::set_permissions(&root, Permissions::from_mode(was)).unwrap();
            close(&root).unwrap();
            assert_eq!(mode(&root), becomes, "{was:o}");
        }
        fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
    }

    /// Whoever names /tmp or /proc by mistake must not find it closed to all others.
    #[test]
    fn a_folder_with_other_things_in_it_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::set_permissions(root, Permissions::from_mode(0o1777)).unwrap();
        fs::write(root.join("of another"), "").unwrap();
        for _ in 0..2 {
            Store::open(root).unwrap();
            assert_eq!(mode(root), 0o1777);
            assert_eq!(mode(&root.join(RECORDS)), 0o700);
        }
        let empty = tempfile::tempdir().unwrap();
        fs::set_permissions(empty.path(), Permissions::from_mode(0o755)).unwrap();
        Store::open(empty.path()).unwrap();
        assert_eq!(mode(empty.path()), 0o700);
    }
}
