//! Remembers which files of the work folder are as they were laid down, so that they need not be
//! read again.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use isoplug_formats::tree::{Content, Kind, Tree, TreePath};

use super::scan::host_path;

/// The contents of a parent tree by path, each with what its file looked like when laid down.
#[derive(Default)]
pub(super) struct Known(BTreeMap<TreePath, (Stamp, Content)>);

/// What changes when a file changes. No program can set the change time (`ctime`).
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Known {
    /// Looks at the files of a tree that was just laid down.
    pub(super) fn new(tree: &Tree, folder: &Path) -> std::io::Result<Self> {
        let files = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
            Kind::File(content) => Some((path, *content)),
            _ => None,
        });
        let known = files.map(|(path, content)| {
            let metadata = host_path(folder, path).symlink_metadata()?;
            Ok((path.clone(), (stamp(&metadata), content)))
        });
        known.collect::<std::io::Result<_>>().map(Self)
    }

    /// Returns the content of a file that nobody has touched since.
    pub(super) fn content(&self, path: &[u8], metadata: &Metadata) -> Option<Content> {
        let (known, content) = self.0.get(path)?;
        (*known == stamp(metadata)).then_some(*content)
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}
