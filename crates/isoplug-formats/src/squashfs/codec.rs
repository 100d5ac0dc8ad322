//! Compresses single blocks.
//!
//! Knows what each codec is called in the format, which options the format stores, and which
//! library version decides the bytes. Knows no files.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};
use liblzma::stream::{Action, Check, Filters, LzmaOptions, Stream};
use serde::{Deserialize, Serialize};
use zstd::zstd_safe::CParameter;

use super::Error;
use crate::library::Library;

/// What compresses the blocks of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "codec", rename_all = "kebab-case")]
pub enum Codec {
    /// Zstandard.
    Zstd {
        /// 1 to 22.
        level: i32,
    },
    /// LZMA 2 in xz containers.
    Xz {
        /// 0 to 9.
        level: u32,
        /// Tries the filter for x86 machine code on each block as well: smaller, at twice the time.
        x86: bool,
    },
    /// Deflate in zlib containers.
    Gzip {
        /// 1 to 9.
        level: u32,
    },
    /// LZ4 blocks.
    Lz4,
    /// Stores everything as it is.
    None,
}

const CALLS: u32 = 1;

impl Codec {
    /// The number of the codec in the superblock.
    pub(super) fn number(self) -> u16 {
        match self {
            Self::Gzip { .. } | Self::None => 1,
            Self::Xz { .. } => 4,
            Self::Lz4 => 5,
            Self::Zstd { .. } => 6,
        }
    }

    /// The codec's options as the format stores them; nothing if they are what readers assume.
    pub(super) fn stored_options(self, block_size: u32) -> Option<Vec<u8>> {
        match self {
            Self::Zstd { level: 15 } | Self::Gzip { level: 9 } | Self::None => None,
            Self::Zstd { level } => Some(level.to_le_bytes().to_vec()),
            Self::Gzip { level } => Some([&level.to_le_bytes()[..], &[15, 0, 0, 0]].concat()),
            Self::Xz { x86, .. } => {
                Some([dictionary(block_size).to_le_bytes(), u32::from(x86).to_le_bytes()].concat())
            }
            Self::Lz4 => Some([1_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat()),
        }
    }

    /// Names everything that decides the bytes of a compressed block, besides the block.
    pub(super) fn identity(self, block_size: u32) -> String {
        format!("{self:?} {} {block_size}", self.compressor())
    }

    /// Names what compresses: the version of the library, and a number for how it is called here.
    /// Whoever changes that raises [`CALLS`].
    #[must_use]
    pub fn compressor(self) -> String {
        let library = match self {
            Self::Zstd { .. } => Library::Zstd.version(),
            Self::Gzip { .. } => Library::Deflate.version(),
            Self::Xz { .. } => Library::Xz.version(),
            Self::Lz4 => Library::Lz4.version(),
            Self::None => "",
        };
        format!("{library} {CALLS}")
    }

    pub(super) fn check(self) -> Result<(), Error> {
        let (name, level, most) = match self {
            Self::Zstd { level } => ("zstd", i64::from(level), 1..=22),
            Self::Xz { level, .. } => ("xz", i64::from(level), 0..=9),
            Self::Gzip { level } => ("gzip", i64::from(level), 1..=9),
            Self::Lz4 | Self::None => return Ok(()),
        };
        if most.contains(&level) {
            return Ok(());
        }
        let (first, last) = (most.start(), most.end());
        Err(Error::Options(format!("{name} level {level}; levels go from {first} to {last}")))
    }
}

fn dictionary(block_size: u32) -> u32 {
    block_size.max(8192)
}

/// A compressor for one thread, reused from block to block.
pub(super) struct Compressor {
    state: State,
    room: Vec<u8>,
}

enum State {
    Zstd(zstd::bulk::Compressor<'static>),
    Xz { level: u32, dictionary: u32, x86: bool },
    Gzip(Compress),
    Lz4,
    None,
}

impl Compressor {
    pub(super) fn new(codec: Codec, block_size: u32) -> Result<Self, Error> {
        let state = match codec {
            Codec::Zstd { level } => State::Zstd(zstd(level, block_size).map_err(Error::Compress)?),
            Codec::Xz { level, x86 } => {
                State::Xz { level, dictionary: dictionary(block_size), x86 }
            }
            Codec::Gzip { level } => State::Gzip(Compress::new(Compression::new(level), true)),
            Codec::Lz4 => State::Lz4,
            Codec::None => State::None,
        };
        Ok(Self { state, room: Vec::new() })
    }

