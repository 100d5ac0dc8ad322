//! Decides which bytes go into which block, before anything is read.
//!
//! Equal contents are stored once. Contents below one block are packed into fragments, next to
//! others of their type; where a fragment ends depends on the names around it alone, so that a
//! changed file leaves the fragments further on as they were.

mod order;

use std::collections::BTreeMap;

use crate::tree::{Content, Kind, TreePath};

use super::Options;
use super::nodes::{Node, Nodes};

/// What is stored, and in which order.
pub(super) struct Plan<'a> {
    /// The distinct contents in the order in which they are stored.
    pub(super) contents: Vec<Planned<'a>>,
    /// By node: the content of its file; none for what has no bytes.
    pub(super) of_node: Vec<Option<usize>>,
    /// By fragment: the contents in it, one after the other.
    pub(super) fragments: Vec<Vec<usize>>,
    /// Bytes in all distinct contents.
    pub(super) total: u64,
    parts: Vec<Part>,
    block_size: u32,
}

/// A content and its place.
pub(super) struct Planned<'a> {
    pub(super) content: &'a Content,
    /// The first file that has it.
    pub(super) path: &'a TreePath,
    /// The fragment that holds it and where in it, if it is smaller than a block.
    pub(super) fragment: Option<(u32, u32)>,
}

enum Part {
    Blocks(usize),
    Fragment(usize),
}

/// One block to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// A piece of one content.
    Block { content: usize, offset: u64, length: u32 },
    /// All of a fragment's contents.
    Fragment(usize),
}

impl<'a> Plan<'a> {
    pub(super) fn new(nodes: &Nodes<'a>, options: &Options) -> Self {
        let (contents, of_node) = distinct(nodes);
        let total = contents.iter().map(|planned| planned.content.size).sum();
        let (parts, fragments) = (Vec::new(), Vec::new());
        let block_size = options.block_size;
        let mut plan = Self { contents, of_node, fragments, total, parts, block_size };
        plan.cut();
        plan
    }

    /// Returns the blocks in the order in which they are stored.
    pub(super) fn jobs(&self) -> impl Iterator<Item = Job> {
        self.parts.iter().flat_map(|part| {
            let (size, fragment) = match part {
                Part::Blocks(content) => (self.contents[*content].content.size, None),
                Part::Fragment(fragment) => (0, Some(Job::Fragment(*fragment))),
            };
            self.blocks(part, size).chain(fragment)
        })
    }

    /// Returns how many bytes a job packs.
    pub(super) fn length(&self, job: Job) -> u32 {
        match job {
            Job::Block { length, .. } => length,
            Job::Fragment(fragment) => {
                self.fragments[fragment].iter().map(|&content| self.small(content)).sum()
            }
        }
    }

    /// Returns the pieces of contents that a job packs: content, offset and length.
    pub(super) fn pieces(&self, job: Job) -> Vec<(&Planned<'a>, u64, u32)> {
        match job {
            Job::Block { content, offset, length } => {
                vec![(&self.contents[content], offset, length)]
            }
            Job::Fragment(fragment) => self.fragments[fragment]
                .iter()
                .map(|&content| (&self.contents[content], 0, self.small(content)))
                .collect(),
        }
    }

    fn blocks(&self, part: &Part, size: u64) -> impl Iterator<Item = Job> + use<> {
        let block_size = self.block_size;
        let content = if let Part::Blocks(content) = part { *content } else { 0 };
        (0..size.div_ceil(block_size.into())).map(move |block| {
            let offset = block * u64::from(block_size);
            let length = (size - offset).min(block_size.into()) as u32;
            Job::Block { content, offset, length }
        })
    }

    /// The length of a content that is smaller than a block.
    fn small(&self, content: usize) -> u32 {
        self.contents[content].content.size as u32
    }

    fn cut(&mut self) {
        let mut small = Vec::new();
        for index in 0..self.contents.len() {
            if self.contents[index].content.size < self.block_size.into() {
                small.push(index);
            } else {
                self.parts.push(Part::Blocks(index));
            }
        }
        let mut rest = small.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.end_of_fragment(rest));
            self.add_fragment(now);
            rest = later;
        }
    }

    fn add_fragment(&mut self, contents: &[usize]) {
        let fragment = self.fragments.len();
        let mut offset = 0;
        for &content in contents {
            self.contents[content].fragment = Some((fragment as u32, offset));
            offset += self.small(content);
        }
        self.fragments.push(contents.to_vec());
        self.parts.push(Part::Fragment(fragment));
    }

    /// Returns how many of these contents make the next fragment: as many as fill at least
    /// [`FULL_ENOUGH`] of it, up to the one with the lowest hash. After a change the hashes
    /// lead back to the same ends.
    fn end_of_fragment(&self, small: &[usize]) -> usize {
        let (mut filled, mut best) = (0_u64, None);
        for (count, &content) in small.iter().enumerate() {
            let with_it = filled + u64::from(self.small(content));
            if with_it > self.block_size.into() {
                return best.map_or(count, |(_, count)| count);
            }
            let (part, of) = FULL_ENOUGH;
            if count > 0 && filled * of >= u64::from(self.block_size) * part {
                let hash = *blake3::hash(self.contents[content].path).as_bytes();
                best = best.min(Some((hash, count))).or(Some((hash, count)));
            }
            filled = with_it;
        }
        small.len()
    }
}

/// How much of a fragment must be filled before it may end: parts, of so many.
const FULL_ENOUGH: (u64, u64) = (3, 4);

/// Returns the distinct contents in the order in which they are stored, and by node which it has.
fn distinct<'a>(nodes: &Nodes<'a>) -> (Vec<Planned<'a>>, Vec<Option<usize>>) {
    let stored = stored_once(nodes);
    let place: BTreeMap<_, usize> = stored
        .iter()
        .enumerate()
        .map(|(at, (content, _))| ((content.digest, content.size), at))
        .collect();
    let of_node = nodes.list.iter().map(|node| match &node.entry.kind {
        Kind::File(content) => place.get(&(content.digest, content.size)).copied(),
        _ => None,
    });
    let of_node = of_node.collect();
    let planned = |(content, node): (&'a Content, &Node<'a>)| Planned {
        content,
        path: node.path,
        fragment: None,
    };
    (stored.into_iter().map(planned).collect(), of_node)
}

/// Returns each content with the first node that has it, in the order in which they are stored.
fn stored_once<'n, 'a>(nodes: &'n Nodes<'a>) -> Vec<(&'a Content, &'n Node<'a>)> {
    let mut first = BTreeMap::new();
    for (_, node) in nodes.inodes() {
        if let Kind::File(content) = &node.entry.kind
            && content.size > 0
        {
            first.entry((content.digest, content.size)).or_insert((content, node));
        }
    }
    let mut stored: Vec<_> = first.into_values().collect();
    stored.sort_by_cached_key(|(_, node)| order::key(node));
    stored
}
