//! Compresses anew what mkinitramfs compressed quickly.
//!
//! An initrd is a row of archives (the kernel's Documentation/driver-api/early-userspace/
//! buffer-format.rst). The first are not compressed, as they hold what is compressed already; then
//! comes one that is, and what packages appended.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::bufread::GzDecoder;
use isoplug_manifest::options::InitrdCompression;

/// Copies an initrd and replaces its gzip archive by one of this compression.
pub(super) fn recompress(from: &Path, to: &File, method: InitrdCompression) -> io::Result<()> {
    let initrd = std::fs::read(from)?;
    let (stored, rest) = initrd.split_at(stored_length(&initrd)?);
    let mut to = BufWriter::with_capacity(1 << 20, to);
    to.write_all(stored)?;
    let mut rest = rest;
    let mut plain = Vec::new();
    GzDecoder::new(&mut rest).read_to_end(&mut plain)?;
    write_compressed(&plain, &mut to, method)?;
    to.write_all(rest)?;
    to.flush()
}

const MAGIC: &[u8] = b"070701";
const HEADER: usize = 110;

/// Returns how many bytes at the beginning are archives that are not compressed.
fn stored_length(initrd: &[u8]) -> io::Result<usize> {
    let mut position = 0;
    loop {
        let rest = initrd.get(position..).unwrap_or_default();
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        if !rest[zeros..].starts_with(MAGIC) {
            return Ok(position + zeros);
        }
        position += zeros;
        let (name, size) = (field(initrd, position, 11)?, field(initrd, position, 6)?);
        position = (position + HEADER + name).next_multiple_of(4);
        position = (position + size).next_multiple_of(4);
    }
}

/// Returns a number of an entry's header: the `index`-th of eight hexadecimal digits.
fn field(initrd: &[u8], entry: usize, index: usize) -> io::Result<usize> {
    let start = entry + MAGIC.len() + index * 8;
    let digits = initrd.get(start..start + 8).and_then(|digits| std::str::from_utf8(digits).ok());
    let number = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| io::Error::other("the header of an archive is damaged"))
}

/// Beyond this level the kernel modules, which are not compressed here, outweigh what is gained.
const ZSTD_LEVEL: i32 = 9;

fn write_compressed(plain: &[u8], mut to: impl Write, method: InitrdCompression) -> io::Result<()> {
    match method {
        InitrdCompression::Zstd => zstd::stream::copy_encode(plain, to, ZSTD_LEVEL),
        InitrdCompression::Xz => write_xz(plain, to),
        InitrdCompression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(to, flate2::Compression::best());
            encoder.write_all(plain)?;
            encoder.finish().map(drop)
        }
        InitrdCompression::Lz4 => write_lz4(plain, to),
        InitrdCompression::None => to.write_all(plain),
    }
}

/// The kernel checks CRC-32 only (its Documentation/staging/xz.rst).
fn write_xz(plain: &[u8], to: impl Write) -> io::Result<()> {
    let stream = liblzma::stream::Stream::new_easy_encoder(6, liblzma::stream::Check::Crc32)?;
    let mut encoder = liblzma::write::XzEncoder::new_stream(to, stream);
    encoder.write_all(plain)?;
    encoder.finish().map(drop)
}

/// The kernel reads only the legacy frames of LZ4: a magic number, then blocks of 8 MiB, each
/// after its compressed length (lz4_Frame_format.md, "Legacy frame").
fn write_lz4(plain: &[u8], mut to: impl Write) -> io::Result<()> {
    to.write_all(&0x184C_2102_u32.to_le_bytes())?;
    for block in plain.chunks(8 << 20) {
        let block = lz4_flex::block::compress(block);
        let length = u32::try_from(block.len()).map_err(io::Error::other)?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&block)?;
    }
    Ok(())
}
