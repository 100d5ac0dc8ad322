//! The names in a folder, as the kernel tells them: read, sorted, and written as it would (`linux_dirent64` in
//! getdents(2)).

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

/// A name, and what is told with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    name: Vec<u8>,
    inode: u64,
    cookie: u64,
    kind: u8,
}

/// What stands before the name in a record: the inode, the next place, the length, the kind.
const HEAD: usize = 8 + 8 + 2 + 1;

impl Name {
    /// How long its record is: with a zero at the end, and so that the next one lies well.
    fn length(&self) -> usize {
        (HEAD + self.name.len() + 1).next_multiple_of(8)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let end = bytes.len() + self.length();
        bytes.extend(self.inode.to_ne_bytes());
        bytes.extend(self.cookie.to_ne_bytes());
        bytes.extend((self.length() as u16).to_ne_bytes());
        bytes.push(self.kind);
        bytes.extend(&self.name);
        bytes.resize(end, 0);
    }
}

/// So many names are more than a folder has; one with more is told as the file system has it.
const MOST: usize = 1 << 20;

/// Reads a folder from where its descriptor is to the end, and sorts the names.
pub(super) fn read(folder: &OwnedFd) -> Result<Vec<Name>, Errno> {
    let mut names = Vec::new();
    let mut buffer = vec![MaybeUninit::uninit(); 64 << 10];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        names.push(Name {
            name: entry.file_name().to_bytes().to_vec(),
            inode: entry.ino(),
            cookie: entry.next_entry_cookie(),
            kind: kind(entry.file_type()),
        });
        if names.len() > MOST {
            return Err(Errno::NOMEM);
        }
    }
    names.sort();
    Ok(names)
}

/// `DT_*` of readdir(3).
fn kind(file_type: FileType) -> u8 {
    match file_type {
        FileType::RegularFile => libc::DT_REG,
        FileType::Directory => libc::DT_DIR,
        FileType::Symlink => libc::DT_LNK,
        FileType::Fifo => libc::DT_FIFO,
        FileType::Socket => libc::DT_SOCK,
        FileType::CharacterDevice => libc::DT_CHR,
        FileType::BlockDevice => libc::DT_BLK,
        FileType::Unknown => libc::DT_UNKNOWN,
    }
}

/// Parts names into those whose records have room in so many bytes, and the others.
pub(super) fn split(mut names: Vec<Name>, size: usize) -> (Vec<Name>, Vec<Name>) {
    let lengths = names.iter().scan(0, |sum, name| {
        *sum += name.length();
        Some(*sum)
    });
    let fitting = lengths.take_while(|sum| *sum <= size).count();
    let rest = names.split_off(fitting);
    (names, rest)
}

/// Returns the records of names.
pub(super) fn records(names: &[Name]) -> Vec<u8> {
    let mut bytes = Vec::new();
    names.iter().for_each(|name| name.write(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_of_the_kernel() {
        let name = |name: &str| Name { name: name.into(), inode: 7, cookie: 9, kind: 4 };
        let names = vec![name("ab"), name("abcdefgh")];
        let (told, rest) = split(names.clone(), 24 + 31);
        assert_eq!((told.len(), rest.len()), (1, 1));
        assert_eq!(split(names.clone(), 24 + 32).1, []);
        assert_eq!(split(names, 23).0, []);
        let bytes = records(&told);
        assert_eq!(bytes.len(), 24);
        assert_eq!(&bytes[..8], 7_u64.to_ne_bytes());
        assert_eq!(&bytes[8..16], 9_u64.to_ne_bytes());
        assert_eq!(&bytes[16..18], 24_u16.to_ne_bytes());
        assert_eq!(&bytes[18..], b"\x04ab\0\0\0");
    }
}
