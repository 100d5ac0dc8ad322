//! The one way to files that programs of a tree could have made, moved or linked elsewhere.
//!
//! While programs run, and between them: [`Rooted`], where no link leads out of the folder. When
//! none runs any more: [`still`].

pub(super) mod still;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_OMIT, fchmod,
    fstat, futimens, mkdirat, open, openat2, unlinkat,
};

use super::job::{Failure, Text};

/// The most bytes of a file that is read as text.
const TEXT: u64 = 256 << 20;

/// A folder whose files programs may have had in their hands. Paths are below it, with or without
/// a slash at their beginning.
#[derive(Debug, Clone)]
pub struct Rooted(PathBuf);

impl Rooted {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// Writes a file with all its folders there; see [`Text`]. Links are followed inside.
    pub(super) fn write(&self, path: &str, file: &Text) -> io::Result<()> {
        let place = if file.append { OFlags::APPEND } else { OFlags::TRUNC };
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NONBLOCK | place;
        let mode = Mode::from_raw_mode(file.mode);
        let mut opened = regular(self.open(path, flags, mode, ResolveFlags::IN_ROOT)?)?;
        fchmod(&opened, mode)?;
        opened.write_all(file.text.as_bytes())
    }

    /// Makes a file that must not be there, in a folder to which no link may lead.
    ///
    /// # Errors
    ///
    /// When it is there already, or leads out of the folder.
    pub fn create(&self, path: &str, mode: u32) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let path = path.trim_start_matches('/');
        let file = self.open(path, flags, Mode::from_raw_mode(mode), resolve)?;
        // Whatever the mask is.
        fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(file.into())
    }

    /// Makes a folder; one that is there stays.
    ///
    /// # Errors
    ///
    /// When it is there already, or leads out of the folder.
    pub fn make_folder(&self, name: &str) -> io::Result<()> {
        match mkdirat(self.root()?, name, Mode::from_raw_mode(0o755)) {
            Err(rustix::io::Errno::EXIST) => Ok(()),
            made => Ok(made?),
        }
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is no regular file, or leads out of the folder.
    pub fn file(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        regular(self.open(path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?)
    }

    /// Returns the text of a file.
    pub(super) fn text(&self, path: &str) -> io::Result<String> {
        let mut text = String::new();
        if self.file(path)?.take(TEXT + 1).read_to_string(&mut text)? as u64 > TEXT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(text)
    }

    /// Returns the sorted names in a folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or leads out of the folder.
    pub fn names(&self, path: &str) -> io::Result<Vec<OsString>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
        let folder = self.open(path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
        let mut names = Vec::new();
        for entry in Dir::new(folder)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Sets the time of folders on the tree's file system to `latest` where it is newer; in seconds since 1970. Links are
    /// followed inside. What is no folder, or cannot be opened since a program put something in the way, stays as it is.
    pub(super) fn limit_times<'a>(
        &self,
        folders: impl IntoIterator<Item = &'a Vec<u8>>,
        latest: i64,
    ) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
        let time = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: latest, tv_nsec: 0 },
        };
        let root = self.root()?;
        for path in folders {
            let Ok(folder) = openat2(&root, path.as_slice(), flags, Mode::empty(), resolve) else {
                continue;
            };
            let modified = fstat(&folder)?;
            if (modified.st_mtime, modified.st_mtime_nsec) > (latest, 0) {
                futimens(&folder, &time)?;
            }
        }
        Ok(())
    }

    /// Whether there is something with this path.
    pub fn exists(&self, path: &str) -> bool {
        self.open(path, OFlags::PATH, Mode::empty(), ResolveFlags::IN_ROOT).is_ok()
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// When it cannot be removed, or leads out of the folder.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let path = Path::new(path);
        let folder = path.parent().and_then(Path::to_str).unwrap_or_default();
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let folder = self.open(folder, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
        Ok(unlinkat(folder, name, AtFlags::empty())?)
    }

    /// Returns a folder to mount something on, which is made if it is missing.
    pub(super) fn point(&self, name: &str) -> io::Result<Place> {
        self.make_folder(name)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        self.open(name, flags, Mode::empty(), ResolveFlags::IN_ROOT).map(Place)
    }

    /// Returns a regular file to mount another on, if there is one.
    pub(super) fn file_point(&self, path: &str) -> Option<Place> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        let place = self.open(path, flags, Mode::empty(), ResolveFlags::IN_ROOT).ok()?;
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&place).ok()?.st_mode);
        (kind == FileType::RegularFile).then_some(Place(place))
    }

    fn root(&self) -> io::Result<OwnedFd> {
        let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(open(&self.0, folder, Mode::empty())?)
    }

    fn open(
        &self,
        path: &str,
        flags: OFlags,
        mode: Mode,
        resolve: ResolveFlags,
    ) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { "." } else { path };
        let resolve = resolve | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(self.root()?, path, flags | OFlags::CLOEXEC, mode, resolve)?)
    }
}

