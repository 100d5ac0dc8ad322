//! Builds that use what earlier ones cached give the bytes of a clean build, whatever was edited.

use std::collections::BTreeMap;

use isoplug_formats::squashfs::{Codec, DirCache, Options};
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Entry, Kind, Tree, TreePath, join};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::bytes::{Memory, cached_image, image, text};
use crate::oracles;
use crate::random::{self, Sprout};

/// What people and packages do to a file system.
#[derive(Debug, Clone)]
enum Edit {
    Write(Index, u64, usize),
    Grow(Index, usize),
    Add(Sprout),
    Remove(Index),
    Rename(Index, Index, Vec<u8>),
    Link(Index, Index, Vec<u8>),
    Mode(Index, u16),
    Time(Index, u32),
}

fn edits() -> impl Strategy<Value = Edit> {
    let (one, name) = (any::<Index>, random::names);
    prop_oneof![
        (one(), 0..9_u64, 0..30_000_usize).prop_map(|(at, seed, size)| Edit::Write(at, seed, size)),
        (one(), 1..9000_usize).prop_map(|(at, size)| Edit::Grow(at, size)),
        random::sprouts().prop_map(Edit::Add),
        one().prop_map(Edit::Remove),
        (one(), one(), name()).prop_map(|(at, to, name)| Edit::Rename(at, to, name)),
        (one(), one(), name()).prop_map(|(at, to, name)| Edit::Link(at, to, name)),
        (one(), 0..=0o7777_u16).prop_map(|(at, mode)| Edit::Mode(at, mode)),
        (one(), any::<u32>()).prop_map(|(at, time)| Edit::Time(at, time)),
    ]
}

/// Names and the inodes that they stand for: hard links are names of one number.
struct Names {
    names: BTreeMap<TreePath, usize>,
    inodes: Vec<Entry>,
}

impl Names {
    fn of(tree: &Tree) -> Self {
        let mut found = Self { names: BTreeMap::new(), inodes: Vec::new() };
        for (path, entry) in &tree.entries {
            let inode = match &entry.kind {
                Kind::HardLink(first) => found.names[first],
                _ => found.inodes.len(),
            };
            if inode == found.inodes.len() {
                found.inodes.push(entry.clone());
            }
            found.names.insert(path.clone(), inode);
        }
        found
    }

    fn tree(&self) -> Tree {
        let (mut tree, mut first) = (Tree::default(), BTreeMap::new());
        for (path, inode) in &self.names {
            let mut entry = self.inodes[*inode].clone();
            if let Some(first) = first.get(inode) {
                entry.kind = Kind::HardLink(TreePath::clone(first));
            }
            first.entry(*inode).or_insert(path.clone());
            tree.entries.insert(path.clone(), entry);
        }
        tree
    }

    /// Returns one of the names of some kinds.
    fn pick(&self, at: Index, wanted: impl Fn(&Kind) -> bool) -> Option<TreePath> {
        let wanted = |(_, inode): &(&TreePath, &usize)| wanted(&self.inodes[**inode].kind);
        let found: Vec<&TreePath> =
            self.names.iter().filter(wanted).map(|(path, _)| path).collect();
        (!found.is_empty()).then(|| found[at.index(found.len())].clone())
    }

    fn inode(&mut self, path: &TreePath) -> &mut Entry {
        &mut self.inodes[self.names[path]]
    }

    fn write(&mut self, at: Index, bytes: impl FnOnce(Vec<u8>) -> Vec<u8>, memory: &mut Memory) {
        let Some(path) = self.pick(at, |kind| matches!(kind, Kind::File(_))) else { return };
        let Kind::File(content) = self.inode(&path).kind else { unreachable!() };
        let old = memory.read(&content).unwrap();
        self.inode(&path).kind = memory.file(&bytes(old));
    }

    fn remove(&mut self, at: Index) {
        let Some(path) = self.pick(at, |_| true).filter(|path| !path.is_empty()) else { return };
        let below = join(&path, b"");
        self.names.retain(|name, _| *name != path && !name.starts_with(&below));
    }

