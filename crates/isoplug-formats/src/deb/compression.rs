//! Decompresses what Debian archives use: members of packages and index files.

use std::io::{self, BufReader, Read};

use liblzma::stream::{CONCATENATED, IGNORE_CHECK, Stream};

/// The most memory in bytes that an xz stream may ask for; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// The older container of the same method.
    Lzma,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Tells the compression from a file name's last extension with its dot; "" is none.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "" => Some(Self::None),
            ".gz" => Some(Self::Gzip),
            ".bz2" => Some(Self::Bzip2),
            ".xz" => Some(Self::Xz),
            ".lzma" => Some(Self::Lzma),
            ".zst" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Returns a reader of the decompressed bytes. A stream that ends too early is an error on reading.
///
/// # Errors
///
/// When the decoder cannot be set up.
pub fn decoder<'a>(
    compression: Compression,
    from: impl Read + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    open(compression, CONCATENATED, from)
}

/// Returns the same reader for bytes whose own digest was compared: it does not compute the
/// checksums that xz keeps of what it packs.
pub(super) fn decoder_of_known<'a>(
    compression: Compression,
    from: impl Read + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    open(compression, CONCATENATED | IGNORE_CHECK, from)
}

fn open<'a>(
    compression: Compression,
    xz_flags: u32,
    from: impl Read + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let from = BufReader::with_capacity(128 << 10, from);
    Ok(match compression {
        Compression::None => Box::new(from),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(from)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(from)),
        Compression::Xz => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, xz_flags)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(from, stream))
        }
        Compression::Lzma => {
            let stream = Stream::new_lzma_decoder(XZ_MEMORY)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(from, stream))
        }
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(from)?),
    })
}
