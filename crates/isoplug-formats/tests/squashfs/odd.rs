//! One tree with everything that is rare: what images are damaged by.

use isoplug_formats::tree::{Entry, Kind, Tree};

use crate::bytes::{Memory, noise, text};

/// Returns the odd tree and its contents.
pub(crate) fn tree() -> (Tree, Memory) {
    let (mut tree, mut memory) = (Tree::default(), Memory::default());
    tree.insert(*b"", Entry::new(Kind::Directory, 0o1751, 77));
    sizes(&mut tree, &mut memory);
    links(&mut tree, &mut memory);
    nodes(&mut tree);
    names(&mut tree, &mut memory);
    attributes(&mut tree, &mut memory);
    many(&mut tree, &mut memory);
    owners(&mut tree);
    (tree, memory)
}

/// Files around the block sizes, with holes at either end, and equal ones.
fn sizes(tree: &mut Tree, memory: &mut Memory) {
    for log in [12, 17, 20] {
        let block = 1_usize << log;
        for size in [block - 1, block, block + 1, 2 * block, 3 * block - 1] {
            for (name, bytes) in [("n", noise(9, size)), ("t", text(9, size)), ("z", vec![0; size])]
            {
                let path = format!("sizes/{name}{size}");
                tree.insert(path.clone(), Entry::new(memory.file(&bytes), 0o644, 5));
                tree.insert(path + ".equal", Entry::new(memory.file(&bytes), 0o600, 6));
            }
        }
        let hole = || vec![0; block * 2];
        let holes = [("end", [noise(1, block), hole()]), ("start", [hole(), noise(1, 99)])];
        for (name, parts) in holes {
            let entry = Entry::new(memory.file(&parts.concat()), 0o644, 5);
            tree.insert(format!("holes/{log}.{name}"), entry);
        }
    }
    tree.insert(*b"empty", Entry::new(memory.file(b""), 0o644, 5));
}

fn links(tree: &mut Tree, memory: &mut Memory) {
    let mut first = Entry::new(memory.file(b"many names"), 0o4755, 8);
    first.xattrs.insert(b"user.of-all-names".to_vec(), b"1".to_vec());
    let symlink = Entry::new(Kind::Symlink(vec![b'x'; 501]), 0o777, 8);
    let empty = Entry::new(memory.file(b""), 0o640, 8);
    let fifo = Entry::new(Kind::Fifo, 0o600, 8);
    // The first name sorts into the folder that is written last, and once the other way round.
    for (name, entry) in [("file", first), ("symlink", symlink), ("empty", empty), ("fifo", fifo)] {
        let path = format!("a-links/{name}");
        tree.insert(path.clone(), entry.clone());
        for again in [format!("a-links/{name}2"), format!("z/links/{name}"), format!("zz.{name}")] {
            let kind = Kind::HardLink(path.clone().into_bytes());
            tree.insert(again, Entry { kind, ..entry.clone() });
        }
    }
    tree.insert(*b"longest", Entry::new(Kind::Symlink(vec![b'y'; 4095]), 0o777, 8));
    tree.insert(*b"nowhere", Entry::new(Kind::Symlink(b"/a//b/../\xff".to_vec()), 0o777, 8));
}

/// Names that are one to who makes no difference of case, or composes letters.
fn names(tree: &mut Tree, memory: &mut Memory) {
    for name in ["Read", "READ", "read", "caf\u{e9}", "cafe\u{301}"] {
        let file = memory.file(name.as_bytes());
        tree.insert(format!("names/{name}"), Entry::new(file, 0o644, 5));
    }
}

fn nodes(tree: &mut Tree) {
    let kinds = [
        ("console", Kind::CharDevice(5, 1)),
        ("high", Kind::CharDevice(4095, (1 << 20) - 1)),
        ("disk", Kind::BlockDevice(259, 300_000)),
        ("fifo", Kind::Fifo),
        ("socket", Kind::Socket),
    ];
    for (name, kind) in kinds {
        tree.insert(format!("dev/{name}"), Entry::new(kind.clone(), 0o6620, 9));
        let mut labelled = Entry::new(kind, 0o1777, 9);
        labelled.xattrs.insert(b"security.isoplug".to_vec(), b"node".to_vec());
        tree.insert(format!("dev/{name}-labelled"), labelled);
    }
}

/// Every kind of entry with attributes: small, shared, large, empty, and many sets.
fn attributes(tree: &mut Tree, memory: &mut Memory) {
    let capability = [&[1, 0, 0, 2, 0, 32, 0, 0][..], &[0; 12]].concat();
    let file = memory.file(b"ping");
    let kinds = [("d", Kind::Directory), ("f", file), ("l", Kind::Symlink(b"t".to_vec()))];
    for (name, kind) in kinds {
        let mut entry = Entry::new(kind.clone(), 0o777, 3);
        entry.xattrs.insert(b"trusted.t".to_vec(), b"".to_vec());
        entry.xattrs.insert(b"security.isoplug".to_vec(), b"label\0".to_vec());
        if name == "f" {
            entry.xattrs.insert(b"security.capability".to_vec(), capability.clone());
        }
        if name != "l" {
            entry.xattrs.insert(b"user.large".to_vec(), noise(3, 1000));
        }
        tree.insert(format!("attributes/{name}"), entry.clone());
        tree.insert(format!("attributes/{name}.equal"), entry);
    }
    many_sets(tree);
}

fn many_sets(tree: &mut Tree) {
    for turn in 0..700_u32 {
        let mut entry = Entry::new(Kind::Fifo, 0o600, turn);
        entry.xattrs.insert(b"trusted.turn".to_vec(), turn.to_le_bytes().to_vec());
        tree.insert(format!("attributes/many/{turn}"), entry);
    }
}

/// Long listings, long names, deep folders and many tiny files.
fn many(tree: &mut Tree, memory: &mut Memory) {
    for turn in 0..1000 {
        let path = format!("many/tiny/{turn}.{}", ["txt", "py", "so.1", ""][turn % 4]);
        let bytes = text(turn as u64, turn % 300);
        tree.insert(path, Entry::new(memory.file(&bytes), 0o644, turn as u32));
    }
    for turn in 0..1000 {
        let entry = Entry::new(memory.file(&text(0, turn % 3)), 0o644, 4);
        tree.insert(format!("many/names/{turn:0125}"), entry);
    }
    for turn in 0..300 {
        let path = [b"many/longest/".to_vec(), format!("{turn:0254}").into_bytes(), vec![0xfe]];
        tree.insert(path.concat(), Entry::new(Kind::Directory, 0o700, 4));
    }
    tree.insert("deep/".repeat(300) + "end", Entry::new(Kind::Directory, 0o755, 4));
}

/// Owners and groups far beyond 16 bits, and times at both ends.
fn owners(tree: &mut Tree) {
    for turn in 0..300 {
        let mut entry = Entry::new(Kind::Directory, 0o2770, u32::MAX - turn);
        (entry.uid, entry.gid) = (65_500 + turn, u32::MAX - 1 - turn);
        tree.insert(format!("owners/{turn}"), entry);
    }
    tree.insert(*b"owners/none", Entry::new(Kind::Directory, 0, 0));
}
