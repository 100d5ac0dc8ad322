//! A tree in which no program runs any more, so that what was looked up stays what it is. Links
//! are never followed as long as folders are entered only after they were found to be folders.

use std::ffi::OsString;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
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

    /// Removes all that is in the folder but not the folder, which may be missing. However deep folders lie in
    /// each other, no path gets longer and no more files are open: what `remove_dir_all` has not enough
    /// descriptors for is moved up.
    pub(crate) fn empty(self) -> io::Result<()> {
        let mut moved = 0;
        loop {
            let names = match sorted_names(self.0) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                names => names?,
            };
            if names.is_empty() {
                return Ok(());
            }
            for name in names {
                let path = self.0.join(name);
                if !path.symlink_metadata()?.is_dir() {
                    std::fs::remove_file(&path)?;
                } else if std::fs::remove_dir_all(&path).is_err() {
                    self.take_apart(&path, &mut moved)?;
                }
            }
        }
    }

    /// Removes a folder, and moves the folders in it up.
    fn take_apart(self, folder: &Path, moved: &mut u64) -> io::Result<()> {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        for name in sorted_names(folder)? {
            let path = folder.join(name);
            if !path.symlink_metadata()?.is_dir() {
                std::fs::remove_file(&path)?;
                continue;
            }
            // Moving a folder writes to it, too.
            std::fs::set_permissions(&path, Permissions::from_mode(0o700))?;
            std::fs::rename(&path, self.free_place(moved))?;
        }
        std::fs::remove_dir(folder)
    }

    /// Returns a path right in the folder at which there is nothing.
    fn free_place(self, moved: &mut u64) -> PathBuf {
        loop {
            *moved += 1;
            let path = self.0.join(format!("moved-{moved}"));
            if path.symlink_metadata().is_err() {
                return path;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_apart_goes_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/b/c")).unwrap();
        std::fs::create_dir_all(at("moved-1/b")).unwrap();
        std::fs::write(at("a/b/file"), "x").unwrap();
        std::fs::write(at("kept"), "x").unwrap();
        std::os::unix::fs::symlink(at("kept"), at("a/link")).unwrap();
        std::fs::set_permissions(at("a/b"), Permissions::from_mode(0o000)).unwrap();
        let mut moved = 0;
        Still(folder.path()).take_apart(&at("a"), &mut moved).unwrap();
        assert_eq!(sorted_names(folder.path()).unwrap(), ["kept", "moved-1", "moved-2"]);
        Still(folder.path()).empty().unwrap();
        assert!(sorted_names(folder.path()).unwrap().is_empty());
    }
}
