//! Lays a tree down in a folder of the build machine: the way back from [`super::scan`].
//!
//! Owners, modes, times, hard links and extended attributes become the file system's own, as far
//! as the process may set them. Refuses trees that would write outside the folder.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps};

use super::check::check;
use super::pack::Contents;
use super::{Content, Entry, Kind, Tree, TreePath, attribute};

/// Why a tree could not be laid down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tree is no file system, or would write outside the folder.
    #[error("cannot lay down {}: {reason}", String::from_utf8_lossy(path))]
    Tree {
        /// The entry at fault.
        path: TreePath,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file system refused an entry.
    #[error("cannot make {}: {source}", path.display())]
    Io {
        /// The entry at fault.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process may make no devices; everything else is laid down.
    #[error(
        "not permitted to make {} devices, the first is {}",
        paths.len(),
        paths.first().map(|path| String::from_utf8_lossy(path)).unwrap_or_default()
    )]
    Devices {
        /// The devices left out.
        paths: Vec<TreePath>,
    },
}

/// Makes the entries of a tree in a folder, which is made if it is missing. Nothing that is there
/// already is written over, except that the folder itself takes the owner, mode and time of the
/// tree's root.
///
/// # Errors
///
/// When the tree is not a file system or an entry cannot be made. When only devices cannot, all else is laid down.
pub fn lay(tree: &Tree, contents: &dyn Contents, folder: &Path) -> Result<(), Error> {
    check(tree).map_err(|(path, reason)| Error::Tree { path, reason })?;
    let laying = Laying { tree, contents, folder };
    laying.folders()?;
    let refused = laying.leaves()?;
    laying.hard_links()?;
    laying.seal_folders()?;
    if refused.is_empty() { Ok(()) } else { Err(Error::Devices { paths: refused }) }
}

struct Laying<'a> {
    tree: &'a Tree,
    contents: &'a dyn Contents,
    folder: &'a Path,
}

impl Laying<'_> {
    fn host(&self, path: &[u8]) -> PathBuf {
        match path {
            b"" => self.folder.to_path_buf(),
            _ => self.folder.join(std::ffi::OsStr::from_bytes(path)),
        }
    }

    /// Makes the folders, open to their owner alone until all below them is laid down.
    fn folders(&self) -> Result<(), Error> {
        let folders = self.tree.entries.iter().filter(|(_, e)| e.kind == Kind::Directory);
        for (path, _) in folders {
            let host = self.host(path);
            let made = std::fs::DirBuilder::new().mode(0o700).create(&host);
            match made {
                Err(error) if path.is_empty() && error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(failed(&host))?,
            }
        }
        Ok(())
    }

    /// Makes all that is neither folder nor hard link, and returns the devices that were refused.
    fn leaves(&self) -> Result<Vec<TreePath>, Error> {
        let entries: Vec<_> = self.tree.entries.iter().collect();
        let refused: Vec<Option<&TreePath>> = entries
            .par_iter()
            .filter(|(_, entry)| !matches!(entry.kind, Kind::Directory | Kind::HardLink(_)))
            .map(|(path, entry)| {
                let host = self.host(path);
                let made = self.leaf(&host, entry).map_err(failed(&host))?;
                Ok((!made).then_some(*path))
            })
            .collect::<Result<_, Error>>()?;
        Ok(refused.into_iter().flatten().cloned().collect())
    }

    /// Makes one entry; `false`: a device that this process may not make.
    fn leaf(&self, host: &Path, entry: &Entry) -> io::Result<bool> {
        match &entry.kind {
            Kind::File(content) => return self.file(host, entry, content).map(|()| true),
            Kind::Symlink(target) => symlink(std::ffi::OsStr::from_bytes(target), host)?,
            Kind::Fifo => node(host, FileType::Fifo, 0)?,
            Kind::Socket => node(host, FileType::Socket, 0)?,
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
                let device = rustix::fs::makedev(*major, *minor);
                let character = matches!(entry.kind, Kind::CharDevice(..));
                let file_type =
                    if character { FileType::CharacterDevice } else { FileType::BlockDevice };
                match node(host, file_type, device) {
                    Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
                    made => made?,
                }
            }
            Kind::Directory | Kind::HardLink(_) => {}
        }
        seal(host, entry).map(|()| true)
    }

    fn file(&self, host: &Path, entry: &Entry, content: &Content) -> io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(host)?;
        write_content(&file, self.contents, content)?;
        drop(file);
        seal(host, entry)
    }

    fn hard_links(&self) -> Result<(), Error> {
        for (path, entry) in &self.tree.entries {
            if let Kind::HardLink(target) = &entry.kind {
                let (first, host) = (self.host(target), self.host(path));
                match std::fs::hard_link(first, &host) {
                    Err(e) if e.kind() == io::ErrorKind::NotFound && self.is_device(target) => {}
                    made => made.map_err(failed(&host))?,
                }
            }
        }
        Ok(())
    }

    fn is_device(&self, path: &[u8]) -> bool {
        let kind = self.tree.entries.get(path).map(|entry| &entry.kind);
        matches!(kind, Some(Kind::CharDevice(..) | Kind::BlockDevice(..)))
    }

    /// Gives the folders their owners, modes and times, the deepest first: what is made in a
    /// folder changes its time.
    fn seal_folders(&self) -> Result<(), Error> {
        for (path, entry) in self.tree.entries.iter().rev() {
            if entry.kind == Kind::Directory {
                let host = self.host(path);
                seal(&host, entry).map_err(failed(&host))?;
            }
        }
        Ok(())
    }
}

