//! Decompresses single blocks of a squashfs.

use std::io::{self, Read};

use crate::bad;

/// Returns what the codec of this number is called.
#[must_use]
pub fn name(codec: u16) -> &'static str {
    match codec {
        1 => "gzip",
        2 => "lzma",
        3 => "lzo",
        4 => "xz",
        5 => "lz4",
        6 => "zstd",
        _ => "unknown",
    }
}

/// Decompresses a block that has no more than `most` bytes.
pub(super) fn decompress(codec: u16, bytes: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let reader: Box<dyn Read> = match codec {
        1 => Box::new(flate2::read::ZlibDecoder::new(bytes)),
        2 => {
            let stream = liblzma::stream::Stream::new_lzma_decoder(64 << 20)?;
            Box::new(liblzma::read::XzDecoder::new_stream(bytes, stream))
        }
        3 => return super::lzo::decompress(bytes, most),
        4 => Box::new(liblzma::read::XzDecoder::new(bytes)),
        5 => {
            return lz4_flex::block::decompress(bytes, most)
                .map_err(|error| bad(error.to_string()));
        }
        6 => Box::new(zstd::Decoder::with_buffer(bytes)?),
        _ => return Err(bad(format!("compression {codec} is unknown"))),
    };
    let mut out = Vec::with_capacity(most);
    reader.take(most as u64 + 1).read_to_end(&mut out)?;
    if out.len() > most { Err(bad("a block is larger than it may be")) } else { Ok(out) }
}
