//! Random trees, small but with all kinds of entries, names and attributes.

use std::collections::BTreeMap;

use isoplug_formats::tree::{Entry, Kind, Tree, TreePath, join};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::bytes::{Memory, noise, text};

#[derive(Debug, Clone)]
enum Seed {
    Folder,
    Zeros(usize),
    Noise(u64, usize),
    Text(u64, usize),
    Symlink(Vec<u8>),
    AnotherName(Index),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
    Socket,
}

/// An entry that is to grow somewhere in a tree.
#[derive(Debug, Clone)]
pub(crate) struct Sprout {
    folder: Index,
    name: Vec<u8>,
    seed: Seed,
    mode: u16,
    owner: (u32, u32),
    mtime: u32,
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Returns trees with their contents.
pub(crate) fn trees() -> impl Strategy<Value = (Tree, Memory)> {
    vec(sprouts(), 0..60).prop_map(|sprouts| grow(&sprouts))
}

/// Returns single entries that are to grow.
pub(crate) fn sprouts() -> impl Strategy<Value = Sprout> {
    let owner = prop_oneof![3 => Just((0, 0)), 1 => (0..u32::MAX, 0..u32::MAX)];
    let seed = seeds();
    (any::<Index>(), names(), seed, 0_u16..=0o7777, owner, any::<u32>(), xattrs()).prop_map(
        |(folder, name, seed, mode, owner, mtime, xattrs)| Sprout {
            folder,
            name,
            seed,
            mode,
            owner,
            mtime,
            xattrs,
        },
    )
}

/// Returns names of entries.
pub(crate) fn names() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'a'), Just(b'.'), Just(b'-'), Just(0xff), 1..=255_u8];
    let any_name = prop_oneof![9 => vec(byte, 1..6), 1 => vec(Just(b'n'), 200..=255)];
    any_name.prop_filter("no name", |name| {
        !name.contains(&b'/') && name.as_slice() != b"." && name.as_slice() != b".."
    })
}

fn seeds() -> impl Strategy<Value = Seed> {
    // Around multiples of the smallest block size.
    let sizes = prop_oneof![
        Just(0_usize),
        1..100_usize,
        4094..4099_usize,
        8190..8194_usize,
        0..40_000_usize
    ];
    prop_oneof![
        4 => Just(Seed::Folder),
        1 => sizes.clone().prop_map(Seed::Zeros),
        2 => (0..3_u64, sizes.clone()).prop_map(|(seed, size)| Seed::Noise(seed, size)),
        3 => (0..3_u64, sizes).prop_map(|(seed, size)| Seed::Text(seed, size)),
        2 => vec(1..=255_u8, 1..600).prop_map(Seed::Symlink),
        3 => any::<Index>().prop_map(Seed::AnotherName),
        1 => (0..4096_u32, 0..1_u32 << 20).prop_map(|(major, minor)| Seed::CharDevice(major, minor)),
        1 => (0..4096_u32, 0..1_u32 << 20).prop_map(|(major, minor)| Seed::BlockDevice(major, minor)),
        1 => Just(Seed::Fifo),
        1 => Just(Seed::Socket),
    ]
}

fn xattrs() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
    let name = prop_oneof![
        Just(b"user.a".to_vec()),
        Just(b"user.b".to_vec()),
        Just(b"trusted.t".to_vec()),
        Just(b"security.isoplug".to_vec())
    ];
    prop_oneof![2 => Just(BTreeMap::new()), 1 => btree_map(name, vec(0..3_u8, 0..40), 0..4)]
}

fn grow(sprouts: &[Sprout]) -> (Tree, Memory) {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    tree.insert(*b"", Entry::new(Kind::Directory, 0o755, 1));
    for sprout in sprouts {
        add(sprout, &mut tree, &mut memory);
    }
    (tree, memory)
}

/// Lets an entry grow in one of the tree's folders, if there is room for it.
pub(crate) fn add(sprout: &Sprout, tree: &mut Tree, memory: &mut Memory) {
    let folders: Vec<&TreePath> = paths(tree, |kind| *kind == Kind::Directory);
    let path = join(folders[sprout.folder.index(folders.len())], &sprout.name);
    if !tree.entries.contains_key(&path)
        && let Some(entry) = entry(sprout, &path, tree, memory)
    {
        tree.entries.insert(path, entry);
    }
}

/// Returns the paths of the entries of some kinds.
pub(crate) fn paths(tree: &Tree, wanted: impl Fn(&Kind) -> bool) -> Vec<&TreePath> {
    tree.entries.iter().filter(|(_, entry)| wanted(&entry.kind)).map(|(path, _)| path).collect()
}

fn entry(sprout: &Sprout, path: &TreePath, tree: &Tree, memory: &mut Memory) -> Option<Entry> {
    let kind = match &sprout.seed {
        Seed::AnotherName(index) => return another_name(*index, path, tree),
        Seed::Folder => Kind::Directory,
        Seed::Zeros(size) => memory.file(&vec![0; *size]),
        Seed::Noise(seed, size) => memory.file(&noise(*seed, *size)),
        Seed::Text(seed, size) => memory.file(&text(*seed, *size)),
        Seed::Symlink(target) => Kind::Symlink(target.clone()),
        Seed::CharDevice(major, minor) => Kind::CharDevice(*major, *minor),
        Seed::BlockDevice(major, minor) => Kind::BlockDevice(*major, *minor),
        Seed::Fifo => Kind::Fifo,
        Seed::Socket => Kind::Socket,
    };
    // Linux gives symbolic links one mode, and user attributes to files and folders alone.
    let plain = matches!(kind, Kind::File(_) | Kind::Directory);
    let mode = if matches!(kind, Kind::Symlink(_)) { 0o777 } else { sprout.mode };
    let mut xattrs = sprout.xattrs.clone();
    xattrs.retain(|name, _| plain || !name.starts_with(b"user."));
    let (uid, gid) = sprout.owner;
    Some(Entry { kind, mode, uid, gid, mtime: sprout.mtime, xattrs })
}

/// Returns a hard link to an entry that sorts before it, if there is one.
fn another_name(index: Index, path: &TreePath, tree: &Tree) -> Option<Entry> {
    let can_be = |kind: &Kind| !matches!(kind, Kind::Directory | Kind::HardLink(_));
    let mut targets = paths(tree, can_be);
    targets.retain(|target| *target < path);
    if targets.is_empty() {
        return None;
    }
    let first = targets[index.index(targets.len())];
    Some(Entry { kind: Kind::HardLink(first.clone()), ..tree.entries[first].clone() })
}
