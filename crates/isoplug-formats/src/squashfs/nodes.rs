//! Turns a tree into numbered inodes.
//!
//! The inodes of one folder lie next to each other in the table and their numbers follow each
//! other, which keeps listings short. Knows no bytes.

use crate::tree::check::check;
use crate::tree::{Entry, Kind, Tree, TreePath, file_name, parent};

use super::Error;

/// One name in the tree.
pub(super) struct Node<'a> {
    pub(super) path: &'a TreePath,
    /// The entry under the inode's first name.
    pub(super) entry: &'a Entry,
    /// The node of the folder that holds it; the root is in itself.
    pub(super) parent: usize,
    /// Nodes in this folder, by name.
    pub(super) children: Vec<usize>,
    /// The node that stands for the inode: itself, unless it is a hard link.
    pub(super) first: usize,
    /// The inode's number, from 1.
    pub(super) number: u32,
    /// How many names the inode has; for a folder as `stat` counts it.
    pub(super) links: u32,
}

impl<'a> Node<'a> {
    pub(super) fn name(&self) -> &'a [u8] {
        file_name(self.path)
    }

    pub(super) fn is_folder(&self) -> bool {
        self.entry.kind == Kind::Directory
    }
}

/// All names of a tree in path order, so that the root is node 0.
pub(super) struct Nodes<'a> {
    pub(super) list: Vec<Node<'a>>,
    pub(super) inodes: u32,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(tree: &'a Tree) -> Result<Self, Error> {
        check(tree).map_err(|(path, reason)| Error::Tree { path, reason })?;
        if tree.entries.len() >= u32::MAX as usize {
            return Err(Error::TooMany { what: "entries", most: u64::from(u32::MAX) - 1 });
        }
        let list =
            tree.entries.iter().enumerate().map(|(index, (path, entry))| lone(index, path, entry));
        let mut nodes = Self { list: list.collect(), inodes: 0 };
        nodes.link();
        nodes.number();
        Ok(nodes)
    }

    /// Returns the folders in the order in which they are written: each after all below it.
    pub(super) fn folders(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.list.len()).rev().filter(|&index| self.list[index].is_folder())
    }

    /// Returns the nodes that stand for an inode.
    pub(super) fn inodes(&self) -> impl Iterator<Item = (usize, &Node<'a>)> {
        self.list.iter().enumerate().filter(|(index, node)| node.first == *index)
    }

    fn find(&self, path: &[u8]) -> Option<usize> {
        self.list.binary_search_by(|node| node.path.as_slice().cmp(path)).ok()
    }

    fn link(&mut self) {
        for index in 1..self.list.len() {
            let (path, entry) = (self.list[index].path, self.list[index].entry);
            let folder = parent(path).and_then(|path| self.find(path)).unwrap_or(0);
            self.list[index].parent = folder;
            self.list[folder].children.push(index);
            match &entry.kind {
                Kind::Directory => self.list[folder].links += 1,
                Kind::HardLink(target) => self.join(index, target),
                _ => {}
            }
        }
    }

    fn join(&mut self, index: usize, target: &[u8]) {
        if let Some(first) = self.find(target) {
            self.list[first].links += 1;
            self.list[index].first = first;
            self.list[index].entry = self.list[first].entry;
        }
    }

    fn number(&mut self) {
        let folders: Vec<usize> = self.folders().collect();
        let children = folders.iter().flat_map(|&folder| self.list[folder].children.clone());
        for index in children.chain([0]).collect::<Vec<_>>() {
            let first = self.list[index].first;
            if self.list[first].number == 0 {
                self.inodes += 1;
                self.list[first].number = self.inodes;
            }
        }
        for index in 0..self.list.len() {
            self.list[index].number = self.list[self.list[index].first].number;
        }
    }
}

fn lone<'a>(index: usize, path: &'a TreePath, entry: &'a Entry) -> Node<'a> {
    let links = if entry.kind == Kind::Directory { 2 } else { 1 };
    Node { path, entry, parent: 0, children: Vec::new(), first: index, number: 0, links }
}
