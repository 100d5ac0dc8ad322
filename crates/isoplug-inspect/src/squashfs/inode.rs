//! Reads single inodes of a squashfs.
//!
//! Source: `squashfs_*_inode` in fs/squashfs/squashfs_fs.h of Linux.

use std::io;

use crate::bad;
use crate::bytes::{le16, le32, le64};

use super::metadata::Cursor;

/// An inode as it stands there.
#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    /// 1 to 7; those of extended inodes are made the same.
    pub(super) kind: u16,
    pub(super) mode: u16,
    pub(super) owner: usize,
    pub(super) group: usize,
    pub(super) mtime: u32,
    pub(super) number: u32,
    pub(super) links: u32,
    /// Of files and folders.
    pub(super) size: u64,
    /// Of files where their blocks begin, of folders the block of their listing.
    pub(super) start: u64,
    /// Of folders where in that block it begins; of files where in their fragment.
    pub(super) offset: u32,
    pub(super) fragment: u32,
    pub(super) xattrs: u32,
    pub(super) device: u32,
    pub(super) target: Vec<u8>,
}

const NONE: u32 = u32::MAX;

/// The longest target that Linux follows.
const LONGEST: u32 = 65536;

/// Reads an inode; of a file the cursor then stands before the sizes of its blocks.
pub(super) fn read(cursor: &mut Cursor) -> io::Result<Inode> {
    let header = cursor.take(16)?;
    let number = le16(&header, 0);
    let mut inode = of_header(&header);
    match number {
        1 | 8 => folder(&mut inode, cursor, number == 8)?,
        2 | 9 => file(&mut inode, cursor, number == 9)?,
        3..=7 | 10..=14 => special(&mut inode, cursor, number > 7)?,
        _ => return Err(bad(format!("an inode of the squashfs has the unknown kind {number}"))),
    }
    Ok(inode)
}

fn of_header(header: &[u8]) -> Inode {
    let number = le16(header, 0);
    Inode {
        kind: if number > 7 { number - 7 } else { number },
        mode: le16(header, 2) & 0o7777,
        owner: le16(header, 4).into(),
        group: le16(header, 6).into(),
        mtime: le32(header, 8),
        number: le32(header, 12),
        xattrs: NONE,
        fragment: NONE,
        links: 1,
        ..Inode::default()
    }
}

fn folder(inode: &mut Inode, cursor: &mut Cursor, extended: bool) -> io::Result<()> {
    let bytes = cursor.take(if extended { 24 } else { 16 })?;
    if extended {
        inode.links = le32(&bytes, 0);
        inode.size = le32(&bytes, 4).into();
        inode.start = le32(&bytes, 8).into();
        inode.offset = le16(&bytes, 18).into();
        inode.xattrs = le32(&bytes, 20);
    } else {
        inode.start = le32(&bytes, 0).into();
        inode.links = le32(&bytes, 4);
        inode.size = le16(&bytes, 8).into();
        inode.offset = le16(&bytes, 10).into();
    }
    Ok(())
}

fn file(inode: &mut Inode, cursor: &mut Cursor, extended: bool) -> io::Result<()> {
    let bytes = cursor.take(if extended { 40 } else { 16 })?;
    if extended {
        inode.start = le64(&bytes, 0);
        inode.size = le64(&bytes, 8);
        inode.links = le32(&bytes, 24);
        inode.fragment = le32(&bytes, 28);
        inode.offset = le32(&bytes, 32);
        inode.xattrs = le32(&bytes, 36);
    } else {
        inode.start = le32(&bytes, 0).into();
        inode.fragment = le32(&bytes, 4);
        inode.offset = le32(&bytes, 8);
        inode.size = le32(&bytes, 12).into();
    }
    Ok(())
}

fn special(inode: &mut Inode, cursor: &mut Cursor, extended: bool) -> io::Result<()> {
    inode.links = le32(&cursor.take(4)?, 0);
    if inode.kind == 3 {
        let length = le32(&cursor.take(4)?, 0);
        if length > LONGEST {
            return Err(bad("a symbolic link of the squashfs is too long"));
        }
        inode.target = cursor.take(length as usize)?;
    } else if inode.kind < 6 {
        inode.device = le32(&cursor.take(4)?, 0);
    }
    if extended {
        inode.xattrs = le32(&cursor.take(4)?, 0);
    }
    Ok(())
}
