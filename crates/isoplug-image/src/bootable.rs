//! What loaders boot: kernel, initrd and root filesystem, which every output has in common.
//!
//! Knows no output and no loader.

use isoplug_engine::{Artifact, Blob, Key};

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
    /// The kernel.
    pub vmlinuz: Artifact<Blob>,
    /// Its initrd.
    pub initrd: Artifact<Blob>,
}

impl OtherKernel {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { version, vmlinuz, initrd } = self;
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
}

impl Offered {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { first, others } = self;
        first.key(key);
        others.iter().for_each(|other| other.key(key));
    }
}

impl From<Bootable> for Offered {
    fn from(first: Bootable) -> Self {
        Self { first, others: Vec::new() }
    }
}
