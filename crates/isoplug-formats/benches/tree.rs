//! A tree of the size of a live system: to its stored form and back, looked up and changed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isoplug_formats::tree::{Content, Entry, Kind, Tree};

const FILES: u64 = 25_000;

fn tree() -> Tree {
    let mut tree = Tree::default();
    for turn in 0..FILES {
        let digest = *blake3::hash(&turn.to_le_bytes()).as_bytes();
        let content = Content { digest, size: turn, pack: [7; 32], offset: turn * 1000 };
        let path = format!("usr/share/package-{}/some/folder/file-{turn}", turn / 20);
        tree.insert(path, Entry::new(Kind::File(content), 0o644, 1_700_000_000));
    }
    tree.insert("lib", Entry::new(Kind::Symlink(b"usr/lib".to_vec()), 0o777, 0));
    tree
}

fn stored(criterion: &mut Criterion) {
    let tree = tree();
    let bytes = tree.to_bytes();
    let mut group = criterion.benchmark_group("tree of 25 000 files");
    group.throughput(Throughput::Elements(FILES)).sample_size(30);
    group.bench_function("to bytes", |bench| bench.iter(|| tree.to_bytes().len()));
    group.bench_function("from bytes", |bench| {
        bench.iter(|| Tree::from_bytes(&bytes).map(|tree| tree.entries.len()));
    });
    group.bench_function("copy", |bench| bench.iter(|| tree.clone().entries.len()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("resolve a path", |bench| {
        bench.iter(|| tree.resolve("/lib/../share/package-7/some/folder/file-149"));
    });
    group.finish();
}

criterion_group!(benches, stored);
criterion_main!(benches);
