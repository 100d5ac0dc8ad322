//! How the root filesystem is packed, and levels that a compression does not have.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::format::byte_size;
use crate::option::option;
use crate::part::{self, Lint};

/// How the root filesystem is packed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Squashfs {
    /// Speed against size; the other options here override its parts.
    pub preset: Preset,
    /// The compression; without one, that of the preset.
    pub compression: Option<Compression>,
    /// The level of the compression: 1 to 22 of zstd, 0 to 9 of xz, 1 to 9 of gzip; the others have
    /// none. Without one, that of the preset, or of another compression 7, 6 and 9.
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
    /// Returns what compresses: what is set, or what the preset says.
    #[must_use]
    pub fn compresses(&self) -> Compression {
        let of_preset = match self.preset {
            Preset::Fast | Preset::Default => Compression::Zstd,
            Preset::Small => Compression::Xz,
        };
        self.compression.unwrap_or(of_preset)
    }

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

impl Compression {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::None => "none",
        }
    }

    /// Returns its levels, if it has any.
    #[must_use]
    pub fn levels(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::Zstd => Some(1..=22),
            Self::Xz => Some(0..=9),
            Self::Gzip => Some(1..=9),
            Self::Lz4 | Self::None => None,
        }
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) squashfs: &'a Squashfs,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("squashfs")
    }

    fn owns(&self) -> &[&str] {
        &["squashfs"]
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Some(level) = self.squashfs.level else { return };
        let compression = self.squashfs.compresses();
        let word = compression.word();
        let diagnostic = match compression.levels() {
            None => {
                let message = format!("the level does nothing: the compression `{word}` has none");
                Diagnostic::warning("no-level", message)
            }
            Some(levels) if levels.contains(&level) => return,
            Some(levels) => {
                let (first, last) = (levels.start(), levels.end());
                let message = format!("{word} has no level {level}, only {first} to {last}");
                Diagnostic::error("no-level", message)
            }
        };
        lint.report_at(diagnostic, &option!(squashfs.level));
    }
}
