//! What an initrd is made of, in a form that is the same wherever the bytes lie.
//!
//! Two blobs stand for a selection: one has the digests of all contents and no places, so it stays
//! the same while nothing of it changes; the other has the places.

use std::collections::BTreeMap;

use isoplug_formats::tree::{self, Kind, Tree};
use serde::{Deserialize, Serialize};

use super::Request;

/// What an initrd is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The version of the kernel.
    pub kernel: String,
    /// Which kernel modules it has, besides those that these need.
    pub requests: Vec<Request>,
    /// Kernel modules that come along with others.
    pub hidden: BTreeMap<String, Vec<String>>,
    /// The part of the layer that kernel modules and firmware are chosen from.
    pub layer: Tree,
    /// The other files of the initrd.
    pub files: Tree,
}

/// Why bytes are no selection.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lists are damaged.
    #[error("damaged list of what the initrd is made of: {0}")]
    Lists(#[from] serde_json::Error),
    /// A tree is damaged.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// They end early.
    #[error("the list of what the initrd is made of ends early")]
    Short,
}

#[derive(Serialize, Deserialize)]
struct Head {
    kernel: String,
    requests: Vec<Request>,
    hidden: BTreeMap<String, Vec<String>>,
    /// The length in bytes of the first of the two trees that follow.
    layer: usize,
}

impl Selection {
    /// Returns the bytes that stand for it: a line of JSON and two trees.
    pub fn to_bytes(&self) -> Vec<u8> {
        let layer = self.layer.to_bytes();
        let head = Head {
            kernel: self.kernel.clone(),
            requests: self.requests.clone(),
            hidden: self.hidden.clone(),
            layer: layer.len(),
        };
        let mut bytes = serde_json::to_vec(&head).expect("it has nothing that JSON cannot write");
        bytes.push(b'\n');
        [bytes, layer, self.files.to_bytes()].concat()
    }

    /// Reads what [`Selection::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are no list of an initrd's files.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let end = bytes.iter().position(|&byte| byte == b'\n').ok_or(Error::Short)?;
        let Head { kernel, requests, hidden, layer } = serde_json::from_slice(&bytes[..end])?;
        let trees = &bytes[end + 1..];
        let (layer, files) = trees.split_at_checked(layer).ok_or(Error::Short)?;
        let (layer, files) = (Tree::from_bytes(layer)?, Tree::from_bytes(files)?);
        Ok(Self { kernel, requests, hidden, layer, files })
    }

    /// Returns it without the places of its contents.
    #[must_use]
    pub fn without_places(&self) -> Self {
        let mut selection = self.clone();
        for tree in [&mut selection.layer, &mut selection.files] {
            for entry in tree.entries.values_mut() {
                if let Kind::File(content) = &mut entry.kind {
                    (content.pack, content.offset) = ([0; 32], 0);
                }
            }
        }
        selection
    }

    /// Returns all its contents as one tree, by which their packs are found.
    pub fn contents(&self) -> Tree {
        let mut all = self.layer.clone();
        let files = self.files.entries.iter();
        all.entries.extend(files.map(|(path, entry)| (tree::join(b"initrd", path), entry.clone())));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_formats::tree::{Content, Entry};

    #[test]
    fn places_do_not_show() {
        let at = |offset| {
            let content = Content { digest: [1; 32], size: 3, pack: [offset as u8; 32], offset };
            let mut files = Tree::default();
            files.insert(*b"init", Entry::new(Kind::File(content), 0o755, 0));
            Selection {
                kernel: "6.1".into(),
                requests: vec![Request::name("loop")],
                hidden: BTreeMap::new(),
                layer: Tree::default(),
                files,
            }
        };
        assert_ne!(at(1).to_bytes(), at(2).to_bytes());
        assert_eq!(at(1).without_places(), at(2).without_places());
        assert_eq!(Selection::from_bytes(&at(1).to_bytes()).unwrap(), at(1));
        let bytes = at(1).to_bytes();
        assert!((0..bytes.len()).all(|end| Selection::from_bytes(&bytes[..end]).is_err()));
    }
}
