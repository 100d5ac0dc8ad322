//! Compares a tree with what the kernel reads of the squashfs that was made of it.

use std::path::Path;
use std::process::Command;

use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::scan::scan;
use isoplug_formats::tree::{Entry, Kind, Tree};

/// Mounts a squashfs and reads everything in it; needs root.
pub fn read_mounted(image: &Path) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    let mount =
        Command::new("mount").args(["-o", "loop,ro"]).arg(image).arg(folder.path()).status();
    assert!(mount.expect("mount starts").success(), "the kernel mounts the squashfs");
    let mut pack = PackWriter::new(std::io::sink());
    let scanned = scan(folder.path(), &mut pack);
    let unmounted = Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.expect("umount starts").success());
    let (_, _, finished) = pack.finish().expect("nothing is written");
    scanned.expect("everything can be read").tree(&finished)
}

/// Compares content, kind, mode, owner, time, links, devices and extended attributes.
pub fn compare(expected: &Tree, found: &Tree) {
    let paths = |tree: &Tree| tree.entries.keys().cloned().collect::<Vec<_>>();
    assert_eq!(expected.entries.len(), found.entries.len());
    assert_eq!(paths(expected), paths(found));
    assert!(expected.entries.len() > 5000, "this is a whole system");
    for (path, entry) in &expected.entries {
        let (want, got) = (plain(entry), plain(&found.entries[path]));
        assert_eq!(want, got, "/{}", String::from_utf8_lossy(path));
    }
}

/// Forgets where the bytes of a file are, and keeps which they are.
fn plain(entry: &Entry) -> Entry {
    let mut plain = entry.clone();
    if let Kind::File(content) = &mut plain.kind {
        (content.pack, content.offset) = ([0; 32], 0);
    }
    plain
}
