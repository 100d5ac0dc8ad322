//! Turns numbered inodes and placed blocks into the tables of an image.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::TreePath;

use super::attributes::{self, Attributes};
use super::blocks::Packed;
use super::directory::{self, Child, Listing};
use super::inode::{self, Place, Stored};
use super::metadata::{Lookup, Metadata, Position};
use super::nodes::Nodes;
use super::plan::Plan;
use super::{Error, Options};

/// The tables, ready to be stored one after the other.
pub(super) struct Tables {
    pub(super) inodes: Vec<u8>,
    pub(super) listings: Vec<u8>,
    pub(super) fragments: Lookup,
    pub(super) export: Lookup,
    pub(super) ids: Lookup,
    pub(super) id_count: u16,
    pub(super) attributes: Option<attributes::Table>,
    /// Reference to the root's inode.
    pub(super) root: u64,
    pub(super) left_out: Vec<(TreePath, Vec<u8>)>,
}

impl Tables {
    pub(super) fn new(
        nodes: &Nodes,
        plan: &Plan,
        packed: &Packed,
        options: &Options,
    ) -> Result<Self, Error> {
        let (ids, attributes) = (ids(nodes)?, Attributes::new(nodes)?);
        let mut writing = Writing::new(nodes, plan, packed, &ids, &attributes, options)?;
        writing.run()?;
        let Writing { inodes, listings, positions, .. } = writing;
        let references: Vec<u64> = positions.iter().map(|position| position.reference()).collect();
        Ok(Self {
            inodes: inodes.finish()?,
            listings: listings.finish()?,
            fragments: Lookup::new(&packed.fragments, options)?,
            export: Lookup::new(&bytes(&references, |reference| reference.to_le_bytes()), options)?,
            ids: Lookup::new(&bytes(ids.keys(), |id| id.to_le_bytes()), options)?,
            id_count: ids.len() as u16,
            attributes: attributes.table(options)?,
            root: references.last().copied().unwrap_or_default(),
            left_out: attributes.left_out,
        })
    }
}

/// Returns the index of each owner and group in the table of ids.
fn ids(nodes: &Nodes) -> Result<BTreeMap<u32, u16>, Error> {
    let owners = nodes.inodes().flat_map(|(_, node)| [node.entry.uid, node.entry.gid]);
    let distinct: BTreeSet<u32> = owners.collect();
    if distinct.len() > usize::from(u16::MAX) {
        return Err(Error::TooMany { what: "owners and groups", most: u16::MAX.into() });
    }
    Ok(distinct.into_iter().zip(0..).collect())
}

fn bytes<T, const N: usize>(
    records: impl IntoIterator<Item = T>,
    encode: impl Fn(T) -> [u8; N],
) -> Vec<u8> {
    records.into_iter().flat_map(encode).collect()
}

struct Writing<'a> {
    nodes: &'a Nodes<'a>,
    plan: &'a Plan<'a>,
    packed: &'a Packed,
    ids: &'a BTreeMap<u32, u16>,
    attributes: &'a Attributes,
    inodes: Metadata,
    listings: Metadata,
    /// By inode number less one, as far as they are written.
    positions: Vec<Position>,
    /// By node: the listings of folders whose own inode is not written yet.
    listed: BTreeMap<usize, Listing>,
}

impl<'a> Writing<'a> {
    fn new(
        nodes: &'a Nodes<'a>,
        plan: &'a Plan<'a>,
        packed: &'a Packed,
        ids: &'a BTreeMap<u32, u16>,
        attributes: &'a Attributes,
        options: &Options,
    ) -> Result<Self, Error> {
        let (inodes, listings) = (Metadata::new(options)?, Metadata::new(options)?);
        let (positions, listed) = (Vec::new(), BTreeMap::new());
        Ok(Self { nodes, plan, packed, ids, attributes, inodes, listings, positions, listed })
    }

    /// Writes the inodes in a folder, then its listing, the deepest folders first; the root last.
    fn run(&mut self) -> Result<(), Error> {
        for folder in self.nodes.folders() {
            let children = &self.nodes.list[folder].children;
            for &child in children {
                self.write_inode(self.nodes.list[child].first)?;
            }
            let children: Vec<Child> = children.iter().map(|&child| self.child(child)).collect();
            let listing = directory::list(&children, &mut self.listings)?;
            self.listed.insert(folder, listing);
        }
        self.write_inode(0)
    }

    fn child(&self, index: usize) -> Child<'a> {
        let node = &self.nodes.list[index];
        let inode = self.positions[node.number as usize - 1];
        let kind = inode::number_of(&node.entry.kind);
        Child { name: node.name(), inode, number: node.number, kind }
    }

    /// Writes an inode, unless another of its names was met before.
    fn write_inode(&mut self, index: usize) -> Result<(), Error> {
        let node = &self.nodes.list[index];
        if (node.number as usize) <= self.positions.len() {
            return Ok(());
        }
        let listing = self.listed.remove(&index);
        let bytes = inode::encode(node, &self.place(index, listing.as_ref()))?;
        self.positions.push(self.inodes.position()?);
        self.inodes.put(&bytes)
    }

    fn place<'b>(&'b self, index: usize, listing: Option<&'b Listing>) -> Place<'b> {
        let node = &self.nodes.list[index];
        let id = |id| self.ids.get(id).copied().unwrap_or_default();
        // The root's parent is a number that no inode has.
        let parent =
            if index == 0 { self.nodes.inodes + 1 } else { self.nodes.list[node.parent].number };
        Place {
            owner: (id(&node.entry.uid), id(&node.entry.gid)),
            set: self.attributes.of_node[index],
            parent,
            listing,
            content: self.stored(index),
        }
    }

    fn stored(&self, index: usize) -> Option<Stored<'_>> {
        let content = self.plan.of_node[index]?;
        let planned = &self.plan.contents[content];
        let placed = &self.packed.contents[content];
        Some(Stored { placed, fragment: planned.fragment, size: planned.content.size })
    }
}
