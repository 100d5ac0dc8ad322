//! The bytes depend on the tree and the format options alone.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::Ordering;

use isoplug_formats::squashfs::{Codec, DirCache, NoCache, NoWatch, Options, write};
use isoplug_formats::tree::{Entry, Kind, Tree};
use proptest::prelude::*;

use crate::bytes::{Memory, cached_image, image, text};
use crate::{odd, random};

fn options(threads: usize) -> Options {
    Options { codec: Codec::Zstd { level: 3 }, block_size: 1 << 16, epoch: 1, threads }
}

#[test]
fn neither_threads_nor_the_place_of_the_image_change_its_bytes() {
    let (tree, memory) = odd::tree();
    let one = image(&tree, &memory, &options(1));
    for threads in [2, 5, 0] {
        assert!(image(&tree, &memory, &options(threads)) == one, "{threads} threads");
    }
    let mut out = Cursor::new(vec![7; 3000]);
    out.set_position(1000);
    write(&mut out, &tree, &memory, &options(2), &NoCache, &NoWatch).unwrap();
    assert_eq!(out.position(), 1000 + one.len() as u64);
    assert!(out.get_ref()[..1000] == [7; 1000] && out.get_ref()[1000..] == one);
}

#[test]
fn a_cache_changes_time_alone_even_if_it_is_damaged() {
    let (tree, memory) = odd::tree();
    let folder = tempfile::tempdir().unwrap();
    let cache = DirCache::open(folder.path(), 1 << 30).unwrap();
    let plain = image(&tree, &memory, &options(2));
    let cold = cached_image(&tree, &memory, &options(2), &cache);
    let warm = cached_image(&tree, &memory, &options(2), &cache);
    assert!(cold.0 == plain && warm.0 == plain);
    assert_eq!(warm.1.cached, warm.1.blocks);

    let damaged = damage(folder.path());
    assert!(damaged > 50, "{damaged}");
    let healed = cached_image(&tree, &memory, &options(2), &cache);
    assert!(healed.0 == plain);
    assert_eq!(healed.1.cached, 0, "every damaged block is noticed");
    let warm = cached_image(&tree, &memory, &options(2), &cache);
    assert!(warm.0 == plain && warm.1.cached == warm.1.blocks);
}

/// Changes one bit in every file of a cache.
fn damage(folder: &Path) -> usize {
    let mut files = 0;
    for entry in walk(folder) {
        let mut bytes = std::fs::read(&entry).unwrap();
        let place = bytes.len() * 3 / 4;
        bytes[place] ^= 0x10;
        std::fs::write(&entry, bytes).unwrap();
        files += 1;
    }
    files
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let names = isoplug_formats::tree::sorted_names(folder).unwrap();
    let below = names.into_iter().map(|name| folder.join(name));
    below.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_warm_cache_spares_reading_and_a_change_costs_few_blocks() {
    let (mut tree, mut memory) = sources(3000);
    let folder = tempfile::tempdir().unwrap();
    let cache = DirCache::open(folder.path(), 1 << 30).unwrap();
    let cold = cached_image(&tree, &memory, &options(2), &cache).1;
    assert_eq!(memory.read.load(Ordering::Relaxed), cold.contents, "each byte is read once");
    let warm = cached_image(&tree, &memory, &options(2), &cache).1;
    assert_eq!((warm.cached, memory.read.load(Ordering::Relaxed)), (warm.blocks, cold.contents));

    // Grown, removed and added: the fragments after it stay as they are.
    for (turn, path) in ["src/700.rs", "src/1500.rs", "src/1500b.rs"].into_iter().enumerate() {
        tree.entries.remove(path.as_bytes());
        if turn != 1 {
            tree.insert(path, Entry::new(memory.file(&text(200 + turn as u64, 9000)), 0o644, 0));
        }
        let changed = cached_image(&tree, &memory, &options(2), &cache);
        let missed = changed.1.blocks - changed.1.cached;
        assert!((1..=16).contains(&missed), "{missed} of {} for {path}", changed.1.blocks);
        assert!(changed.0 == image(&tree, &memory, &options(1)));
    }
}

fn sources(count: usize) -> (Tree, Memory) {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    for turn in 0..count {
        let bytes =
            format!("{turn} {}", String::from_utf8_lossy(&text(turn as u64, turn * 7 % 5000)));
        let entry = Entry::new(memory.file(bytes.as_bytes()), 0o644, 0);
        tree.insert(format!("src/{turn}.rs"), entry);
    }
    (tree, memory)
}

#[test]
fn other_options_never_hit() {
    let (tree, memory) = sources(50);
    let folder = tempfile::tempdir().unwrap();
    let cache = DirCache::open(folder.path(), 1 << 30).unwrap();
    let codecs = [
        Codec::Zstd { level: 3 },
        Codec::Zstd { level: 4 },
        Codec::Gzip { level: 3 },
        Codec::Xz { level: 3, x86: false },
        Codec::Xz { level: 3, x86: true },
        Codec::Lz4,
        Codec::None,
    ];
    for codec in codecs {
        for block_size in [1 << 16, 1 << 20] {
            let options = Options { codec, block_size, epoch: 1, threads: 2 };
            let (bytes, summary) = cached_image(&tree, &memory, &options, &cache);
            assert_eq!(summary.cached, 0, "{options:?}");
            assert!(bytes == image(&tree, &memory, &options));
        }
    }
}

#[test]
fn builds_share_a_small_cache_at_the_same_time() {
    let (tree, memory) = sources(1000);
    let folder = tempfile::tempdir().unwrap();
    let plain = image(&tree, &memory, &options(1));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let cache = DirCache::open(folder.path(), 100_000).unwrap();
                    assert!(cached_image(&tree, &memory, &options(2), &cache).0 == plain);
                }
            });
        }
    });
}

#[test]
fn equal_files_are_stored_once() {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    tree.insert(*b"", Entry::new(Kind::Directory, 0o755, 0));
    let bytes = crate::bytes::noise(4, 300_000);
    tree.insert(*b"a", Entry::new(memory.file(&bytes), 0o644, 0));
    let once = cached_image(&tree, &memory, &options(1), &NoCache).1;
    tree.insert(*b"b", Entry::new(memory.file(&bytes), 0o600, 1));
    let twice = cached_image(&tree, &memory, &options(1), &NoCache).1;
    assert_eq!((once.contents, once.blocks, once.bytes), (300_000, 5, 303_104));
    assert_eq!((twice.contents, twice.blocks, twice.bytes), (300_000, 5, 303_104));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_trees_are_written_the_same((tree, memory) in random::trees(), log in 12..21_u32) {
        let options = |threads| Options { block_size: 1 << log, ..options(threads) };
        prop_assert!(image(&tree, &memory, &options(1)) == image(&tree, &memory, &options(4)));
    }
}
