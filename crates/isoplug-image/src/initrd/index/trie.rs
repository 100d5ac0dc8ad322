//! Writes the index that kmod looks names up in (kmod's libkmod/libkmod-index.h).
//!
//! It is a tree in which each node has the letters that all names below it share. Numbers are
//! big-endian; a node comes after those below it.

use std::collections::BTreeMap;

const MAGIC: u32 = 0xB007_F457;
const VERSION: u32 = 0x0002_0001;

const HAS_PREFIX: u32 = 0x8000_0000;
const HAS_VALUES: u32 = 0x4000_0000;
const HAS_CHILDREN: u32 = 0x2000_0000;

#[derive(Default)]
struct Node {
    prefix: Vec<u8>,
    values: Vec<(u32, String)>,
    children: BTreeMap<u8, Node>,
}

/// Makes an index of rows of name, value and rank; of one name's values, those of low rank come first.
pub(super) fn write(rows: impl Iterator<Item = (String, String, u32)>) -> Vec<u8> {
    let mut root = Node::default();
    for (name, value, rank) in rows {
        root.insert(name.as_bytes(), value, rank);
    }
    let mut bytes = [MAGIC, VERSION, 0].map(u32::to_be_bytes).concat();
    let root = root.write(&mut bytes);
    bytes[8..12].copy_from_slice(&root.to_be_bytes());
    bytes
}

impl Node {
    fn insert(&mut self, name: &[u8], value: String, rank: u32) {
        let same = self.prefix.iter().zip(name).take_while(|(a, b)| a == b).count();
        if same < self.prefix.len() {
            self.split(same);
        }
        match name[same..].split_first() {
            Some((letter, rest)) => match self.children.get_mut(letter) {
                Some(child) => child.insert(rest, value, rank),
                None => {
                    let values = vec![(rank, value)];
                    let child = Self { prefix: rest.to_vec(), values, ..Self::default() };
                    self.children.insert(*letter, child);
                }
            },
            None => {
                let at = self.values.partition_point(|(other, _)| *other < rank);
                self.values.insert(at, (rank, value));
            }
        }
    }

    /// Makes a node between this one and all that it has, at a place in its prefix.
    fn split(&mut self, at: usize) {
        let rest = self.prefix.split_off(at);
        let mut below = std::mem::take(self);
        self.prefix = std::mem::take(&mut below.prefix);
        below.prefix = rest[1..].to_vec();
        self.children.insert(rest[0], below);
    }

    /// Appends the node and returns where it is, with what it has.
    fn write(&self, bytes: &mut Vec<u8>) -> u32 {
        let children: BTreeMap<u8, u32> =
            self.children.iter().map(|(letter, child)| (*letter, child.write(bytes))).collect();
        let mut place = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if !self.prefix.is_empty() {
            place |= HAS_PREFIX;
            bytes.extend(&self.prefix);
            bytes.push(0);
        }
        if !children.is_empty() {
            place |= HAS_CHILDREN;
            write_children(&children, bytes);
        }
        if !self.values.is_empty() {
            place |= HAS_VALUES;
            write_values(&self.values, bytes);
        }
        place
    }
}

/// Writes the first and last letter, and the place of the child of each letter between; 0 without one.
fn write_children(children: &BTreeMap<u8, u32>, bytes: &mut Vec<u8>) {
    let letters = children.first_key_value().zip(children.last_key_value());
    let Some(((first, _), (last, _))) = letters else { return };
    bytes.extend([*first, *last]);
    for letter in *first..=*last {
        let child = children.get(&letter).copied().unwrap_or_default();
        bytes.extend(child.to_be_bytes());
    }
}

fn write_values(values: &[(u32, String)], bytes: &mut Vec<u8>) {
    bytes.extend((values.len() as u32).to_be_bytes());
    for (rank, value) in values {
        bytes.extend(rank.to_be_bytes());
        bytes.extend(value.as_bytes());
        bytes.push(0);
    }
}
