//! Options for the packed root filesystem.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format::byte_size;

/// How the root filesystem is packed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Squashfs {
    /// Speed against size; the other options here override its parts.
    pub preset: Preset,
    /// The compression; without one, that of the preset.
    pub compression: Option<Compression>,
    /// The level of the compression; without one, that of the preset.
    #[schemars(range(max = 22))]
    pub level: Option<u32>,
    /// The block size, a power of two from `4KiB` to `1MiB`; without one, that of the preset.
    #[schemars(extend("format" = "block-size"))]
    pub block_size: Option<String>,
    /// Paths of the running system to leave out, with all below them, such as `/usr/share/doc/**`. A
    /// pattern that names nothing is told.
    pub exclude: Vec<String>,
}

impl Squashfs {
    /// Returns the block size in bytes, if one is set.
    #[must_use]
    pub fn block_bytes(&self) -> Option<u64> {
        byte_size(self.block_size.as_deref()?)
    }
}

/// Speed against size.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// For trying things out: quick to pack, a larger image.
    Fast,
    /// Zstandard at level 7 with blocks of 1 MiB.
    #[default]
    Default,
    /// For publishing: slow to pack, a smaller image.
    Small,
}

/// A compression of squashfs.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Zstandard: small, and fast to read.
    #[default]
    Zstd,
    /// XZ: smallest, slow to read.
    Xz,
    /// Gzip: for old kernels.
    Gzip,
    /// LZ4: large, fastest.
    Lz4,
    /// Not compressed.
    None,
}
