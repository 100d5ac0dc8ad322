//! A cache of blocks changes how long an image takes and none of its bytes: shared, damaged, full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;

use isoplug_formats::squashfs::{Codec, DirCache, Options};
use isoplug_formats::tree::{Entry, Tree, sorted_names};

use crate::bytes::{Memory, cached_image, image, noise, text};
use crate::odd;

fn options(threads: usize) -> Options {
    Options { codec: Codec::Zstd { level: 3 }, block_size: 1 << 16, epoch: 1, threads }
}

fn open(folder: &Path, limit: u64) -> DirCache {
    DirCache::open(folder, limit).unwrap()
}

#[test]
fn a_warm_cache_gives_every_block() {
    let (tree, memory) = odd::tree();
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 1 << 30);
    let cold = cached_image(&tree, &memory, &options(2), &cache);
    let warm = cached_image(&tree, &memory, &options(3), &cache);
    assert!(cold.0 == image(&tree, &memory, &options(1)) && warm.0 == cold.0);
    assert_eq!((cold.1.cached, warm.1.cached), (0, warm.1.blocks));
}

/// Damages the first of two files of a cache, or both.
type Damage = fn(&Path, &Path);

const DAMAGE: [(&str, Damage); 8] = [
    ("one bit of the magic", |one, _| edit(one, |bytes| bytes[0] ^= 1)),
    ("one bit of the checksum", |one, _| edit(one, |bytes| bytes[20] ^= 0x80)),
    ("one bit of the value", |one, _| edit(one, |bytes| *bytes.last_mut().unwrap() ^= 4)),
    ("cut to nothing", |one, _| edit(one, Vec::clear)),
    ("cut inside the checksum", |one, _| edit(one, |bytes| bytes.truncate(30))),
    ("cut by one byte", |one, _| edit(one, |bytes| bytes.truncate(bytes.len() - 1))),
    ("longer", |one, _| edit(one, |bytes| bytes.push(0))),
    ("two swapped", |one, other| {
        let [a, b] = [one, other].map(|path| fs::read(path).unwrap());
        fs::write(one, b).unwrap();
        fs::write(other, a).unwrap();
    }),
];

fn edit(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_found_and_mended_and_never_in_the_image() {
    let (tree, memory) = odd::tree();
    let plain = image(&tree, &memory, &options(2));
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 1 << 30);
    cached_image(&tree, &memory, &options(2), &cache);
    for (what, damage) in DAMAGE {
        let files = walk(folder.path());
        assert!(files.len() > 50, "{}", files.len());
        files.chunks_exact(2).for_each(|pair| damage(&pair[0], &pair[1]));
        let healed = cached_image(&tree, &memory, &options(2), &cache);
        assert!(healed.0 == plain, "{what}");
        // The last file may have no neighbour.
        let spared = files.len() as u64 / if what == "two swapped" { 1_000_000 } else { 2 };
        assert!(healed.1.cached <= spared + 1, "{what}: {} are believed", healed.1.cached);
        let warm = cached_image(&tree, &memory, &options(2), &cache);
        assert!(warm.0 == plain && warm.1.cached == warm.1.blocks, "{what} is mended");
    }
}

/// Returns the files of a cache in byte order of their paths.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let below = sorted_names(folder).unwrap().into_iter().map(|name| folder.join(name));
    below.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_folder_in_the_way_costs_time_alone() {
    let (tree, memory) = sources(200);
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 1 << 30);
    let cold = cached_image(&tree, &memory, &options(2), &cache);
    for path in walk(folder.path()) {
        fs::remove_file(&path).unwrap();
        fs::create_dir_all(path.join("in the way")).unwrap();
    }
    for _ in 0..2 {
        let again = cached_image(&tree, &memory, &options(2), &cache);
        assert!(again.0 == cold.0 && again.1.cached == 0);
    }
}

#[test]
fn a_warm_cache_spares_reading_and_a_change_costs_few_blocks() {
    let (mut tree, mut memory) = sources(3000);
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 1 << 30);
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
    let cache = open(folder.path(), 1 << 30);
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
fn what_does_not_shrink_is_kept_as_a_note_and_read_again() {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    tree.insert(*b"noise", Entry::new(memory.file(&noise(1, 300_000)), 0o644, 0));
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), 1 << 30);
    let cold = cached_image(&tree, &memory, &options(2), &cache);
    let kept: u64 = walk(folder.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(kept < 1000, "{kept} bytes for what the packs hold anyway");
    let warm = cached_image(&tree, &memory, &options(2), &cache);
    assert!(warm.0 == cold.0 && warm.1.cached == warm.1.blocks);
}

/// How many bytes the cache of the tests below may have: less than half of what they make, and so
/// much that a quarter and the largest value, of 31 kB, are less than half of it.
const LIMIT: u64 = 200_000;

#[test]
fn threads_share_a_small_cache_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| build_often(folder.path()));
        }
    });
    assert_small(folder.path());
}

#[test]
fn processes_share_a_small_cache_at_the_same_time() {
    const FOLDER: &str = "ISOPLUG_FORMATS_TEST_CACHE";
    #[expect(clippy::disallowed_methods, reason = "this is how a child knows what it is")]
    if let Some(folder) = std::env::var_os(FOLDER) {
        return build_often(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "cache::processes_share_a_small_cache_at_the_same_time";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test]).env(FOLDER, folder.path());
    let children: Vec<_> = (0..3).map(|_| child.spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_small(folder.path());
}

/// Builds several trees that have much in common, more than the cache can hold.
fn build_often(folder: &Path) {
    for round in 0..5 {
        let (tree, memory) = sources(600 + round * 100);
        let (bytes, _) = cached_image(&tree, &memory, &options(2), &open(folder, LIMIT));
        assert!(bytes == image(&tree, &memory, &options(1)));
    }
}

/// What is there at last is no more than allowed, and nothing is left half-written.
fn assert_small(folder: &Path) {
    drop(open(folder, LIMIT));
    let files = walk(folder);
    let size: u64 = files.iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!((LIMIT / 2..=LIMIT).contains(&size), "{size}");
    let unfinished =
        |path: &&PathBuf| path.file_name().unwrap().as_encoded_bytes().starts_with(b"new-");
    assert_eq!(files.iter().find(unfinished), None);
}
