//! Every reader sees the tree that was written.

use isoplug_formats::squashfs::{Codec, Options};
use proptest::prelude::*;

use crate::{odd, oracles, random};

fn options(codec: Codec, block_size: u32) -> Options {
    Options { codec, block_size, epoch: 1_700_000_000, threads: 3 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_trees_are_read_back((tree, memory) in random::trees(), log in 12..17_u32) {
        oracles::check_all(&tree, &memory, &options(Codec::Zstd { level: 1 }, 1 << log));
    }
}

#[test]
fn the_odd_tree_is_read_back_in_every_codec() {
    let (tree, memory) = odd::tree();
    for codec in [
        Codec::Zstd { level: 15 },
        Codec::Xz { level: 1, x86: false },
        Codec::Xz { level: 1, x86: true },
        Codec::Gzip { level: 9 },
        Codec::Gzip { level: 1 },
        Codec::Lz4,
        Codec::None,
    ] {
        eprintln!("{codec:?}");
        oracles::check_all(&tree, &memory, &options(codec, 1 << 15));
    }
}

#[test]
fn the_odd_tree_is_read_back_in_every_block_size() {
    let (tree, memory) = odd::tree();
    for log in [12, 17, 20] {
        eprintln!("{}", 1 << log);
        oracles::check_all(&tree, &memory, &options(Codec::Zstd { level: 3 }, 1 << log));
    }
}
