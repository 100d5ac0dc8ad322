//! Turns the options of the squashfs into a codec and a block size.

use std::mem::discriminant;

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
    let wanted = match options.compression {
        None => defaults.codec,
        Some(Compression::Zstd) => Codec::Zstd { level: 7 },
        Some(Compression::Xz) => Codec::Xz { level: 6, x86: false },
        Some(Compression::Gzip) => Codec::Gzip { level: 9 },
        Some(Compression::Lz4) => Codec::Lz4,
        Some(Compression::None) => Codec::None,
    };
    let is_of_preset = discriminant(&wanted) == discriminant(&defaults.codec);
    let codec = with_level(if is_of_preset { defaults.codec } else { wanted }, options.level);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_the_presets() {
        use Compression::{Gzip, Lz4, None as Plain, Xz, Zstd};
        use Preset::{Default as Usual, Fast, Small};
        let zstd = |level| Codec::Zstd { level };
        let xz = |level| Codec::Xz { level, x86: false };
        let table = [
            (Usual, None, None, zstd(7)),
            (Fast, None, None, zstd(3)),
            (Small, None, None, xz(6)),
            (Fast, Some(Zstd), None, zstd(3)),
            (Small, Some(Zstd), None, zstd(7)),
            (Usual, Some(Zstd), Some(22), zstd(22)),
            (Small, None, Some(0), xz(0)),
            (Fast, Some(Xz), None, xz(6)),
            (Fast, Some(Gzip), None, Codec::Gzip { level: 9 }),
            (Fast, Some(Gzip), Some(1), Codec::Gzip { level: 1 }),
            (Small, Some(Lz4), Some(3), Codec::Lz4),
            (Small, Some(Plain), None, Codec::None),
        ];
        table.into_iter().for_each(compare);
    }

    fn compare(row: (Preset, Option<Compression>, Option<u32>, Codec)) {
        let (preset, set, level, expected) = row;
        let options = Squashfs { preset, compression: set, level, ..Squashfs::default() };
        assert_eq!(compression(&options), (expected, 1 << 20), "{preset:?} {set:?} {level:?}");
    }

    #[test]
    fn what_compresses_is_known_without_a_codec() {
        for preset in [Preset::Fast, Preset::Default, Preset::Small] {
            let options = Squashfs { preset, ..Squashfs::default() };
            let named = Squashfs { compression: Some(options.compresses()), ..options.clone() };
            assert_eq!(compression(&named), compression(&options), "{preset:?}");
        }
    }
}
