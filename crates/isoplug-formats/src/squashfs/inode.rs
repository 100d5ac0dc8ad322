//! Writes single inodes.
//!
//! The extended form is used only where the basic one cannot say it. Source: "inodes" of the
//! format's documentation, `squashfs_*_inode` in squashfs_fs.h.

use crate::tree::Kind;

use super::Error;
use super::attributes::NO_SET;
use super::blocks::Placed;
use super::directory::Listing;
use super::nodes::Node;

/// What an inode says besides what its node knows.
pub(super) struct Place<'a> {
    /// Indices of owner and group in the table of ids.
    pub(super) owner: (u16, u16),
    /// Number of the set of extended attributes.
    pub(super) set: u32,
    /// Inode number of the folder that holds it.
    pub(super) parent: u32,
    /// For folders: where their listing is.
    pub(super) listing: Option<&'a Listing>,
    /// For files with bytes: where they are.
    pub(super) content: Option<Stored<'a>>,
}

/// Where the bytes of a file are.
pub(super) struct Stored<'a> {
    pub(super) placed: &'a Placed,
    pub(super) fragment: Option<(u32, u32)>,
    pub(super) size: u64,
}

/// Returns the number that listings give to a kind; extended inodes add [`EXTENDED`] to it.
pub(super) fn number_of(kind: &Kind) -> u16 {
    match kind {
        Kind::Directory => 1,
        Kind::File(_) | Kind::HardLink(_) => 2,
        Kind::Symlink(_) => 3,
        Kind::BlockDevice(..) => 4,
        Kind::CharDevice(..) => 5,
        Kind::Fifo => 6,
        Kind::Socket => 7,
    }
}

const EXTENDED: u16 = 7;
const NO_FRAGMENT: u32 = u32::MAX;

/// Returns the bytes of an inode.
pub(super) fn encode(node: &Node, place: &Place) -> Result<Vec<u8>, Error> {
    let (extended, body) = match &node.entry.kind {
        Kind::Directory => folder(node, place),
        Kind::File(_) | Kind::HardLink(_) => file(node, place),
        Kind::Symlink(target) => symlink(node, place, target)?,
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
            let device = device(*major, *minor)
                .ok_or_else(|| refused(node, "a device number is beyond what squashfs can say"))?;
            special(node, place, &device.to_le_bytes())
        }
        Kind::Fifo | Kind::Socket => special(node, place, &[]),
    };
    let number = number_of(&node.entry.kind) + if extended { EXTENDED } else { 0 };
    Ok([header(node, place, number), body].concat())
}

fn header(node: &Node, place: &Place, number: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(number.to_le_bytes());
    bytes.extend((node.entry.mode & 0o7777).to_le_bytes());
    bytes.extend(place.owner.0.to_le_bytes());
    bytes.extend(place.owner.1.to_le_bytes());
    bytes.extend(node.entry.mtime.to_le_bytes());
    bytes.extend(node.number.to_le_bytes());
    bytes
}

fn folder(node: &Node, place: &Place) -> (bool, Vec<u8>) {
    let empty = Listing::default();
    let listing = place.listing.unwrap_or(&empty);
    match u16::try_from(listing.size) {
        Ok(size) if listing.index_count == 0 && place.set == NO_SET => {
            (false, basic_folder(node, place, listing, size))
        }
        _ => (true, extended_folder(node, place, listing)),
    }
}

fn basic_folder(node: &Node, place: &Place, listing: &Listing, size: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(listing.position.block.to_le_bytes());
    bytes.extend(node.links.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(listing.position.offset.to_le_bytes());
    bytes.extend(place.parent.to_le_bytes());
    bytes
}

fn extended_folder(node: &Node, place: &Place, listing: &Listing) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(node.links.to_le_bytes());
    bytes.extend(listing.size.to_le_bytes());
    bytes.extend(listing.position.block.to_le_bytes());
    bytes.extend(place.parent.to_le_bytes());
    bytes.extend(listing.index_count.to_le_bytes());
    bytes.extend(listing.position.offset.to_le_bytes());
    bytes.extend(place.set.to_le_bytes());
    bytes.extend_from_slice(&listing.index);
    bytes
}

fn file(node: &Node, place: &Place) -> (bool, Vec<u8>) {
    let nothing = Placed::default();
    let stored = place.content.as_ref();
    let placed = stored.map_or(&nothing, |stored| stored.placed);
    let size = stored.map_or(0, |stored| stored.size);
    let fragment = stored.and_then(|stored| stored.fragment).unwrap_or((NO_FRAGMENT, 0));
    // Readers take a file whose bytes are all sparse for a damaged one.
    let sparse = placed.sparse.min(size.saturating_sub(1));

    let basic = (u32::try_from(placed.start), u32::try_from(size));
    let plain = place.set == NO_SET && node.links == 1 && sparse == 0;
    let (extended, mut bytes) = match basic {
        (Ok(start), Ok(size)) if plain => (false, words([start, fragment.0, fragment.1, size])),
        _ => {
            let longs = [placed.start, size, sparse].into_iter().flat_map(u64::to_le_bytes);
            let words = words([node.links, fragment.0, fragment.1, place.set]);
            (true, longs.chain(words).collect())
        }
    };
    bytes.extend(placed.sizes.iter().flat_map(|size| size.to_le_bytes()));
    (extended, bytes)
}

fn words(words: [u32; 4]) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// The longest target that Linux follows (PATH_MAX without the final zero).
const LONGEST_TARGET: usize = 4095;

fn symlink(node: &Node, place: &Place, target: &[u8]) -> Result<(bool, Vec<u8>), Error> {
    if target.is_empty() || target.len() > LONGEST_TARGET || target.contains(&0) {
        return Err(refused(node, "the target of a symbolic link is empty, too long or no path"));
    }
    Ok(special(node, place, &[&(target.len() as u32).to_le_bytes(), target].concat()))
}

/// Returns the bytes of an inode that has but a number of links and a few bytes of its own.
fn special(node: &Node, place: &Place, own: &[u8]) -> (bool, Vec<u8>) {
    let mut bytes = node.links.to_le_bytes().to_vec();
    bytes.extend_from_slice(own);
    let extended = place.set != NO_SET;
    if extended {
        bytes.extend(place.set.to_le_bytes());
    }
    (extended, bytes)
}

/// Returns a device number as `new_encode_dev` of linux/kdev_t.h makes it.
fn device(major: u32, minor: u32) -> Option<u32> {
    let fits = major < 1 << 12 && minor < 1 << 20;
    fits.then_some((minor & 0xff) | major << 8 | (minor & !0xff) << 12)
}

fn refused(node: &Node, reason: &'static str) -> Error {
    Error::Tree { path: node.path.clone(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_are_split_as_linux_does() {
        assert_eq!(device(8, 1), Some(0x801));
        assert_eq!(device(259, 300_000), Some(0x4931_03e0));
        assert_eq!(device(4096, 0), None);
        assert_eq!(device(0, 1 << 20), None);
    }
}
