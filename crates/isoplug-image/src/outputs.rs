//! What a build makes of a finished system: one file for each kind of product.
//!
//! ```text
//! iso   the medium that boots
//! ```
//!
//! A kind takes a [`Live`] system and adds its own stages; no other part of the pipeline knows it. A new one is
//! a file here and its line in `pipeline.rs`.

pub mod iso;

use isoplug_engine::{Artifact, Blob, Tree};

use crate::bootable::Bootable;

/// A system that boots into memory from what every output has in common.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// The root filesystem.
    pub rootfs: Artifact<Tree>,
    /// What boots it.
    pub bootable: Bootable,
    /// The packages that hold boot loaders ([`crate::stages::fetch::read`]).
    pub boot_debs: Artifact<Blob>,
}
