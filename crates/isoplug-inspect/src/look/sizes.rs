//! What takes the room of a squashfs, by package.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;

use crate::root::Root;
use crate::squashfs::{Kind, Node};

use super::owners::Owners;

/// What the files of one owner take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many files they are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What they take compressed; tails that share a block are counted by their part of it.
    pub stored: u64,
}

/// The owner of what no package has.
pub const NOBODY: &str = "(of no package)";

/// Returns the sizes by owner. What two names share counts once.
///
/// # Errors
///
/// When the squashfs is damaged or cannot be read.
pub fn sizes(root: &Root, owners: &Owners) -> io::Result<BTreeMap<String, Size>> {
    let mut sizes: BTreeMap<String, Size> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for node in root.nodes() {
        let Kind::File(bytes) = node.kind else { continue };
        let layer = root.layer(node);
        let place = layer.map(|layer| (std::ptr::from_ref(layer) as usize, node.inode));
        if !seen.insert((place, 0)) {
            continue;
        }
        let size = sizes.entry(owners.of(&node.path).unwrap_or(NOBODY).to_owned()).or_default();
        size.files += 1;
        size.bytes += bytes;
        let (start, stored) = stored(root, node)?;
        // Equal contents lie there once.
        if start == 0 || seen.insert((place.map(|(layer, _)| (layer, 0)), start)) {
            size.stored += stored;
        }
    }
    Ok(sizes)
}

/// Returns where the blocks of a file begin, if it has some, and what they and its tail take.
fn stored(root: &Root, node: &Node) -> io::Result<(u64, u64)> {
    let Some(layer) = root.layer(node) else { return Ok((0, 0)) };
    let content = layer.content(node)?;
    let tail = content.size
        - (content.blocks.len() as u64 * u64::from(layer.block_size)).min(content.size);
    let share = content.fragment.map_or(0, |(number, _)| {
        let fragment = u64::from(layer.blocks().stored_fragment(number));
        fragment * tail / u64::from(layer.block_size)
    });
    let start = if content.blocks.is_empty() { 0 } else { content.start };
    Ok((start, content.stored() + share))
}
