//! Lets an image share blocks with the files that it is made of, where the file system can do that.
//!
//! On btrfs and XFS the bytes of a large file are then neither written nor stored a second time.
//! Only whole pages can be shared, so a file that begins between two of them is written.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use hadris_fs::Report;
use rustix::fs::{copy_file_range, ioctl_ficlone};

use super::{Image, Source};

/// What file systems share at least.
const PAGE: u64 = 4096;
/// The shortest run of bytes that is worth a call of its own.
const WORTH_IT: u64 = 1 << 20;

/// A part of the image that is the same in a file.
#[derive(Debug)]
pub(super) struct Passage {
    start: u64,
    end: u64,
    file: File,
    /// Where in the file it begins.
    offset: u64,
}

/// The passages that are still to come, in order.
#[derive(Debug, Default)]
pub(super) struct Passages(VecDeque<Passage>);

impl Passages {
    /// Finds what the image and its files can share: nothing, unless their file system is one and
    /// can share. The image is empty before and after.
    pub(super) fn find(image: &Image, report: &Report, out: &File) -> io::Result<Self> {
        let mut passages = Self::all(image, report)?;
        let can_share =
            |passage: &Passage| ioctl_ficlone(out, &passage.file).is_ok() && out.set_len(0).is_ok();
        passages.0.retain(can_share);
        out.set_len(0)?;
        Ok(passages)
    }

    /// Finds the passages of large files that could be shared.
    pub(super) fn all(image: &Image, report: &Report) -> io::Result<Self> {
        let patched = image.bios.as_ref().map(|bios| &bios.eltorito);
        let mut found = Vec::new();
        for (path, entry) in &image.files {
            let Source::File(host) = &entry.source else { continue };
            if Some(path) == patched {
                continue;
            }
            for extent in report.extents(path).unwrap_or_default() {
                let (start, offset) = (extent.offset(), extent.file_offset());
                let end = start + extent.len() / PAGE * PAGE;
                if start % PAGE == 0 && offset % PAGE == 0 && end - start >= WORTH_IT {
                    found.push(Passage { start, end, file: File::open(host)?, offset });
                }
            }
        }
        found.sort_by_key(|passage| passage.start);
        Ok(Self(found.into()))
    }

    /// Returns how many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether this part of the image is left to [`Passages::share`].
    pub(super) fn hold(&self, start: u64, length: u64) -> bool {
        let first = self.0.front();
        first.is_some_and(|passage| passage.start <= start && start + length <= passage.end)
    }

    /// Puts the passages that end before this place of the image into it.
    pub(super) fn share(&mut self, out: &File, written: u64) -> io::Result<()> {
        while let Some(passage) = self.0.pop_front_if(|passage| passage.end <= written) {
            passage.put_into(out)?;
        }
        Ok(())
    }
}

impl Passage {
    fn put_into(self, out: &File) -> io::Result<()> {
        let (mut from, mut to) = (self.offset, self.start);
        while to < self.end {
            let length = usize::try_from(self.end - to).unwrap_or(usize::MAX);
            match copy_file_range(&self.file, Some(&mut from), out, Some(&mut to), length) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(_) => return copy(&self.file, from, out, to, self.end),
            }
        }
        Ok(())
    }
}

/// Copies by reading and writing.
fn copy(file: &File, mut from: u64, out: &File, mut to: u64, end: u64) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    while to < end {
        let length = (end - to).min(buffer.len() as u64) as usize;
        file.read_exact_at(&mut buffer[..length], from)?;
        out.write_all_at(&buffer[..length], to)?;
        (from, to) = (from + length as u64, to + length as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Every file system copies what it cannot share.
    #[test]
    fn passages_arrive_at_their_places() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..3_u32 << 20).map(|at| (at / 1000) as u8).collect();
        file.write_all(&bytes).unwrap();
        let out = tempfile::tempfile().unwrap();
        let clone = || file.try_clone().unwrap();
        let passage = |start, end, offset| Passage { start, end, file: clone(), offset };
        let mut passages = Passages([passage(4096, 8192, 0), passage(16384, 1 << 20, 8192)].into());
        assert!(passages.hold(4096, 4096) && passages.hold(6144, 2048));
        assert!(!passages.hold(2048, 4096) && !passages.hold(6144, 4096));

        passages.share(&out, 4096).unwrap();
        assert_eq!(out.metadata().unwrap().len(), 0);
        passages.share(&out, 8192).unwrap();
        assert!(passages.hold(16384, 2048) && !passages.hold(4096, 4096));
        passages.share(&out, 2 << 20).unwrap();
        assert!(read(&out, 4096, 4096) == bytes[..4096]);
        assert!(read(&out, 16384, (1 << 20) - 16384) == bytes[8192..(1 << 20) - 8192]);
    }

    fn read(file: &File, at: u64, length: usize) -> Vec<u8> {
        let mut read = vec![0; length];
        file.read_exact_at(&mut read, at).unwrap();
        read
    }

    #[test]
    fn what_no_call_copies_is_read_and_written() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1, 2, 3, 4, 5]).unwrap();
        let out = tempfile::tempfile().unwrap();
        copy(&file, 1, &out, 10, 13).unwrap();
        let mut read = [9; 13];
        out.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 4]);
        assert!(copy(&file, 1, &out, 10, 100).is_err());
    }
}
