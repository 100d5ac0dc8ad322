//! Puts files into a folder that a stranger may have filled: each appears whole by one rename, and no link that lies
//! there is followed (CWE-59).

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile, TempPath};

/// Writes a text, in the place of a file or link of that name.
///
/// # Errors
/// What the system says.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = new_file(folder_of(path))?;
    // The file below: its own errors name a path that nobody knows.
    new.as_file().write_all(text.as_bytes())?;
    persist(new, path)
}

/// Gives a file another name beside the target, or copies it there from another file system. The new name can
/// take the place of the target's by [`take_place`], so that whoever reads the old file goes on reading it.
///
/// # Errors
/// What the system says.
pub(crate) fn bring(source: &Path, target: &Path) -> io::Result<TempPath> {
    let folder = folder_of(target);
    if let Ok(linked) = unfinished().make_in(folder, |new| fs::hard_link(source, new)) {
        return Ok(linked.into_temp_path());
    }
    let copied = new_file(folder)?;
    io::copy(&mut fs::File::open(source)?, &mut copied.as_file())?;
    Ok(copied.into_temp_path())
}

/// Lets what was brought take the place of a file or link of that name.
///
/// # Errors
/// What the system says.
pub(crate) fn take_place(new: TempPath, target: &Path) -> io::Result<()> {
    new.persist(target).map_err(|error| error.error)
}

/// A folder that is held: whoever renames it, or puts a link in its place, leads nobody elsewhere.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder, which is made if it is missing. `named`: the user named it, so it may be a link.
    ///
    /// # Errors
    /// What the system says, and where there is a link that nobody named.
    pub(crate) fn open(path: &Path, named: bool) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::create_dir(path) {
            Err(error) if fs::symlink_metadata(path).is_err() => return Err(error),
            _ => {}
        }
        let links = if named { OFlags::empty() } else { OFlags::NOFOLLOW };
        let folder = rustix::fs::open(path, HELD | links, Mode::empty());
        folder.map(Self).map_err(|error| in_the_way(error.into(), path))
    }

    /// Opens one below it, which is made if it is missing. `shown` is its path for people.
    ///
    /// # Errors
    /// What the system says, and where there is a link on the way.
    pub(crate) fn below(&self, path: &Path, shown: &Path) -> io::Result<Self> {
        let mut folder = self.0.try_clone()?;
        for part in path.components() {
            match mkdirat(&folder, part.as_os_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let opened = openat(&folder, part.as_os_str(), HELD | OFlags::NOFOLLOW, Mode::empty());
            folder = opened.map_err(|error| in_the_way(error.into(), shown))?;
        }
        Ok(Self(folder))
    }

    /// Its path as this process alone has it.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}

const HELD: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn in_the_way(error: io::Error, path: &Path) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotADirectory => {
            let why = format!("{} is in the way: a folder is needed there", path.display());
            io::Error::new(io::ErrorKind::NotADirectory, why)
        }
        _ => error,
    }
}

/// Names files so that one which a killed run leaves behind is seen to be no result.
fn unfinished() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".isoplug-").suffix(".new");
    builder
}

fn new_file(folder: &Path) -> io::Result<NamedTempFile<fs::File>> {
    let make = |new: &Path| fs::File::options().write(true).create_new(true).open(new);
    // The names of such files say nothing to anybody.
    unfinished().make_in(folder, make).map_err(|error| error.kind().into())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn persist(new: NamedTempFile<fs::File>, path: &Path) -> io::Result<()> {
    // The umask decided already; a file that is replaced keeps its mode.
    if let Ok(old) = fs::symlink_metadata(path)
        && old.is_file()
    {
        new.as_file().set_permissions(Permissions::from_mode(old.permissions().mode() & 0o7777))?;
    }
    new.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_replaced_and_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "mine").unwrap();
        fs::write(at("blob"), "new").unwrap();
        for name in ["victim", "absent", "dangling/x"] {
            symlink(at(name), at("link")).unwrap();
            write(&at("link"), "text").unwrap();
            assert_eq!(fs::read_to_string(at("link")).unwrap(), "text");
            assert!(!fs::symlink_metadata(at("link")).unwrap().is_symlink());
            fs::remove_file(at("link")).unwrap();
            symlink(at(name), at("link")).unwrap();
            take_place(bring(&at("blob"), &at("link")).unwrap(), &at("link")).unwrap();
            assert_eq!(fs::read_to_string(at("link")).unwrap(), "new");
            fs::remove_file(at("link")).unwrap();
        }
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "mine");
        assert!(!at("absent").exists());
        assert_eq!(isoplug_formats::tree::sorted_names(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn folders_on_the_way_are_not_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::create_dir(at("out")).unwrap();
        symlink(at("elsewhere"), at("out/plugin")).unwrap();
        let out = Folder::open(&at("out"), false).unwrap();
        out.below(Path::new("plugin/a"), &at("out/plugin/a")).unwrap_err();
        let other = out.below(Path::new("other/a"), &at("out/other/a")).unwrap();
        assert!(at("out/other/a").is_dir() && !at("elsewhere/a").exists());
        Folder::open(&at("out/plugin"), false).unwrap_err();
        Folder::open(&at("out/plugin"), true).unwrap();
        // Where a link comes into the place of one that is held, nothing is written through it.
        fs::rename(at("out"), at("moved")).unwrap();
        symlink(at("elsewhere"), at("out")).unwrap();
        write(&out.path().join("x"), "text").unwrap();
        write(&other.path().join("y"), "text").unwrap();
        assert!(at("moved/x").exists() && at("moved/other/a/y").exists());
        assert_eq!(isoplug_formats::tree::sorted_names(&at("elsewhere")).unwrap().len(), 0);
    }
}