    /// Returns the compressed block, or nothing if it would not be smaller.
    pub(super) fn compress(&mut self, block: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.fill_room(block).map_err(Error::Compress)?;
        let smaller = self.room.len() < block.len() && !matches!(self.state, State::None);
        Ok(smaller.then(|| self.room.clone()))
    }

    fn fill_room(&mut self, block: &[u8]) -> io::Result<()> {
        let Self { state, room } = self;
        room.clear();
        match state {
            State::Zstd(compressor) => {
                room.reserve(zstd::zstd_safe::compress_bound(block.len()));
                compressor.compress_to_buffer(block, room).map(|_| ())
            }
            State::Xz { level, dictionary, x86 } => {
                xz(block, *level, *dictionary, *x86).map(|smallest| *room = smallest)
            }
            State::Gzip(compress) => gzip(compress, block, room),
            State::Lz4 => {
                room.resize(lz4_flex::block::get_maximum_output_size(block.len()), 0);
                let length =
                    lz4_flex::block::compress_into(block, room).map_err(io::Error::other)?;
                room.truncate(length);
                Ok(())
            }
            State::None => Ok(()),
        }
    }
}

/// Lets the middle levels look for matches of 4 bytes, as they do in small blocks but not in those
/// of 1 MiB: levels 7 and 8 then make a smaller image than level 12 does, in half the time.
fn zstd(level: i32, block_size: u32) -> io::Result<zstd::bulk::Compressor<'static>> {
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    if (6..=15).contains(&level) && block_size > 256 << 10 {
        compressor.set_parameter(CParameter::MinMatch(4))?;
    }
    Ok(compressor)
}

fn gzip(compress: &mut Compress, block: &[u8], room: &mut Vec<u8>) -> io::Result<()> {
    compress.reset();
    room.reserve(block.len());
    match compress.compress_vec(block, room, FlushCompress::Finish)? {
        Status::StreamEnd => {}
        // It did not fit, so it is not smaller.
        Status::Ok | Status::BufError => room.resize(block.len(), 0),
    }
    Ok(())
}

/// Returns the smaller of the block without and with the filter for x86 machine code.
fn xz(block: &[u8], level: u32, dictionary: u32, x86: bool) -> io::Result<Vec<u8>> {
    let plain = xz_once(block, level, dictionary, false)?;
    if !x86 {
        return Ok(plain);
    }
    let filtered = xz_once(block, level, dictionary, true)?;
    Ok(if filtered.len() < plain.len() { filtered } else { plain })
}

fn xz_once(block: &[u8], level: u32, dictionary: u32, x86: bool) -> io::Result<Vec<u8>> {
    let mut options = LzmaOptions::new_preset(level)?;
    options.dict_size(dictionary);
    let mut filters = Filters::new();
    if x86 {
        filters.x86();
    }
    filters.lzma2(&options);
    let mut stream = Stream::new_stream_encoder(&filters, Check::Crc32)?;
    let mut room = Vec::with_capacity(block.len() + block.len() / 100 + 1024);
    match stream.process_vec(block, &mut room, Action::Finish)? {
        liblzma::stream::Status::StreamEnd => Ok(room),
        _ => Err(io::Error::other("xz did not end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_out_of_range_are_named() {
        let error = Codec::Zstd { level: 23 }.check().unwrap_err().to_string();
        assert_eq!(error, "unsupported option of squashfs: zstd level 23; levels go from 1 to 22");
        assert!(Codec::Gzip { level: 0 }.check().is_err());
        assert!(Codec::Xz { level: 9, x86: true }.check().is_ok());
    }

    #[test]
    fn what_does_not_shrink_is_stored() {
        let noise: Vec<u8> = blake3::Hasher::new().finalize_xof().take_all();
        for codec in [Codec::Zstd { level: 3 }, Codec::Gzip { level: 6 }, Codec::Lz4] {
            let mut compressor = Compressor::new(codec, 4096).unwrap();
            assert_eq!(compressor.compress(&noise).unwrap(), None, "{codec:?}");
            assert!(compressor.compress(&[7; 4096]).unwrap().unwrap().len() < 100, "{codec:?}");
        }
    }

    trait TakeAll {
        fn take_all(self) -> Vec<u8>;
    }

    impl TakeAll for blake3::OutputReader {
        fn take_all(mut self) -> Vec<u8> {
            let mut bytes = vec![0; 4096];
            self.fill(&mut bytes);
            bytes
        }
    }
}
