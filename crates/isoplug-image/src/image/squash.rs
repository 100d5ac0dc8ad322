//! Turns the options of the squashfs into a codec and a block size.

use isoplug_formats::squashfs::{self, Codec};
use isoplug_manifest::options::{Compression, Preset, Squashfs};

/// Returns what compresses the blocks, and their size in bytes.
pub(super) fn compression(options: &Squashfs) -> (Codec, u32) {
    let preset = match options.preset {
        Preset::Fast => squashfs::Preset::Fast,
        Preset::Default => squashfs::Preset::Balanced,
        Preset::Small => squashfs::Preset::Small,
    };
    let defaults = squashfs::Options::preset(preset, 0, 1);
    let level = options.level;
    let codec = match options.compression {
        None => with_level(defaults.codec, level),
        Some(Compression::Zstd) => with_level(Codec::Zstd { level: 7 }, level),
        Some(Compression::Xz) => with_level(Codec::Xz { level: 6, x86: false }, level),
        Some(Compression::Gzip) => with_level(Codec::Gzip { level: 9 }, level),
        Some(Compression::Lz4) => Codec::Lz4,
        Some(Compression::None) => Codec::None,
    };
    let block_size = options.block_bytes().and_then(|bytes| u32::try_from(bytes).ok());
    (codec, block_size.unwrap_or(defaults.block_size))
}

fn with_level(codec: Codec, level: Option<u32>) -> Codec {
    let Some(wanted) = level else { return codec };
    match codec {
        Codec::Zstd { .. } => Codec::Zstd { level: wanted.min(22) as i32 },
        Codec::Xz { x86, .. } => Codec::Xz { level: wanted, x86 },
        Codec::Gzip { .. } => Codec::Gzip { level: wanted },
        other => other,
    }
}
