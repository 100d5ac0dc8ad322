//! Writes cpio archives that a kernel takes as an initrd, and lists any initrd.
//!
//! The format is "newc" (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst).
//! Knows no kernel modules and nothing of what belongs into an initrd.

mod read;

use std::io::{self, Write};

pub use read::{Entry, Error, Visit, list, walk};

const MAGIC: &[u8; 6] = b"070701";
const TRAILER: &str = "TRAILER!!!";

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;

/// Writes one archive; the same calls give the same bytes. Root owns all entries.
pub struct Writer<W: Write> {
    out: W,
    epoch: u32,
    inode: u32,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive whose entries all have one time, in seconds since 1970.
    pub fn new(out: W, epoch: u32) -> Self {
        Self { out, epoch, inode: 0, written: 0 }
    }

    /// Adds a folder; its parent must have been added before, or the kernel leaves it out.
    ///
    /// # Errors
    ///
    /// When the sink fails, or the path is longer than the format can say.
    pub fn folder(&mut self, path: impl AsRef<[u8]>, mode: u16) -> io::Result<()> {
        self.inode += 1;
        self.entry(path.as_ref(), FOLDER | u32::from(mode), 2, &[])
    }

    /// Adds a regular file.
    ///
    /// # Errors
    ///
    /// When the sink fails, or path or bytes are longer than the format can say.
    pub fn file(&mut self, path: impl AsRef<[u8]>, mode: u16, bytes: &[u8]) -> io::Result<()> {
        self.hard_links(&[path.as_ref()], mode, bytes)
    }

    /// Adds a regular file under several names. The last name carries the bytes, as GNU cpio has it.
    ///
    /// # Errors
    ///
    /// When the sink fails, or a path or the bytes are longer than the format can say.
    pub fn hard_links(&mut self, paths: &[&[u8]], mode: u16, bytes: &[u8]) -> io::Result<()> {
        self.inode += 1;
        let links = u32::try_from(paths.len()).map_err(io::Error::other)?;
        let Some((last, others)) = paths.split_last() else { return Ok(()) };
        let mode = FILE | u32::from(mode);
        others.iter().try_for_each(|path| self.entry(path, mode, links, &[]))?;
        self.entry(last, mode, links, bytes)
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    ///
    /// When the sink fails, or path or target are longer than the format can say.
    pub fn symlink(&mut self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> io::Result<()> {
        self.inode += 1;
        self.entry(path.as_ref(), SYMLINK | 0o777, 1, target.as_ref())
    }

    /// Ends the archive, fills it up to whole 512-byte blocks and returns the sink.
    ///
    /// # Errors
    ///
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.inode = 0;
        self.header(TRAILER.as_bytes(), 0, 1, 0, 0)?;
        self.pad(512)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn entry(&mut self, path: &[u8], mode: u32, links: u32, bytes: &[u8]) -> io::Result<()> {
        let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.header(path, mode, links, self.epoch, size)?;
        self.append(bytes)?;
        self.pad(4)
    }

    fn header(
        &mut self,
        path: &[u8],
        mode: u32,
        links: u32,
        mtime: u32,
        size: u32,
    ) -> io::Result<()> {
        let name_size = u32::try_from(path.len() + 1).map_err(io::Error::other)?;
        let (owner, group, device) = (0, 0, 0);
        let fields = [
            self.inode, mode, owner, group, links, mtime, size, device, device, device, device,
            name_size, 0,
        ];
        self.append(MAGIC)?;
        for field in fields {
            self.append(format!("{field:08X}").as_bytes())?;
        }
        self.append(path)?;
        self.append(&[0])?;
        self.pad(4)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self, unit: u64) -> io::Result<()> {
        let missing = self.written.next_multiple_of(unit) - self.written;
        (0..missing).try_for_each(|_| self.append(&[0]))
    }
}
