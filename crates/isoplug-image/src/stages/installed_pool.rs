//! Puts the archive of a target's packages for later into the target, where its apt looks for it without a network.
//!
//! The packages are there as their archives have them, to the byte. Knows no disk and no medium: what a target has, its
//! squashfs brings.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;

use isoplug_engine::{Artifact, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree::Kind;
use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::{Entry, Tree as Files};

use super::pool;
use crate::contribute::overlay::Overlay;
use crate::pool::INSTALLED;
use crate::stored;

/// Inputs.
pub struct InstalledPool {
    /// The archive.
    pub pool: pool::Outputs,
    /// The time of the files, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The archive at its place ([`stored::overlay`]).
    pub overlay: Artifact<Tree>,
}

impl Stage for InstalledPool {
    const NAME: &'static str = "installed-pool";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("overlay") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { pool, epoch } = self;
        pool.key(key);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let mut overlay = Overlay::default();
        let packages = self.packages(&mut overlay.tree, cx)?;
        let dists = stored::tree(self.pool.dists, cx)?.entries.into_iter();
        for (path, entry) in dists.filter(|(_, entry)| matches!(entry.kind, Kind::File(_))) {
            let path = [&place("")[..], &path].concat();
            overlay.tree.entries.insert(path, Entry { mtime: self.epoch, ..entry });
        }
        let mut packs: BTreeSet<Digest> =
            stored::refers(self.pool.dists, cx)?.into_iter().collect();
        packs.insert(packages);
        let packs: Vec<Digest> = packs.into_iter().collect();
        stored::write(out.overlay, &overlay.to_bytes(), &packs, cx)
    }
}

impl InstalledPool {
    /// Adds the packages to a tree; returns the pack that has them all, since a tree of many packs keeps many files open.
    fn packages(&self, tree: &mut Files, cx: &Context) -> Result<Digest, stored::Error> {
        let blob = cx.create()?;
        let file = blob.file().try_clone().map_err(stored::Error::write(blob.path()))?;
        let (mut pack, mut added) = (PackWriter::new(BufWriter::new(file)), Vec::new());
        for (path, digest) in pool::read(self.pool.packages, cx)? {
            let deb = cx.referred(&digest)?;
            let opened = File::open(&deb).and_then(|deb| pack.append(deb));
            added.push((place(&path), opened.map_err(stored::Error::read(&deb))?));
        }
        let (_, id, finished) = pack.finish().map_err(stored::Error::write("the packages"))?;
        for (path, pending) in added {
            let entry = Entry::new(Kind::File(finished.content(pending)), 0o644, self.epoch);
            tree.entries.insert(path, entry);
        }
        Ok(cx.put(blob, Some(Digest::from_bytes(id)))?)
    }
}

/// Returns where a file of the archive lies in the target.
fn place(path: &str) -> Vec<u8> {
    format!("{}/{path}", INSTALLED.trim_start_matches('/')).into_bytes()
}