/// Something in the tree that was found and can be named without being looked up again.
pub(super) struct Place(OwnedFd);

impl Place {
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}

/// Refuses what is no regular file: opening one to write may wait for a reader, or reach a device.
fn regular(file: OwnedFd) -> io::Result<File> {
    let file = File::from(file);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

impl Text {
    /// Makes the file beside the tree, as `name` in a folder that only process 1 sees.
    pub(super) fn make(&self, folder: &Path, name: &str) -> Result<PathBuf, Failure> {
        Rooted::new(folder).write(name, self).map_err(Failure::of(format!("write {name}")))?;
        Ok(folder.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn text(text: &str, append: bool) -> Text {
        Text { mode: 0o640, text: text.to_owned(), append }
    }

    #[test]
    fn links_stay_inside() {
        let [outside, inside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "secret").unwrap();
        symlink(outside.path(), inside.path().join("out")).unwrap();
        std::fs::create_dir(inside.path().join("etc")).unwrap();
        symlink("/etc", inside.path().join("link")).unwrap();
        let root = Rooted::new(inside.path());

        assert!(root.text("out/secret").is_err());
        assert!(root.write("out/new", &text("x", false)).is_err());
        assert!(root.names("out").is_err() && root.point("out").is_err());
        root.write("link/word", &text("a", false)).unwrap();
        root.write("/etc/word", &text("b", true)).unwrap();
        assert_eq!(root.text("../link/word").unwrap(), "ab");
        assert_eq!(root.names("link").unwrap(), ["word"]);
        root.remove("link/word").unwrap();
        assert!(root.text("etc/word").is_err());
        assert!(root.file("etc").is_err());
    }

    fn set(path: &Path, seconds: u64) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        File::open(path).unwrap().set_modified(time).unwrap();
    }

    fn time(path: &Path) -> u64 {
        let time = path.symlink_metadata().unwrap().modified().unwrap();
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn times_of_folders_alone_are_limited() {
        let [outside, inside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let at = |path: &str| inside.path().join(path);
        std::fs::create_dir_all(at("usr/share/old")).unwrap();
        std::fs::write(at("usr/share/file"), "").unwrap();
        symlink(outside.path(), at("usr/out")).unwrap();
        symlink("share", at("usr/link")).unwrap();
        for path in ["usr", "usr/share/file", "usr/share"] {
            set(&at(path), 9_000);
        }
        set(&at("usr/share/old"), 50);
        set(outside.path(), 9_000);
        let folders = ["usr/link", "usr/share/old", "usr/share/file", "usr/out", "none"];
        let folders = folders.map(|path| path.as_bytes().to_vec());
        Rooted::new(inside.path()).limit_times(&folders, 100).unwrap();
        let times =
            ["usr", "usr/share", "usr/share/old", "usr/share/file"].map(|path| time(&at(path)));
        assert_eq!(times, [9_000, 100, 50, 9_000]);
        assert_eq!(time(outside.path()), 9_000, "links do not lead out");
    }

    #[test]
    fn nothing_that_is_there_is_made_again() {
        let [outside, inside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let victim = outside.path().join("victim");
        std::fs::write(&victim, "victim").unwrap();
        symlink(&victim, inside.path().join("a.deb")).unwrap();
        symlink(outside.path().join("new"), inside.path().join("dangling")).unwrap();
        symlink(outside.path(), inside.path().join("folder")).unwrap();
        let root = Rooted::new(inside.path());
        for taken in ["a.deb", "dangling", "folder/new", "../new", "folder/../../new"] {
            assert!(root.create(taken, 0o644).is_err(), "{taken}");
        }
        assert_eq!(std::fs::read_to_string(victim).unwrap(), "victim");
        let made = root.create("b.deb", 0o755).unwrap();
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
        assert!(root.create("b.deb", 0o755).is_err());
    }

    #[test]
    fn what_is_no_file_is_neither_read_nor_written() {
        let inside = tempfile::tempdir().unwrap();
        let root = Rooted::new(inside.path());
        let fifo = inside.path().join("fifo");
        let mode = Mode::from_raw_mode(0o666);
        rustix::fs::mknodat(rustix::fs::CWD, fifo, FileType::Fifo, mode, 0).unwrap();
        assert!(root.text("fifo").is_err());
        assert!(root.write("fifo", &text("x", false)).is_err());
        let sparse = std::fs::File::create(inside.path().join("sparse")).unwrap();
        sparse.set_len(TEXT + 1).unwrap();
        assert_eq!(root.text("sparse").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
