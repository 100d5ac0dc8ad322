//! The bytes depend on the tree and the format options alone.

use std::io::Cursor;

use isoplug_formats::squashfs::{Codec, NoCache, NoWatch, Options, write};
use isoplug_formats::tree::{Entry, Kind, Tree};
use proptest::prelude::*;

use crate::bytes::{Memory, cached_image, image};
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
