//! Reads images back with programs that are not ours, and compares with the tree that was written.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use backhand::{FilesystemReader, InnerNode, Node, SquashfsFileReader};
use isoplug_formats::squashfs::Options;
use isoplug_formats::tree::pack::{Contents, PackWriter};
use isoplug_formats::tree::scan::scan;
use isoplug_formats::tree::{Entry, Kind, Tree};
use tempfile::TempDir;

use crate::bytes::image;

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--help").output().is_ok()
}

/// Returns a tree in which only what files hold counts, not where it is kept.
pub(crate) fn placeless(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for entry in tree.entries.values_mut() {
        if let Kind::File(content) = &mut entry.kind {
            (content.pack, content.offset) = ([0; 32], 0);
        }
    }
    tree
}

/// Scans a folder, without keeping the contents.
pub(crate) fn scanned(folder: &Path) -> Tree {
    let mut pack = PackWriter::new(std::io::sink());
    let scanned = scan(folder, &mut pack).unwrap();
    let (_, _, finished) = pack.finish().unwrap();
    placeless(&scanned.tree(&finished))
}

/// Asserts that two trees are equal, and shows the first entries that are not.
pub(crate) fn assert_same(seen: &Tree, wanted: &Tree, by: &str) {
    let paths = seen.entries.keys().chain(wanted.entries.keys());
    let differ = |path: &&Vec<u8>| seen.entries.get(*path) != wanted.entries.get(*path);
    let different: Vec<_> = paths.filter(differ).take(6).collect();
    for path in &different {
        let (seen, wanted) = (seen.entries.get(*path), wanted.entries.get(*path));
        eprintln!("{by}: {}:\n  {seen:?}\n  {wanted:?}", String::from_utf8_lossy(path));
    }
    assert!(different.is_empty(), "{by} sees another tree");
}

/// Writes a tree and lets every stranger that is here read the image.
pub(crate) fn check_all(tree: &Tree, contents: &dyn Contents, options: &Options) {
    let (wanted, image) = (placeless(tree), image(tree, contents, options));
    let short = short_links(&wanted);
    if short == wanted {
        check_backhand(&image, &wanted);
    } else {
        check_backhand(&crate::bytes::image(&short, contents, options), &short);
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("image");
    std::fs::write(&file, image).unwrap();
    check_unsquashfs(&file, &wanted);
    check_kernel(&file, &wanted);
}

/// A mounted image.
pub(crate) struct Mounted(TempDir);

impl Mounted {
    /// Mounts an image, if this process may.
    pub(crate) fn new(image: &Path) -> Option<Self> {
        if !is_root() {
            isoplug_skip::skipped("not root: Linux cannot be asked to mount an image");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "squashfs", "-o", "loop,ro"]).arg(image).arg(folder.path());
        let output = mount.output().unwrap();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            assert!(!Path::new("/dev/loop0").exists(), "Linux refuses the image: {why}");
            isoplug_skip::skipped(&format!("no loop devices: {why}"));
            return None;
        }
        Some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.unwrap().success(), "cannot unmount {}", self.0.path().display());
    }
}

/// Mounts the image and compares everything, also link counts and sizes in blocks.
fn check_kernel(image: &Path, wanted: &Tree) {
    let Some(mounted) = Mounted::new(image) else { return };
    assert_same(&scanned(mounted.path()), wanted, "Linux");
    let links = links(wanted);
    for (path, entry) in &wanted.entries {
        let host = mounted.path().join(std::ffi::OsStr::from_bytes(path));
        let metadata = host.symlink_metadata().unwrap();
        let first = if let Kind::HardLink(first) = &entry.kind { first } else { path };
        assert_eq!(metadata.nlink(), links[first], "links of {}", host.display());
        if let Kind::File(content) = &entry.kind {
            assert_eq!(metadata.size(), content.size);
            // Linux counts the attributes too.
            assert!(!entry.xattrs.is_empty() || metadata.blocks() <= content.size.div_ceil(512));
        }
    }
}

fn links(tree: &Tree) -> BTreeMap<&Vec<u8>, u64> {
    let mut links = BTreeMap::new();
    for (path, entry) in &tree.entries {
        match &entry.kind {
            Kind::Directory => *links.entry(path).or_insert(0) += 2,
            Kind::HardLink(first) => *links.entry(first).or_insert(0) += 1,
            _ => *links.entry(path).or_insert(0) += 1,
        }
        if entry.kind == Kind::Directory
            && let Some(parent) = isoplug_formats::tree::parent(path)
        {
            let parent = tree.entries.get_key_value(parent).unwrap().0;
            *links.entry(parent).or_insert(0) += 1;
        }
    }
    links
}

