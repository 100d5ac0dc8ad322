//! Whether two contents are the same, with as little unpacking as can be.
//!
//! Blocks that are stored alike are alike; only where they are not, contents are unpacked.

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use crate::root::Root;
use crate::span::Span;
use crate::squashfs::{Content, Node, Squashfs};

/// How many bytes are compared at once.
const STEP: u64 = 1 << 20;

/// Tells whether two parts of files have the same bytes.
pub(super) fn same_bytes(a: &Span, b: &Span) -> io::Result<bool> {
    if a.size() != b.size() {
        return Ok(false);
    }
    let mut at = 0;
    while at < a.size() {
        if a.read_some(at, STEP)? != b.read_some(at, STEP)? {
            return Ok(false);
        }
        at += STEP;
    }
    Ok(true)
}

/// Two names of the same path whose contents may differ.
pub(super) struct Pair<'a> {
    pub(super) a: &'a Node,
    pub(super) b: &'a Node,
}

/// Returns those whose contents differ.
pub(super) fn differing<'a>(
    a: &Root,
    b: &Root,
    pairs: Vec<Pair<'a>>,
) -> io::Result<Vec<(&'a Node, &'a Node)>> {
    let mut placed = Vec::new();
    for pair in pairs {
        let (Some(layer_a), Some(layer_b)) = (a.layer(pair.a), b.layer(pair.b)) else { continue };
        let (place_a, place_b) = (layer_a.content(pair.a)?, layer_b.content(pair.b)?);
        placed.push((pair, layer_a, layer_b, place_a, place_b));
    }
    // Those that share a fragment come one after the other, so each is unpacked once.
    placed.sort_by_key(|(_, _, _, place, _)| (place.fragment, place.start));
    let mut same_fragments = BTreeMap::new();
    let mut found = Vec::new();
    for (pair, layer_a, layer_b, place_a, place_b) in placed {
        let is_same = same_stored((layer_a, &place_a), (layer_b, &place_b), &mut same_fragments)?
            || digest(layer_a, &place_a)? == digest(layer_b, &place_b)?;
        if !is_same {
            found.push((pair.a, pair.b));
        }
    }
    Ok(found)
}

type Place<'a> = (&'a Squashfs, &'a Content);

/// Tells whether contents are stored alike; `known` holds what is known of pairs of fragments.
fn same_stored(
    a: Place,
    b: Place,
    known: &mut BTreeMap<(usize, u32, u32), bool>,
) -> io::Result<bool> {
    let alike = |squashfs: &Squashfs| (squashfs.codec, squashfs.block_size);
    let tail = |content: &Content| content.fragment.map(|(_, offset)| offset);
    if alike(a.0) != alike(b.0) || a.1.blocks != b.1.blocks || tail(a.1) != tail(b.1) {
        return Ok(false);
    }
    if let (Some((first, _)), Some((second, _))) = (a.1.fragment, b.1.fragment) {
        // Two layers of one image may use the same number.
        let key =
            (std::ptr::from_ref(a.0) as usize ^ std::ptr::from_ref(b.0) as usize, first, second);
        let is_same = match known.get(&key) {
            Some(is_same) => *is_same,
            None => a.0.blocks().raw_fragment(first)? == b.0.blocks().raw_fragment(second)?,
        };
        known.insert(key, is_same);
        if !is_same {
            return Ok(false);
        }
    }
    let part = |(squashfs, content): Place| squashfs.blocks().part(content.start, content.stored());
    same_bytes(&part(a), &part(b))
}

fn digest(squashfs: &Squashfs, content: &Content) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    squashfs.blocks().stream(content, &mut |block| {
        hasher.update(block);
        Ok(())
    })?;
    Ok(hasher.finalize().into())
}
