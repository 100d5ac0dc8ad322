//! Unpacks an archive of a stranger into a folder: files and folders, and of links those that stay inside, as copies.
//! Owners and times are left out.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use isoplug_formats::deb::{Compression, compression};
use isoplug_formats::tar::bounded;
use isoplug_formats::tree::sorted_names;
use tar::EntryType;

/// How many bytes an archive may unpack to.
const MOST: u64 = 4 << 30;
/// How many files and folders it may have.
const MOST_ENTRIES: usize = 100_000;

/// Why it cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The archive cannot be read, or the folder cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A path that leads out of the folder.
    #[error("{} leads out of it", .0.display())]
    Outside(PathBuf),
    /// A link to what is not in it, or not a file.
    #[error("the link {} leads to no file in it", .0.display())]
    Link(PathBuf),
    /// More than anybody packs.
    #[error("it unpacks to more than {} GiB or {MOST_ENTRIES} files", MOST >> 30)]
    TooLarge,
}

/// Unpacks an archive to a folder that is not there yet; on failure it is not there afterwards.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<(), Error> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    let new = tempfile::tempdir_in(parent)?;
    let mut file = File::open(archive)?;
    let compression = of(&mut file)?;
    let mut target = Target { root: new.path(), left: MOST, entries: 0, links: Vec::new() };
    let mut tar = tar::Archive::new(bounded(compression::decoder(compression, file)?));
    for entry in tar.entries()? {
        target.take(entry?)?;
    }
    target.copy_links()?;
    fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755))?;
    match fs::rename(new.path(), folder) {
        // Another process was faster.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => Ok(renamed.map(|()| drop(new.keep()))?),
    }
}

/// Tells how a file is compressed by its first bytes.
fn of(file: &mut File) -> io::Result<Compression> {
    let mut head = [0; 6];
    let count = file.read(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(match &head[..count] {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Compression::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    })
}

struct Target<'a> {
    root: &'a Path,
    left: u64,
    entries: usize,
    /// Where links are and where they lead, both below the root.
    links: Vec<(PathBuf, PathBuf)>,
}

impl Target<'_> {
    fn take(&mut self, mut entry: tar::Entry<'_, impl Read>) -> Result<(), Error> {
        self.entries += 1;
        self.left = self.left.checked_sub(entry.size()).ok_or(Error::TooLarge)?;
        if self.entries > MOST_ENTRIES {
            return Err(Error::TooLarge);
        }
        let path = inside(Path::new(OsStr::from_bytes(&entry.path_bytes())))?;
        let link = entry.link_name_bytes().map(|link| PathBuf::from(OsStr::from_bytes(&link)));
        match (entry.header().entry_type(), link) {
            (EntryType::Directory, _) => fs::create_dir_all(self.root.join(path))?,
            (EntryType::Symlink, Some(link)) => {
                let beside = path.parent().unwrap_or(Path::new("")).join(link);
                self.links.push((path, beside));
            }
            (EntryType::Link, Some(link)) => self.links.push((path, link)),
            (kind, _) if kind.is_file() => self.write(&path, &mut entry)?,
            _ => {}
        }
        Ok(())
    }

    fn write(&self, path: &Path, entry: &mut tar::Entry<'_, impl Read>) -> Result<(), Error> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(self.root))?;
        let is_program = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        io::copy(entry, &mut File::create(&path)?)?;
        let mode = if is_program { 0o755 } else { 0o644 };
        Ok(fs::set_permissions(&path, fs::Permissions::from_mode(mode))?)
    }

    fn copy_links(&mut self) -> Result<(), Error> {
        let mut links = std::mem::take(&mut self.links);
        while !links.is_empty() {
            let before = links.len();
            let mut later = Vec::new();
            for (link, to) in links {
                if !self.copy(&link, &to)? {
                    later.push((link, to));
                }
            }
            // A link may lead to one that comes after it.
            if later.len() == before {
                return Err(Error::Link(later.swap_remove(0).0));
            }
            links = later;
        }
        Ok(())
    }

    /// Makes a link the file that it leads to; says whether there is one. There are only files and folders, so no path
    /// leads out.
    fn copy(&mut self, link: &Path, to: &Path) -> Result<bool, Error> {
        let from = normal(to).ok_or_else(|| Error::Outside(link.to_owned()))?;
        let from = self.root.join(from);
        if !from.is_file() {
            return Ok(false);
        }
        self.left = self.left.checked_sub(fs::metadata(&from)?.len()).ok_or(Error::TooLarge)?;
        let link = self.root.join(link);
        fs::create_dir_all(link.parent().unwrap_or(self.root))?;
        fs::copy(from, link)?;
        Ok(true)
    }
}

/// Returns a path of an archive, if it stays inside.
fn inside(path: &Path) -> Result<PathBuf, Error> {
    let is_plain = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    match path.components().all(|part| is_plain(&part)) {
        true => Ok(path.components().filter(|part| *part != Component::CurDir).collect()),
        false => Err(Error::Outside(path.to_owned())),
    }
}

/// Resolves `..` by name; `None` for a path that leads out.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::CurDir => {}
            Component::ParentDir => normal.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

/// Says what the first folders and files of an unpacked archive are.
pub(super) fn begins_with(folder: &Path) -> String {
    let names = sorted_names(folder).unwrap_or_default();
    let names: Vec<_> = names.iter().take(5).map(|name| name.to_string_lossy()).collect();
    match names.is_empty() {
        true => "the archive is empty".to_owned(),
        false => format!("the archive has: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
