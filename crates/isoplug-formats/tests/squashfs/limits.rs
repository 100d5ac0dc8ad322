//! What squashfs cannot hold is refused by name, and what is large but allowed is written.

use std::io::Cursor;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::atomic::{AtomicU64, Ordering};

use isoplug_formats::squashfs::{
    BlockCache, Codec, Error, NoCache, NoWatch, Options, Preset, Summary, Watch, write,
};
use isoplug_formats::tree::pack::Packs;
use isoplug_formats::tree::{Entry, Kind, Tree};

use crate::bytes::{Memory, cached_image, text};
use crate::oracles::Mounted;

fn options() -> Options {
    Options { codec: Codec::Zstd { level: 1 }, block_size: 1 << 20, epoch: 0, threads: 2 }
}

fn written(tree: &Tree, options: &Options) -> Result<Summary, Error> {
    write(Cursor::new(Vec::new()), tree, &Memory::default(), options, &NoCache, &NoWatch)
}

fn refused(path: &str, entry: Entry) -> String {
    let mut tree = Tree::default();
    tree.insert(path, entry);
    written(&tree, &options()).unwrap_err().to_string()
}

const LINK: &str =
    "squashfs cannot hold l: the target of a symbolic link is empty, too long or no path";
const DEVICE: &str = "squashfs cannot hold dev/x: a device number is beyond what squashfs can say";

const REFUSALS: [&str; 9] = [
    LINK,
    LINK,
    DEVICE,
    DEVICE,
    "nnnnnnnnnnnnnnnnn: its name is longer than 255 bytes",
    "squashfs cannot hold a/h: the target of a hard link is missing",
    "squashfs cannot hold x: an extended attribute is larger than Linux allows",
    "squashfs cannot hold x: its owner or group is not a valid number",
    "squashfs cannot hold : the tree has no root",
];

#[test]
fn entries_that_cannot_be_are_named() {
    let symlink = |target: Vec<u8>| Entry::new(Kind::Symlink(target), 0o777, 0);
    let mut attribute = Entry::new(Kind::Fifo, 0o600, 0);
    attribute.xattrs.insert(b"user.x".to_vec(), vec![0; 65_537]);
    let mut nobody = Entry::new(Kind::Fifo, 0o600, 0);
    nobody.gid = u32::MAX;
    let messages = [
        refused("l", symlink(vec![])),
        refused("l", symlink(vec![b'x'; 4096])),
        refused("dev/x", Entry::new(Kind::CharDevice(4096, 0), 0o600, 0)),
        refused("dev/x", Entry::new(Kind::BlockDevice(0, 1 << 20), 0o600, 0)),
        refused(&"n".repeat(256), Entry::new(Kind::Fifo, 0o600, 0)).split_off(260),
        refused("a/h", Entry::new(Kind::HardLink(b"b".to_vec()), 0o600, 0)),
        refused("x", attribute),
        refused("x", nobody),
        written(&Tree::default(), &options()).unwrap_err().to_string(),
    ];
    assert_eq!(messages, REFUSALS);
}

#[test]
fn options_that_cannot_be_are_named() {
    let mut tree = Tree::default();
    tree.insert(*b"x", Entry::new(Kind::Fifo, 0o600, 0));
    let with = |options: Options| written(&tree, &options).unwrap_err().to_string();
    assert_eq!(
        with(Options { block_size: 3 << 16, ..options() }),
        "unsupported option of squashfs: blocks of 196608 bytes; sizes are powers of two from 4096 to 1048576"
    );
    assert!(with(Options { block_size: 1 << 21, ..options() }).contains("2097152"));
    assert_eq!(
        with(Options { codec: Codec::Gzip { level: 0 }, ..options() }),
        "unsupported option of squashfs: gzip level 0; levels go from 1 to 9"
    );
}

#[test]
fn ids_fill_the_table_and_no_more() {
    let mut tree = Tree::default();
    for id in 0..65_534 / 2 + 1 {
        let mut entry = Entry::new(Kind::Fifo, 0o600, 0);
        (entry.uid, entry.gid) = (id * 2, (id * 2 + 1).min(65_534));
        tree.insert(format!("{id}"), entry);
    }
    assert_eq!(written(&tree, &options()).unwrap().inodes, 32_769);
    tree.insert(*b"more", Entry { uid: 70_000, ..Entry::new(Kind::Fifo, 0o600, 0) });
    let error = written(&tree, &options()).unwrap_err().to_string();
    assert_eq!(error, "squashfs cannot hold more than 65535 owners and groups");
}

