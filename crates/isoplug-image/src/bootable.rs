//! What loaders boot: kernel, initrd and root filesystem, which every output has in common.
//!
//! Knows no output and no loader.

use isoplug_engine::{Artifact, Blob, Context, Key, Tree};

use crate::share::Members;
use crate::stages::{pool, share, verity};
use crate::stored;

/// What loaders boot.
#[derive(Debug, Clone, Copy)]
pub struct Bootable {
    /// The kernel.
    pub vmlinuz: Artifact<Blob>,
    /// The initrd.
    pub initrd: Artifact<Blob>,
    /// The root filesystem as squashfs.
    pub squashfs: Artifact<Blob>,
}

/// A further kernel with its initrd, which boots the same root filesystem.
#[derive(Debug, Clone)]
pub struct OtherKernel {
    /// Its version, as `uname -r` tells it.
    pub version: String,
    /// The same as text.
    pub text: Artifact<Blob>,
    /// The kernel.
    pub vmlinuz: Artifact<Blob>,
    /// Its initrd.
    pub initrd: Artifact<Blob>,
}

impl Verified {
    /// Returns the files that lie beside it, each with its place.
    #[must_use]
    pub fn files(&self) -> [(String, Artifact<Blob>); 2] {
        let Self { path, members: _, made } = self;
        [(format!("{path}.verity"), made.tree), (format!("{path}.roothash"), made.root)]
    }
}

impl OtherKernel {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { version, text: _, vmlinuz, initrd } = self;
        key.value("kernel", version);
        key.artifact("vmlinuz", *vmlinuz);
        key.artifact("initrd", *initrd);
    }
}

impl Bootable {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { vmlinuz, initrd, squashfs } = self;
        key.artifact("vmlinuz", *vmlinuz);
        key.artifact("initrd", *initrd);
        key.artifact("squashfs", *squashfs);
    }
}

/// What a medium offers: the first, and the same with other kernels.
#[derive(Debug, Clone)]
pub struct Offered {
    /// What boots by itself.
    pub first: Bootable,
    /// The others.
    pub others: Vec<OtherKernel>,
    /// What the root filesystem is made of beside that of the first, and what it installs.
    pub parts: Option<Parts>,
    /// The archive of packages that lies on it.
    pub pool: Option<pool::Outputs>,
    /// What the live system's parts are checked with as they are read; none, and they are not.
    pub verified: Vec<Verified>,
}

/// A squashfs on the medium that the kernel checks as it reads it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Where the squashfs lies.
    pub path: String,
    /// The systems that it is of, if it is a part.
    pub members: Option<Members>,
    /// The hash tree and its root hash.
    pub made: verity::Outputs,
}

/// The parts that the systems of a medium are made of, but for the live system's own.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Which sets of systems have something alike ([`crate::stages::share::read`]); those of no other are no part.
    pub sets: Artifact<Blob>,
    /// Every part that there may be.
    pub parts: Vec<Part>,
}

/// A part of systems.
#[derive(Debug, Clone)]
pub struct Part {
    /// Where it lies on the medium.
    pub path: String,
    /// The systems that it is of; 0 is the live one.
    pub members: Members,
    /// Its tree.
    pub tree: Artifact<Tree>,
    /// It.
    pub squashfs: Artifact<Blob>,
}

impl Parts {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { sets, parts } = self;
        key.artifact("sets", *sets);
        for Part { path, members, tree: _, squashfs } in parts {
            key.value("members", members);
            key.artifact(path, *squashfs);
        }
    }

    /// Returns those that there are.
    ///
    /// # Errors
    ///
    /// When the list of them cannot be read.
    pub fn there(&self, cx: &Context) -> Result<Vec<&Part>, stored::Error> {
        let sets = share::read(self.sets, cx)?;
        let is_there = |part: &&Part| part.members.len() == 1 || sets.contains(&part.members);
        Ok(self.parts.iter().filter(is_there).collect())
    }
}

impl Offered {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { first, others, parts, pool, verified } = self;
        first.key(key);
        others.iter().for_each(|other| other.key(key));
        if let Some(parts) = parts {
            parts.key(key);
        }
        if let Some(pool) = pool {
            pool.key(key);
        }
        for (path, file) in verified.iter().flat_map(Verified::files) {
            key.artifact(&path, file);
        }
    }

    /// Returns what those squashfs are checked with that there are.
    ///
    /// # Errors
    ///
    /// When the list of parts cannot be read.
    pub fn verified(&self, cx: &Context) -> Result<Vec<&Verified>, stored::Error> {
        let parts = self.parts.as_ref().map_or(Ok(Vec::new()), |parts| parts.there(cx))?;
        let is_there = |verified: &&Verified| {
            verified.members.is_none() || parts.iter().any(|part| part.path == verified.path)
        };
        Ok(self.verified.iter().filter(is_there).collect())
    }
}

impl From<Bootable> for Offered {
    fn from(first: Bootable) -> Self {
        Self { first, others: Vec::new(), parts: None, pool: None, verified: Vec::new() }
    }
}
