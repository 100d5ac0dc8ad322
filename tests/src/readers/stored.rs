//! What the store holds: trees, overlays and lists, which a disk may have damaged, and what is written of them.

use std::io::{self, Cursor};

use isoplug_formats::squashfs::{self, BlockCache, DirCache, NoCache, NoWatch, Options, Preset};
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Content, Tree};
use isoplug_image::contribute::overlay::Overlay;
use isoplug_image::initrd::Selection;
use isoplug_image::stages::{check, output};
use isoplug_sandbox::Job;

/// A tree: what is read gives the same tree again, and every walk through it ends.
pub(super) fn tree(bytes: &[u8]) {
    let Ok(tree) = Tree::from_bytes(bytes) else { return };
    let again = Tree::from_bytes(&tree.to_bytes()).expect("what was written is read");
    assert_eq!(again, tree);
    for path in tree.entries.keys() {
        _ = tree.resolve(path);
    }
}

/// What a contributor adds and removes.
pub(super) fn overlay(bytes: &[u8]) {
    let Ok(overlay) = Overlay::from_bytes(bytes) else { return };
    let again = Overlay::from_bytes(&overlay.to_bytes()).expect("what was written is read");
    assert_eq!(again, overlay);
}

/// What an initrd is made of.
pub(super) fn selection(bytes: &[u8]) {
    let Ok(selection) = Selection::from_bytes(bytes) else { return };
    _ = selection.without_places();
}

/// A squashfs of any tree: an error that says what squashfs cannot hold, or an image.
pub(super) fn squashfs(bytes: &[u8]) {
    let Ok(tree) = Tree::from_bytes(bytes) else { return };
    if tree.contents().map(|content| u128::from(content.size)).sum::<u128>() > 1 << 20 {
        return;
    }
    let options = Options::preset(Preset::Fast, 0, 1);
    let out = Cursor::new(Vec::new());
    _ = squashfs::write(out, &tree, &Zeroes, &options, &NoCache, &NoWatch);
}

/// Contents of zeroes.
struct Zeroes;

impl Contents for Zeroes {
    fn read_at(&self, _content: &Content, _offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(0);
        Ok(())
    }
}

/// A damaged file in the cache of blocks is forgotten, unless it is whole.
pub(super) fn blocks(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for the cache");
    let cache = DirCache::open(folder.path(), 1 << 20).expect("a new cache opens");
    let key = [7; 32];
    cache.put(&key, b"value");
    let hex = "07".repeat(32);
    let file = folder.path().join(&hex[..2]).join(&hex[2..]);
    std::fs::write(&file, bytes).expect("the value's file is there");
    assert!(cache.get(&key).is_none_or(|value| bytes.ends_with(&value)));
}

/// Lists in JSON: what checkers say, what lies beside an ISO, and what a sandbox is to do.
pub(super) fn lists(bytes: &[u8]) {
    _ = (check::read(bytes), output::read(bytes));
    _ = serde_json::from_slice::<Job>(bytes);
}
