//! Writes the listings of folders, with an index into the long ones.
//!
//! Source: "directories" of the format's documentation, `squashfs_dir_header`, `squashfs_dir_entry`
//! and `squashfs_dir_index` in squashfs_fs.h.

use super::Error;
use super::metadata::{BLOCK, Metadata, Position};

/// A name in a folder.
pub(super) struct Child<'a> {
    pub(super) name: &'a [u8],
    /// Where its inode is.
    pub(super) inode: Position,
    pub(super) number: u32,
    /// What it is, as [`super::inode::number_of`] says.
    pub(super) kind: u16,
}

/// Where a folder's listing is.
#[derive(Clone)]
pub(super) struct Listing {
    pub(super) position: Position,
    /// Bytes in the listing, and 3 more, as the format wants.
    pub(super) size: u32,
    pub(super) index: Vec<u8>,
    pub(super) index_count: u16,
}

/// What the size of a listing says more than its bytes: room for `.` and `..`, once.
const EXTRA: u64 = 3;

impl Default for Listing {
    fn default() -> Self {
        let (position, size) = (Position::default(), EXTRA as u32);
        Self { position, size, index: Vec::new(), index_count: 0 }
    }
}

/// Appends the listing of a folder with these children, which are sorted by name.
pub(super) fn list(children: &[Child], table: &mut Metadata) -> Result<Listing, Error> {
    if children.is_empty() {
        return Ok(Listing::default());
    }
    let mut listing = Listing { position: table.position()?, ..Listing::default() };
    let (start, mut block) = (table.length(), listing.position.block);
    let mut rest = children;
    while !rest.is_empty() {
        let here = table.position()?;
        if here.block != block {
            block = here.block;
            listing.add_to_index((table.length() - start) as u32, block, rest[0].name);
        }
        let (run, later) = rest.split_at(length_of_run(rest, here.offset));
        table.put(&encode(run))?;
        rest = later;
    }
    let too_many = Error::TooMany { what: "bytes in one folder", most: u64::from(u32::MAX) };
    listing.size = u32::try_from(table.length() - start + EXTRA).map_err(|_| too_many)?;
    Ok(listing)
}

impl Listing {
    fn add_to_index(&mut self, at: u32, block: u32, name: &[u8]) {
        // Readers walk on from the last entry before a name, so an index may end early.
        let Some(count) = self.index_count.checked_add(1) else { return };
        self.index_count = count;
        for word in [at, block, name.len() as u32 - 1] {
            self.index.extend(word.to_le_bytes());
        }
        self.index.extend_from_slice(name);
    }
}

const HEADER: usize = 12;
const LONGEST_RUN: usize = 256;

/// Returns how many children one header can serve: their inodes are in one metadata block, their
/// numbers are near, and no more begin once a block of the table is full, because an index can
/// point at headers alone.
fn length_of_run(children: &[Child], offset: u16) -> usize {
    let first = &children[0];
    let mut end = usize::from(offset) + HEADER;
    let mut length = 0;
    for child in &children[..children.len().min(LONGEST_RUN)] {
        let near = distance(first, child).is_some() && child.inode.block == first.inode.block;
        if length > 0 && (!near || end >= BLOCK) {
            break;
        }
        end += 8 + child.name.len();
        length += 1;
    }
    length
}

fn distance(first: &Child, child: &Child) -> Option<i16> {
    i16::try_from(i64::from(child.number) - i64::from(first.number)).ok()
}

fn encode(run: &[Child]) -> Vec<u8> {
    let first = &run[0];
    let mut bytes = Vec::new();
    for word in [run.len() as u32 - 1, first.inode.block, first.number] {
        bytes.extend(word.to_le_bytes());
    }
    for child in run {
        bytes.extend(child.inode.offset.to_le_bytes());
        bytes.extend(distance(first, child).unwrap_or_default().to_le_bytes());
        bytes.extend(child.kind.to_le_bytes());
        bytes.extend((child.name.len() as u16 - 1).to_le_bytes());
        bytes.extend_from_slice(child.name);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(number: u32, block: u32) -> Child<'static> {
        Child { name: b"a name", inode: Position { block, offset: 0 }, number, kind: 2 }
    }

    #[test]
    fn runs_end_where_the_format_says() {
        let many: Vec<_> = (1..400).map(|number| child(number, 0)).collect();
        assert_eq!(length_of_run(&many, 0), 256);
        assert_eq!(length_of_run(&many, 8191), 1);
        assert_eq!(length_of_run(&many, 8192 - 12 - 14), 1);
        assert_eq!(length_of_run(&many, 8192 - 12 - 15), 2);
        assert_eq!(length_of_run(&[child(1, 0), child(2, 9)], 0), 1);
        assert_eq!(length_of_run(&[child(1, 0), child(32769, 0)], 0), 1);
        assert_eq!(length_of_run(&[child(1, 0), child(32768, 0)], 0), 2);
        assert_eq!(length_of_run(&[child(40_000, 0), child(7232, 0)], 0), 2);
    }
}
