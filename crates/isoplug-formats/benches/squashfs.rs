//! The squashfs writer on a small tree in memory: each codec, a warm cache, and the tables alone.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::Mutex;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isoplug_formats::squashfs::{BlockCache, Codec, NoCache, NoWatch, Options, Preset, write};
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Content, Entry, Kind, Tree};

/// Contents by digest.
#[derive(Default)]
struct Memory(BTreeMap<[u8; 32], Vec<u8>>);

impl Contents for Memory {
    fn read_at(&self, content: &Content, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.get(&content.digest).ok_or(io::ErrorKind::NotFound)?;
        let start = offset as usize;
        buffer.copy_from_slice(&bytes[start..start + buffer.len()]);
        Ok(())
    }
}

/// A cache in memory.
#[derive(Default)]
struct Blocks(Mutex<BTreeMap<[u8; 32], Vec<u8>>>);

impl BlockCache for Blocks {
    fn get(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        self.0.lock().ok()?.get(key).cloned()
    }

    fn put(&self, key: &[u8; 32], value: &[u8]) {
        if let Ok(mut blocks) = self.0.lock() {
            blocks.insert(*key, value.to_vec());
        }
    }
}

/// Makes a tree of so many files, each of up to so many bytes of words.
fn tree(files: u64, most: u64) -> (Tree, Memory) {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    for turn in 0..files {
        let length = (turn * 7919 % most) as usize;
        let words = (0_u64..).map(|at| format!("word{} ", (at * at + turn) * 2_654_435_761 % 5000));
        let mut bytes: Vec<u8> = words.flat_map(String::into_bytes).take(length).collect();
        bytes.splice(0..0, turn.to_le_bytes());
        let digest = *blake3::hash(&bytes).as_bytes();
        let content = Content { digest, size: bytes.len() as u64, pack: [0; 32], offset: 0 };
        let path = format!("usr/share/{}/file-{turn}.txt", turn / 50);
        tree.insert(path, Entry::new(Kind::File(content), 0o644, 0));
        memory.0.insert(digest, bytes);
    }
    (tree, memory)
}

fn bytes(tree: &Tree, memory: &Memory, options: &Options, cache: &dyn BlockCache) -> u64 {
    let written = write(Cursor::new(Vec::new()), tree, memory, options, cache, &NoWatch);
    written.map_or(0, |summary| summary.bytes)
}

fn codecs(criterion: &mut Criterion) {
    let (tree, memory) = tree(400, 20_000);
    let total: u64 = tree.contents().map(|content| content.size).sum();
    let mut group = criterion.benchmark_group("squashfs of 4 MB");
    group.throughput(Throughput::Bytes(total)).sample_size(10);
    let preset = |preset| Options::preset(preset, 0, 2);
    let with = |codec| Options { codec, block_size: 1 << 17, epoch: 0, threads: 2 };
    let codecs = [("gzip 9", Codec::Gzip { level: 9 }), ("lz4", Codec::Lz4), ("none", Codec::None)];
    let codecs = codecs.map(|(name, codec)| (name, with(codec)));
    let presets = [("fast", preset(Preset::Fast)), ("balanced", preset(Preset::Balanced))];
    for (name, options) in presets.into_iter().chain(codecs) {
        group
            .bench_function(name, |bench| bench.iter(|| bytes(&tree, &memory, &options, &NoCache)));
    }
    let (options, cache) = (preset(Preset::Balanced), Blocks::default());
    bytes(&tree, &memory, &options, &cache);
    group.bench_function("balanced, cached", |bench| {
        bench.iter(|| bytes(&tree, &memory, &options, &cache));
    });
    group.finish();
}

/// Plans, inodes and listings: the work that no cache spares.
fn tables(criterion: &mut Criterion) {
    let (tree, memory) = tree(25_000, 1);
    let options = Options { codec: Codec::None, block_size: 1 << 20, epoch: 0, threads: 1 };
    let mut group = criterion.benchmark_group("squashfs tables");
    group.sample_size(10);
    group.bench_function("25 000 files", |bench| {
        bench.iter(|| bytes(&tree, &memory, &options, &NoCache));
    });
    group.finish();
}

criterion_group!(benches, codecs, tables);
criterion_main!(benches);
