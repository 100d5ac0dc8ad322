//! A tree in which no program runs any more, so that what was looked up stays what it is. Links
//! are never followed as long as folders are entered only after they were found to be folders.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use isoplug_formats::tree::sorted_names;
use rustix::fs::{Mode, OFlags, open};

/// A name and the value of an extended attribute.
type Attribute = (OsString, Vec<u8>);

/// The folder of the tree.
#[derive(Clone, Copy)]
pub(crate) struct Still<'a>(pub(crate) &'a Path);

impl Still<'_> {
    fn place(self, path: &[u8]) -> PathBuf {
        self.0.join(std::ffi::OsStr::from_bytes(path))
    }

    /// Returns what there is about an entry, not about what it links to.
    pub(crate) fn metadata(self, path: &[u8]) -> io::Result<Metadata> {
        self.place(path).symlink_metadata()
    }

    /// Returns the sorted names in a folder.
    pub(crate) fn names(self, path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        Ok(sorted_names(&self.place(path))?.into_iter().map(OsStringExt::into_vec).collect())
    }

    /// Opens a file for reading.
    pub(crate) fn file(self, path: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(open(self.place(path), flags, Mode::empty())?.into())
    }

    /// Returns where a link points.
    pub(crate) fn target(self, path: &[u8]) -> io::Result<Vec<u8>> {
        Ok(self.place(path).read_link()?.into_os_string().into_vec())
    }

    /// Removes a file.
    pub(crate) fn remove(self, path: &[u8]) -> io::Result<()> {
        std::fs::remove_file(self.place(path))
    }

    /// Returns the extended attributes of an entry that are wanted by name.
    pub(crate) fn attributes(
        self,
        path: &[u8],
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Vec<Attribute>> {
        let place = self.place(path);
        let mut found = Vec::new();
        for name in xattr::list(&place)?.filter(|name| is_wanted(name.as_bytes())) {
            if let Some(value) = xattr::get(&place, &name)? {
                found.push((name, value));
            }
        }
        Ok(found)
    }

    /// Removes all that is in the folder but not the folder, which may be missing.
    pub(crate) fn empty(self) -> io::Result<()> {
        let names = match sorted_names(self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        for name in names {
            let path = self.0.join(name);
            if path.symlink_metadata()?.is_dir() {
                std::fs::remove_dir_all(&path)?;
            } else {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}
