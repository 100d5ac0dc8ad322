//! Writes the extended attributes; equal sets are stored once.
//!
//! Source: "xattr table" of the format's documentation, `squashfs_xattr_entry` in squashfs_fs.h.

use std::collections::BTreeMap;

use crate::tree::TreePath;

use super::metadata::{Lookup, Metadata};
use super::nodes::Nodes;
use super::{Error, Options};

/// The sets of attributes, and who has which.
pub(super) struct Attributes {
    /// By node: the number of its set, [`NO_SET`] if it has none.
    pub(super) of_node: Vec<u32>,
    /// What the format cannot hold, by path and name.
    pub(super) left_out: Vec<(TreePath, Vec<u8>)>,
    sets: Vec<Set>,
}

/// What an inode says that has no attributes.
pub(super) const NO_SET: u32 = u32::MAX;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    count: u32,
    bytes: Vec<u8>,
}

/// The largest value that Linux knows (XATTR_SIZE_MAX).
const LARGEST_VALUE: usize = 1 << 16;
/// The longest name that Linux knows (XATTR_NAME_MAX).
const LONGEST_NAME: usize = 255;

impl Attributes {
    pub(super) fn new(nodes: &Nodes) -> Result<Self, Error> {
        let of_node = vec![NO_SET; nodes.list.len()];
        let mut attributes = Self { of_node, left_out: Vec::new(), sets: Vec::new() };
        let mut numbers = BTreeMap::new();
        for (index, node) in nodes.inodes() {
            let set = attributes.encode(node.path, &node.entry.xattrs)?;
            if set.count > 0 {
                let sets = &mut attributes.sets;
                let number = *numbers.entry(set).or_insert_with_key(|set| {
                    sets.push(set.clone());
                    sets.len() as u32 - 1
                });
                attributes.of_node[index] = number;
            }
        }
        Ok(attributes)
    }

    fn encode(
        &mut self,
        path: &TreePath,
        xattrs: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Result<Set, Error> {
        let mut set = Set { count: 0, bytes: Vec::new() };
        for (name, value) in xattrs {
            if name.len() > LONGEST_NAME || value.len() > LARGEST_VALUE {
                let reason = "an extended attribute is larger than Linux allows";
                return Err(Error::Tree { path: path.clone(), reason });
            }
            let Some((namespace, rest)) = split(name) else {
                self.left_out.push((path.clone(), name.clone()));
                continue;
            };
            set.count += 1;
            set.bytes.extend(namespace.to_le_bytes());
            set.bytes.extend((rest.len() as u16).to_le_bytes());
            set.bytes.extend_from_slice(rest);
            set.bytes.extend((value.len() as u32).to_le_bytes());
            set.bytes.extend_from_slice(value);
        }
        Ok(set)
    }

    /// Returns the table, if there are any attributes.
    pub(super) fn table(&self, options: &Options) -> Result<Option<Table>, Error> {
        if self.sets.is_empty() {
            return Ok(None);
        }
        let (mut sets, mut records) = (Metadata::new(options)?, Vec::new());
        for set in &self.sets {
            records.extend(sets.position()?.reference().to_le_bytes());
            records.extend(set.count.to_le_bytes());
            records.extend((set.bytes.len() as u32).to_le_bytes());
            sets.put(&set.bytes)?;
        }
        let count = self.sets.len() as u32;
        Ok(Some(Table { sets: sets.finish()?, lookup: Lookup::new(&records, options)?, count }))
    }
}

/// The three parts of the table in the image.
pub(super) struct Table {
    pub(super) sets: Vec<u8>,
    pub(super) lookup: Lookup,
    pub(super) count: u32,
}

/// Returns the number of the name's namespace and what follows it.
fn split(name: &[u8]) -> Option<(u16, &[u8])> {
    let namespaces: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
    let found = namespaces
        .iter()
        .zip(0..)
        .find_map(|(namespace, number)| name.strip_prefix(*namespace).map(|rest| (number, rest)));
    found.filter(|(_, rest)| !rest.is_empty())
}
