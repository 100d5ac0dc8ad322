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

impl Bootable {
    /// Shows all of it.
    pub fn key(&self, key: &mut dyn Key) {
        let Self { vmlinuz, initrd, squashfs } = self;
        key.artifact("vmlinuz", *vmlinuz);
        key.artifact("initrd", *initrd);
        key.artifact("squashfs", *squashfs);
    }
}