    /// Returns a name that nothing has yet, in one of the folders.
    fn free(&self, folder: Index, name: &[u8]) -> Option<TreePath> {
        let path = join(&self.pick(folder, |kind| *kind == Kind::Directory)?, name);
        (!self.names.contains_key(&path)).then_some(path)
    }

    fn rename(&mut self, at: Index, to: &TreePath) {
        let Some(path) = self.pick(at, |_| true).filter(|path| !path.is_empty()) else { return };
        let below = join(&path, b"");
        if to.starts_with(&below) {
            return;
        }
        let moved = |name: TreePath| match name.strip_prefix(below.as_slice()) {
            Some(rest) => join(to, rest),
            None if name == path => to.clone(),
            None => name,
        };
        let names = std::mem::take(&mut self.names);
        self.names = names.into_iter().map(|(name, inode)| (moved(name), inode)).collect();
    }

    fn link(&mut self, at: Index, to: TreePath) {
        if let Some(path) = self.pick(at, |kind| *kind != Kind::Directory) {
            self.names.insert(to, self.names[&path]);
        }
    }

    fn mode(&mut self, at: Index, mode: u16) {
        if let Some(path) = self.pick(at, |kind| !matches!(kind, Kind::Symlink(_))) {
            self.inode(&path).mode = mode;
        }
    }

    fn time(&mut self, at: Index, time: u32) {
        if let Some(path) = self.pick(at, |_| true) {
            self.inode(&path).mtime = time;
        }
    }
}

impl Edit {
    fn apply(&self, tree: &Tree, memory: &mut Memory) -> Tree {
        let mut names = Names::of(tree);
        match self {
            Self::Write(at, seed, size) => names.write(*at, |_| text(*seed, *size), memory),
            Self::Grow(at, size) => {
                names.write(*at, |old| [old, vec![b'+'; *size]].concat(), memory);
            }
            Self::Add(sprout) => return with(sprout, tree, memory),
            Self::Remove(at) => names.remove(*at),
            Self::Rename(at, folder, name) => {
                names.free(*folder, name).into_iter().for_each(|to| names.rename(*at, &to));
            }
            Self::Link(at, folder, name) => {
                names.free(*folder, name).into_iter().for_each(|to| names.link(*at, to));
            }
            Self::Mode(at, mode) => names.mode(*at, *mode),
            Self::Time(at, time) => names.time(*at, *time),
        }
        names.tree()
    }
}

fn with(sprout: &Sprout, tree: &Tree, memory: &mut Memory) -> Tree {
    let mut tree = tree.clone();
    random::add(sprout, &mut tree, memory);
    tree
}

fn codecs() -> impl Strategy<Value = Codec> {
    prop_oneof![
        (1..9_i32).prop_map(|level| Codec::Zstd { level }),
        any::<bool>().prop_map(|x86| Codec::Xz { level: 0, x86 }),
        (1..=9_u32).prop_map(|level| Codec::Gzip { level }),
        Just(Codec::Lz4),
        Just(Codec::None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_edited_a_cached_build_is_a_clean_one(
        (mut tree, mut memory) in random::trees(),
        edits in vec(edits(), 1..10),
        codec in codecs(),
        log in 12..21_u32,
        threads in 1..6_usize,
    ) {
        let options = |threads| Options { codec, block_size: 1 << log, epoch: 7, threads };
        let folder = tempfile::tempdir().unwrap();
        for edit in &edits {
            let cache = DirCache::open(folder.path(), 1 << 30).unwrap();
            cached_image(&tree, &memory, &options(threads), &cache);
            tree = edit.apply(&tree, &mut memory);
            let (cached, _) = cached_image(&tree, &memory, &options(threads), &cache);
            prop_assert!(cached == image(&tree, &memory, &options(1)), "{edit:?}");
        }
        oracles::check_all(&tree, &memory, &options(threads));
    }
}
