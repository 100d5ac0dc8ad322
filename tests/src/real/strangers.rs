//! Reads a squashfs through programs that are not ours and need no root: unsquashfs and backhand.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use backhand::{FilesystemReader, InnerNode, NodeHeader, SquashfsFileReader};
use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::{Entry, Kind, Tree};

/// Reads all but extended attributes: unsquashfs describes the image for mksquashfs, contents
/// included ("Pseudo file definitions" in mksquashfs(1), those with times).
pub fn read_by_unsquashfs(image: &Path) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    let described = folder.path().join("described");
    let unsquashfs = Command::new("unsquashfs")
        .args(["-pf", &described.display().to_string()])
        .arg(image)
        .stdout(Stdio::null())
        .status();
    assert!(unsquashfs.expect("unsquashfs starts").success());
    let contents = File::open(&described).expect("a description");
    let (entries, length) = described_entries(BufReader::new(&contents));
    let mut tree = Tree::default();
    let mut links = Vec::new();
    for words in &entries {
        match described_entry(words, &contents, length) {
            Described::Entry(path, entry) => drop(tree.entries.insert(path, entry)),
            Described::Link(path, target) => links.push((path, target)),
        }
    }
    links.into_iter().for_each(|(path, target)| link(&mut tree, path, &target));
    tree
}

/// Returns the words of each entry, and where the contents begin behind them.
fn described_entries(mut lines: impl BufRead) -> (Vec<Vec<Vec<u8>>>, u64) {
    let (mut entries, mut length) = (Vec::new(), 0);
    loop {
        let mut line = Vec::new();
        length += lines.read_until(b'\n', &mut line).expect("a line") as u64;
        match line.strip_suffix(b"\n").expect("the contents come after the entries") {
            // Behind it is a line with `#` alone.
            b"# START OF DATA - DO NOT MODIFY" => return (entries, length + 2),
            [b'#', ..] | [] => {}
            line => entries.push(words(line)),
        }
    }
}

enum Described {
    Entry(Vec<u8>, Entry),
    Link(Vec<u8>, Vec<u8>),
}

fn described_entry(words: &[Vec<u8>], contents: &File, start: u64) -> Described {
    let [path, kind, rest @ ..] = words else { panic!("{words:?} is no entry") };
    let path = path.strip_prefix(b"/").unwrap_or(path).to_vec();
    if kind == b"L" {
        return Described::Link(path, rest[0].clone());
    }
    let kind = described_kind(kind, rest, contents, start);
    let mode = u16::from_str_radix(&text(&rest[1]), 8).expect("a mode");
    let entry = Entry::new(kind, mode, number(rest, 0) as u32);
    let (uid, gid) = (number(rest, 2) as u32, number(rest, 3) as u32);
    Described::Entry(path, Entry { uid, gid, ..entry })
}

fn number(words: &[Vec<u8>], index: usize) -> u64 {
    text(&words[index]).parse().expect("a number")
}

fn described_kind(kind: &[u8], rest: &[Vec<u8>], contents: &File, start: u64) -> Kind {
    match kind {
        b"D" => Kind::Directory,
        b"S" => Kind::Symlink(rest[4].clone()),
        b"B" => Kind::BlockDevice(number(rest, 4) as u32, number(rest, 5) as u32),
        b"C" => Kind::CharDevice(number(rest, 4) as u32, number(rest, 5) as u32),
        b"I" if rest[4] == b"f" => Kind::Fifo,
        b"I" => Kind::Socket,
        b"R" => {
            let mut bytes = vec![0; number(rest, 4) as usize];
            contents.read_exact_at(&mut bytes, start + number(rest, 5)).expect("the contents");
            file(&bytes)
        }
        other => panic!("unknown kind {}", text(other)),
    }
}

/// Adds a further name of a file. The first name of all is the one that holds it.
fn link(tree: &mut Tree, path: Vec<u8>, target: &[u8]) {
    let entry = tree.entries[target].clone();
    let first = match &entry.kind {
        Kind::HardLink(first) => first.clone(),
        _ => target.to_vec(),
    };
    let names = |(name, other): (&Vec<u8>, &Entry)| {
        (*name == first || other.kind == Kind::HardLink(first.clone())).then(|| name.clone())
    };
    let mut all: Vec<Vec<u8>> = tree.entries.iter().filter_map(names).collect();
    all.push(path);
    all.sort();
    let held = tree.entries[&first].clone();
    for name in &all[1..] {
        let entry = Entry { kind: Kind::HardLink(all[0].clone()), ..held.clone() };
        tree.entries.insert(name.clone(), entry);
    }
    tree.entries.insert(all[0].clone(), held);
}

/// Splits a line at blanks; a backslash takes the meaning from what follows it.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = vec![Vec::new()];
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        let word = words.last_mut().expect("there is always one");
        match byte {
            b'\\' => word.extend(bytes.next()),
            b' ' => words.push(Vec::new()),
            _ => word.push(byte),
        }
    }
    words
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns what a file is that holds these bytes, wherever they lie.
fn file(bytes: &[u8]) -> Kind {
    let mut pack = PackWriter::new(std::io::sink());
    let index = pack.append(bytes).expect("nothing is written");
    let (_, _, finished) = pack.finish().expect("nothing is written");
    Kind::File(finished.content(index))
}

/// Reads all that backhand knows.
pub fn read_by_backhand(image: &Path) -> Tree {
    let image = BufReader::new(File::open(image).expect("the image"));
    let reader = FilesystemReader::from_reader(image).expect("backhand reads the image");
    let mut tree = Tree::default();
    for node in reader.files() {
        let kind = kind(&reader, &node.inner);
        let NodeHeader { permissions, uid, gid, mtime } = node.header;
        let entry = Entry { uid, gid, ..Entry::new(kind, permissions, mtime) };
        let path = node.fullpath.strip_prefix("/").expect("an absolute path");
        tree.entries.insert(path.as_os_str().as_bytes().to_vec(), entry);
    }
    tree
}

/// Returns a tree without what backhand does not show: attributes, and which files are one.
pub fn as_backhand_sees(tree: &Tree) -> Tree {
    let mut seen = tree.clone();
    for entry in seen.entries.values_mut() {
        entry.xattrs.clear();
        if let Kind::HardLink(first) = &entry.kind {
            entry.kind = tree.entries[first].kind.clone();
        }
    }
    seen
}

/// The way back from `new_encode_dev` of linux/kdev_t.h.
fn device_numbers(device: u32) -> (u32, u32) {
    (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00)
}

fn kind(reader: &FilesystemReader<'_>, node: &InnerNode<SquashfsFileReader>) -> Kind {
    match node {
        InnerNode::File(content) => {
            let mut bytes = Vec::new();
            let mut content = reader.file(content).reader();
            std::io::copy(&mut content, &mut bytes).expect("the contents");
            file(&bytes)
        }
        InnerNode::Symlink(link) => Kind::Symlink(link.link.as_os_str().as_bytes().to_vec()),
        InnerNode::Dir(_) => Kind::Directory,
        InnerNode::CharacterDevice(device) => {
            let (major, minor) = device_numbers(device.device_number);
            Kind::CharDevice(major, minor)
        }
        InnerNode::BlockDevice(device) => {
            let (major, minor) = device_numbers(device.device_number);
            Kind::BlockDevice(major, minor)
        }
        InnerNode::NamedPipe => Kind::Fifo,
        InnerNode::Socket => Kind::Socket,
    }
}
