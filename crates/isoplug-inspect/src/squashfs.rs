//! Reads a squashfs 4.0, whoever wrote it: all metadata at once, contents only where somebody asks for them.
//!
//! Memory holds one record for each name and a few blocks, never the contents.

mod attributes;
pub mod codec;
mod content;
mod inode;
mod lzo;
mod metadata;

use std::io;

pub use attributes::Xattrs;
pub use content::Content;

use crate::bad;
use crate::bytes::{le16, le32, le64};
use crate::span::Span;

use content::Blocks;
use inode::Inode;
use metadata::Metadata;

/// More names than any real system has.
const MOST_NAMES: usize = 16 << 20;
/// Twice what Linux knows.
const LONGEST_PATH: usize = 8192;

/// What kind of thing a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file of so many bytes.
    File(u64),
    /// A symbolic link and its target.
    Link(Vec<u8>),
    /// A block device.
    Block(u32),
    /// A character device.
    Character(u32),
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
}

/// A name in the squashfs.
#[derive(Debug, Clone)]
pub struct Node {
    /// The path without a leading slash; empty for the root.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Number of its inode, which names of one file share.
    pub inode: u32,
    /// How many names the inode has.
    pub links: u32,
    /// Number of its set of extended attributes.
    xattrs: u32,
    /// Where its inode stands.
    pub(crate) reference: u64,
}

/// An open squashfs.
#[derive(Debug)]
pub struct Squashfs {
    span: Span,
    metadata: Metadata,
    /// What compresses it, by the number of the format.
    pub codec: u16,
    /// Bytes in a block.
    pub block_size: u32,
    /// The time of the image itself.
    pub mtime: u32,
    /// How many inodes it has.
    pub inodes: u32,
    /// How many bytes it says that it has.
    pub used: u64,
    root: u64,
    inode_table: u64,
    listings: u64,
    ids: Vec<u8>,
    xattrs: Vec<Xattrs>,
    blocks: Blocks,
}

impl Squashfs {
    /// Opens one.
    ///
    /// # Errors
    ///
    /// When it is none of version 4, is damaged, or cannot be read.
    pub fn open(span: Span) -> io::Result<Self> {
        let head = span.read(0, 96)?;
        let (codec, block_size) = (le16(&head, 20), le32(&head, 12));
        if !head.starts_with(b"hsqs") || le16(&head, 28) != 4 {
            return Err(bad("it is not a squashfs of version 4"));
        }
        if !(4096..=1 << 20).contains(&block_size) {
            return Err(bad(format!("squashfs knows no blocks of {block_size} bytes")));
        }
        let metadata = Metadata::new(span.clone(), codec);
        let fragments = match le32(&head, 16) as usize {
            0 => Vec::new(),
            count => metadata.table(le64(&head, 80), count, 16)?,
        };
        let blocks = Blocks::new(span.clone(), codec, block_size as usize, fragments);
        Self::with_tables(span, &head, metadata, blocks)
    }

    fn with_tables(
        span: Span,
        head: &[u8],
        metadata: Metadata,
        blocks: Blocks,
    ) -> io::Result<Self> {
        Ok(Self {
            codec: le16(head, 20),
            block_size: le32(head, 12),
            mtime: le32(head, 8),
            inodes: le32(head, 4),
            used: le64(head, 40),
            root: le64(head, 32),
            inode_table: le64(head, 64),
            listings: le64(head, 72),
            ids: metadata.table(le64(head, 48), le16(head, 26).into(), 4)?,
            xattrs: attributes::read(&span, &metadata, le64(head, 56))?,
            span,
            metadata,
            blocks,
        })
    }

    /// Returns how many bytes it takes on the medium.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.span.size()
    }

    /// Returns all names, each folder before what is in it.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn nodes(&self) -> io::Result<Vec<Node>> {
        let (root, inode) = self.node(String::new(), self.root)?;
        let mut nodes = vec![root];
        let mut open = vec![(String::new(), inode)];
        while let Some((path, folder)) = open.pop() {
            for (name, reference) in self.listing(&folder)? {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                let too_long = path.len() > LONGEST_PATH;
                let (node, inode) = self.node(path.clone(), reference)?;
                if inode.kind == 1 {
                    open.push((path, inode));
                }
                nodes.push(node);
                // Hard links have several names, but not so many, and no path is so long.
                if nodes.len() > MOST_NAMES.min(64 * self.inodes as usize) || too_long {
                    return Err(bad(
                        "it has more names than can be: its folders go round in a circle",
                    ));
                }
            }
        }
        Ok(nodes)
    }

    /// Returns the extended attributes of a name.
    #[must_use]
    pub fn xattrs(&self, node: &Node) -> Xattrs {
        self.xattrs.get(node.xattrs as usize).cloned().unwrap_or_default()
    }

    /// Returns where the content of a file lies.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn content(&self, node: &Node) -> io::Result<Content> {
        let mut cursor = self.cursor(node.reference);
        let inode = inode::read(&mut cursor)?;
        Content::read(&inode, self.block_size, &mut cursor)
    }

    /// Gives the content of a file to `take`, block by block.
    ///
    /// # Errors
    ///
    /// When it is damaged, cannot be read, or `take` fails.
    pub fn stream(
        &self,
        node: &Node,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.blocks.stream(&self.content(node)?, take)
    }

    /// Returns the content of a file.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn read(&self, node: &Node) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream(node, &mut |block| {
            bytes.extend_from_slice(block);
            Ok(())
        })?;
        Ok(bytes)
    }

    pub(crate) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    fn cursor(&self, reference: u64) -> metadata::Cursor<'_> {
        self.metadata
            .cursor(self.inode_table.wrapping_add(reference >> 16), (reference & 0xffff) as usize)
    }

    fn node(&self, path: String, reference: u64) -> io::Result<(Node, Inode)> {
        let inode = inode::read(&mut self.cursor(reference))?;
        let id = |index: usize| le32(&self.ids, index * 4);
        let node = Node {
            path,
            kind: kind(&inode),
            mode: inode.mode,
            uid: id(inode.owner),
            gid: id(inode.group),
            mtime: inode.mtime,
            inode: inode.number,
            links: inode.links,
            xattrs: inode.xattrs,
            reference,
        };
        Ok((node, inode))
    }

    /// Returns names and inodes of what is in a folder.
    fn listing(&self, folder: &Inode) -> io::Result<Vec<(String, u64)>> {
        let mut cursor =
            self.metadata.cursor(self.listings.wrapping_add(folder.start), folder.offset as usize);
        let mut left = folder.size.saturating_sub(3);
        let mut found = Vec::new();
        while left > 0 {
            let header = cursor.take(12)?;
            let (count, block) = (le32(&header, 0).min(255) + 1, u64::from(le32(&header, 4)));
            left = left.saturating_sub(12);
            for _ in 0..count {
                let entry = cursor.take(8)?;
                let name = cursor.take(usize::from(le16(&entry, 6)) + 1)?;
                left = left.saturating_sub(8 + name.len() as u64);
                let name = String::from_utf8_lossy(&name).into_owned();
                found.push((name, block << 16 | u64::from(le16(&entry, 0))));
            }
        }
        Ok(found)
    }
}

fn kind(inode: &Inode) -> Kind {
    match inode.kind {
        1 => Kind::Folder,
        2 => Kind::File(inode.size),
        3 => Kind::Link(inode.target.clone()),
        4 => Kind::Block(inode.device),
        5 => Kind::Character(inode.device),
        6 => Kind::Pipe,
        _ => Kind::Socket,
    }
}