/// How many bytes are copied at once.
const PIECE: u64 = 1 << 20;

fn write_content(
    file: &std::fs::File,
    contents: &dyn Contents,
    content: &Content,
) -> io::Result<()> {
    let mut buffer = vec![0; content.size.min(PIECE) as usize];
    let mut offset = 0;
    while offset < content.size {
        let piece = &mut buffer[..(content.size - offset).min(PIECE) as usize];
        contents.read_at(content, offset, piece)?;
        std::os::unix::fs::FileExt::write_all_at(file, piece, offset)?;
        offset += piece.len() as u64;
    }
    Ok(())
}

fn node(host: &Path, file_type: FileType, device: u64) -> io::Result<()> {
    Ok(rustix::fs::mknodat(CWD, host, file_type, Mode::from_raw_mode(0o600), device)?)
}

/// Sets owner, mode, attributes and time, in this order: a new owner clears setuid and
/// capabilities.
fn seal(host: &Path, entry: &Entry) -> io::Result<()> {
    let is_link = matches!(entry.kind, Kind::Symlink(_));
    let own = if is_link { lchown } else { chown };
    own(host, Some(entry.uid), Some(entry.gid))?;
    if !is_link {
        rustix::fs::chmod(host, Mode::from_raw_mode(entry.mode.into()))?;
    }
    attribute::write(host, &entry.xattrs)?;
    let time = Timespec { tv_sec: entry.mtime.into(), tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(CWD, host, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::pack::Packs;

    fn refuse(path: &[u8], kind: Kind) -> String {
        let mut tree = Tree::default();
        tree.insert(*b"link", Entry::new(Kind::Symlink(b"/".to_vec()), 0o777, 0));
        tree.insert(path, Entry::new(kind, 0o755, 0));
        let folder = tempfile::tempdir().unwrap();
        let error = lay(&tree, &Packs::default(), folder.path()).unwrap_err().to_string();
        assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing was made");
        error
    }

    #[test]
    fn trees_that_reach_outside_are_refused() {
        let refused = [
            refuse(b"link/etc", Kind::Fifo),
            refuse(b"a/../b", Kind::Fifo),
            refuse(b"a//b", Kind::Fifo),
            refuse(b"/a", Kind::Fifo),
            refuse(b"a\0b", Kind::Fifo),
            refuse(b"h", Kind::HardLink(b"gone".to_vec())),
            refuse(b"h", Kind::HardLink(b"".to_vec())),
        ];
        let expected = [
            "cannot lay down link/etc: its parent is not a folder",
            "cannot lay down a/..: not a name",
            "cannot lay down a/: not a name",
            "cannot lay down /a: its path begins with a slash",
            "cannot lay down a\0b: its name holds a zero byte",
            "cannot lay down h: the target of a hard link is missing",
            "cannot lay down h: the target of a hard link is a folder",
        ];
        assert_eq!(refused, expected);
    }
}