#[test]
fn attributes_that_cannot_be_are_reported() {
    let mut tree = Tree::default();
    let mut entry = Entry::new(Kind::Directory, 0o755, 0);
    entry.xattrs.insert(b"system.posix_acl_access".to_vec(), b"acl".to_vec());
    entry.xattrs.insert(b"user.".to_vec(), b"no name".to_vec());
    tree.insert(*b"log", entry);
    let left_out = written(&tree, &options()).unwrap().left_out;
    let path = b"log".to_vec();
    let names = [b"system.posix_acl_access".to_vec(), b"user.".to_vec()];
    assert_eq!(left_out, names.map(|name| (path.clone(), name)));
}

#[test]
fn a_content_that_cannot_be_read_is_named() {
    let mut tree = Tree::default();
    let kind = Memory::default().file(b"in no pack");
    tree.insert(*b"etc/hosts", Entry::new(kind, 0o644, 0));
    let (out, packs) = (Cursor::new(Vec::new()), Packs::default());
    let error = write(out, &tree, &packs, &options(), &NoCache, &NoWatch).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the content of etc/hosts: entity not found");
}

#[test]
fn a_cache_that_lies_is_not_believed() {
    struct Liar;
    impl BlockCache for Liar {
        fn get(&self, _key: &[u8; 32]) -> Option<Vec<u8>> {
            Some([vec![5; 5000], vec![2]].concat())
        }
        fn put(&self, _key: &[u8; 32], _value: &[u8]) {}
    }
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    tree.insert(*b"x", Entry::new(memory.file(&text(1, 3000)), 0o644, 0));
    let lied = cached_image(&tree, &memory, &options(), &Liar);
    assert!(lied == cached_image(&tree, &memory, &options(), &NoCache));
}

#[derive(Default)]
struct Counting {
    last: AtomicU64,
    calls: AtomicU64,
    stop_at: u64,
}

impl Watch for Counting {
    fn progress(&self, done: u64, total: u64) {
        assert!(done <= total && self.last.swap(done, Ordering::Relaxed) <= done);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == self.stop_at
    }
}

#[test]
fn progress_ends_at_the_total_and_a_watch_may_cancel() {
    let (tree, memory) = crate::odd::tree();
    let watched = |watch: &Counting| {
        write(Cursor::new(Vec::new()), &tree, &memory, &options(), &NoCache, watch)
    };
    let watch = Counting { stop_at: u64::MAX, ..Counting::default() };
    let summary = watched(&watch).unwrap();
    assert_eq!(watch.last.into_inner(), summary.contents);
    let watch = Counting { stop_at: 3, ..Counting::default() };
    assert!(matches!(watched(&watch), Err(Error::Cancelled)));
    assert_eq!(watch.calls.into_inner(), 3);
}

#[test]
fn presets_are_written() {
    let (tree, memory) = crate::odd::tree();
    for preset in [Preset::Fast, Preset::Balanced, Preset::Small] {
        let (_, summary) = cached_image(&tree, &memory, &Options::preset(preset, 0, 2), &NoCache);
        assert!(summary.bytes > 1 << 20, "{preset:?}");
    }
}

/// Files beyond 4 GiB, one of them all zeros.
#[test]
fn sizes_beyond_32_bits_are_kept() {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    let size = (5 << 30) + 17;
    tree.insert(*b"zeros", Entry::new(memory.sparse_file(b"", size), 0o644, 0));
    tree.insert(*b"begun", Entry::new(memory.sparse_file(&text(7, 3 << 20), size), 0o644, 0));
    let (image, _) = cached_image(&tree, &memory, &options(), &NoCache);
    assert!(image.len() < 1 << 20, "{}", image.len());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image");
    std::fs::write(&file, image).unwrap();
    let Some(mounted) = Mounted::new(&file) else { return };
    for (name, begins) in [("zeros", vec![0; 100]), ("begun", text(7, 100))] {
        let file = std::fs::File::open(mounted.path().join(name)).unwrap();
        assert_eq!(file.metadata().unwrap().size(), size);
        let (mut start, mut end) = ([1; 100], [1; 100]);
        file.read_exact_at(&mut start, 0).unwrap();
        file.read_exact_at(&mut end, size - 100).unwrap();
        assert_eq!((start.to_vec(), end), (begins, [0; 100]));
    }
}
