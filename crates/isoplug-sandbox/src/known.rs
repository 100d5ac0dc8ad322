//! Remembers which files of the work folder are as they were laid down, so that they need not be
//! read again.
//!
//! A file that a program mapped into its memory can be changed there, and in a file system in
//! memory (tmpfs) no time tells of it. But there each reading leaves a time, and mapping counts as
//! reading: what was read is compared by its content. `seccomp.rs` forbids reading without a trace.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use isoplug_formats::tree::{Content, Kind, Tree, TreePath};
use rustix::fs::statfs;

use super::rooted::still::Still;

/// The contents of a parent tree by path, each with what its file looked like when laid down.
#[derive(Default)]
pub(super) struct Known {
    files: BTreeMap<TreePath, (Stamp, Content)>,
    traces: Traces,
}

/// What a change that no change time tells of leaves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Traces {
    /// There is none: every change changes a time.
    #[default]
    Changes,
    /// The time of the last reading.
    Readings,
    /// Nothing.
    Nothing,
}

/// What changes when a file changes. No program can set the change time (`ctime`).
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    read: (i64, i64),
}

/// Whether a file is what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is.
    Same(Content),
    /// It may be: its content tells.
    Unclear(Content),
    /// It is not, or was not there.
    New,
}

/// See statfs(2).
const TMPFS: u64 = 0x0102_1994;

/// Returns what changes leave in a folder of the build machine, or in memory of our own.
pub(super) fn traces(folder: &Path, in_memory: bool) -> io::Result<Traces> {
    let is_tmpfs = statfs(folder)?.f_type as u64 == TMPFS;
    Ok(match (in_memory, is_tmpfs) {
        (true, _) => Traces::Readings,
        (false, true) => Traces::Nothing,
        (false, false) => Traces::Changes,
    })
}

impl Known {
    /// Looks at the files of a tree that was just laid down.
    pub(super) fn new(tree: &Tree, folder: &Path, traces: Traces) -> io::Result<Self> {
        let files = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
            Kind::File(content) => Some((path, *content)),
            _ => None,
        });
        let known = files.map(|(path, content)| {
            let metadata = Still(folder).metadata(path)?;
            Ok((path.clone(), (stamp(&metadata), content)))
        });
        Ok(Self { files: known.collect::<io::Result<_>>()?, traces })
    }

    /// Says whether a file is one that nobody has touched since.
    pub(super) fn state(&self, path: &[u8], metadata: &Metadata) -> State {
        let Some((known, content)) = self.files.get(path) else { return State::New };
        let now = stamp(metadata);
        let is_read = now.read != known.read;
        if (Stamp { read: known.read, ..now }) != *known {
            return State::New;
        }
        match self.traces {
            Traces::Changes => State::Same(*content),
            Traces::Readings if !is_read => State::Same(*content),
            Traces::Readings | Traces::Nothing => State::Unclear(*content),
        }
    }
}

/// Whether a file holds this content.
pub(super) fn holds(file: File, content: &Content) -> io::Result<bool> {
    let mut digest = blake3::Hasher::new();
    digest.update_reader(file)?;
    Ok(*digest.finalize().as_bytes() == content.digest)
}

fn stamp(metadata: &Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        read: (metadata.atime(), metadata.atime_nsec()),
    }
}
