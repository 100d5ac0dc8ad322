//! Opens files of the work folder as programs inside would: no link leads out of it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, fchmod, open, openat2, unlinkat};

use super::job::Text;

/// The folder that is the root folder of programs.
pub(super) struct Rooted(PathBuf);

impl Rooted {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// Writes a file with all its folders there; see [`Text`].
    pub(super) fn write(&self, path: &str, file: &Text) -> io::Result<()> {
        let place = if file.append { OFlags::APPEND } else { OFlags::TRUNC };
        let flags = OFlags::CREATE | OFlags::WRONLY | place;
        let opened = self.open(path, flags, Mode::from_raw_mode(file.mode))?;
        fchmod(&opened, Mode::from_raw_mode(file.mode))?;
        File::from(opened).write_all(file.text.as_bytes())
    }

    /// Opens a regular file for reading.
    pub(super) fn file(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = File::from(self.open(path, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Returns the text of a file.
    pub(super) fn text(&self, path: &str) -> io::Result<String> {
        let mut text = String::new();
        self.file(path)?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Removes a file.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        let path = Path::new(path);
        let folder = path.parent().and_then(Path::to_str).unwrap_or_default();
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = self.open(folder, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
        Ok(unlinkat(folder, name, AtFlags::empty())?)
    }

    fn open(&self, path: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(&self.0, folder, Mode::empty())?;
        let path = if path.is_empty() { "." } else { path };
        Ok(openat2(root, path, flags | OFlags::CLOEXEC, mode, ResolveFlags::IN_ROOT)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

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
        root.write("link/word", &text("a", false)).unwrap();
        root.write("/etc/word", &text("b", true)).unwrap();
        assert_eq!(root.text("../link/word").unwrap(), "ab");
        root.remove("link/word").unwrap();
        assert!(root.text("etc/word").is_err());
        assert!(root.file("etc").is_err());
    }
}