/// Returns the tree without what backhand cannot read: long targets of symbolic links.
fn short_links(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for entry in tree.entries.values_mut() {
        if let Kind::Symlink(target) = &mut entry.kind {
            target.truncate(255);
        }
    }
    tree
}

fn unsquashfs(image: &Path, arguments: &[&str]) -> String {
    let output = Command::new("unsquashfs").args(arguments).arg(image).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "unsquashfs {arguments:?}: {said}");
    said
}

/// Lets unsquashfs judge the image and lay it down, as root with everything.
fn check_unsquashfs(image: &Path, wanted: &Tree) {
    if !has("unsquashfs") {
        return isoplug_skip::skipped("unsquashfs is missing");
    }
    let run = |arguments: &[&str]| unsquashfs(image, arguments);
    assert!(run(&["-s"]).contains("Found a valid SQUASHFS 4:0 superblock"));
    let listed = run(&["-ll"]).lines().filter(|line| line.contains("squashfs-root")).count();
    let newlines = |entry: (&Vec<u8>, &Entry)| match &entry.1.kind {
        Kind::Symlink(target) => target.contains(&b'\n'),
        _ => entry.0.contains(&b'\n'),
    };
    if !wanted.entries.iter().any(newlines) {
        assert_eq!(listed, wanted.entries.len(), "entries that unsquashfs lists");
    }
    lay_with_unsquashfs(image, wanted);
}

fn lay_with_unsquashfs(image: &Path, wanted: &Tree) {
    if !is_root() {
        return isoplug_skip::skipped("not root: unsquashfs cannot set owners");
    }
    let folder = TempDir::new().unwrap();
    let laid = folder.path().join("laid");
    unsquashfs(image, &["-n", "-q", "-d", laid.to_str().unwrap()]);
    assert_same(&scanned(&laid), wanted, "unsquashfs");
}

fn kind(reader: &FilesystemReader<'_>, node: &Node<SquashfsFileReader>) -> Kind {
    match &node.inner {
        InnerNode::File(file) => {
            let mut bytes = Vec::new();
            reader.file(file).reader().read_to_end(&mut bytes).unwrap();
            crate::bytes::Memory::default().file(&bytes)
        }
        InnerNode::Symlink(link) => Kind::Symlink(link.link.as_os_str().as_bytes().to_vec()),
        InnerNode::Dir(_) => Kind::Directory,
        InnerNode::CharacterDevice(device) => {
            let (major, minor) = split(device.device_number);
            Kind::CharDevice(major, minor)
        }
        InnerNode::BlockDevice(device) => {
            let (major, minor) = split(device.device_number);
            Kind::BlockDevice(major, minor)
        }
        InnerNode::NamedPipe => Kind::Fifo,
        InnerNode::Socket => Kind::Socket,
    }
}

/// Lets backhand read all but what it does not know: extended attributes and hard links.
fn check_backhand(image: &[u8], wanted: &Tree) {
    let reader = FilesystemReader::from_reader(Cursor::new(image)).unwrap();
    let mut seen = Tree::default();
    for node in reader.files() {
        let kind = kind(&reader, node);
        let header = node.header;
        let mut entry = Entry::new(kind, header.permissions, header.mtime);
        (entry.uid, entry.gid) = (header.uid, header.gid);
        let path: PathBuf = node.fullpath.strip_prefix("/").unwrap().into();
        seen.entries.insert(path.as_os_str().as_bytes().to_vec(), entry);
    }
    assert_same(&seen, &as_backhand_sees(wanted), "backhand");
}

fn as_backhand_sees(tree: &Tree) -> Tree {
    let mut plain = tree.clone();
    for entry in plain.entries.values_mut() {
        entry.xattrs.clear();
        if let Kind::HardLink(first) = &entry.kind {
            entry.kind = tree.entries[first].kind.clone();
        }
    }
    plain
}

/// The way back from `new_encode_dev` of linux/kdev_t.h.
fn split(device: u32) -> (u32, u32) {
    (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00)
}
