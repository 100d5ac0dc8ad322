//! Compresses an initrd, or anew what mkinitramfs compressed quickly.
//!
//! An initrd is a row of archives (the kernel's Documentation/driver-api/early-userspace/
//! buffer-format.rst). The first are not compressed, as they hold what is compressed already; then
//! comes one that is, and what packages appended.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::bufread::GzDecoder;
use isoplug_formats::library::Library;
use isoplug_manifest::options::InitrdCompression;

/// Copies an initrd and replaces its zstd or gzip archive by one of this compression.
pub(super) fn recompress(from: &Path, to: &File, method: InitrdCompression) -> io::Result<()> {
    let initrd = File::open(from)?;
    let stored = stored_length(&initrd)?;
    let mut initrd = BufReader::with_capacity(1 << 20, initrd);
    let mut to = BufWriter::with_capacity(1 << 20, to);
    io::copy(&mut (&mut initrd).take(stored), &mut to)?;
    let mut packer = Packer::new(&mut to, method)?;
    if initrd.fill_buf()?.starts_with(&ZSTD_MAGIC) {
        let mut plain = zstd::Decoder::with_buffer(&mut initrd)?.single_frame();
        io::copy(&mut plain, &mut packer)?;
    } else {
        io::copy(&mut GzDecoder::new(&mut initrd), &mut packer)?;
    }
    packer.finish()?;
    io::copy(&mut initrd, &mut to)?;
    to.flush()
}

const ZSTD_MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
const MAGIC: &[u8] = b"070701";
const HEADER: usize = 110;
/// What archives are filled up to, with zero bytes.
const BLOCK: usize = 512;

/// Returns how many bytes at the beginning are archives that are not compressed.
fn stored_length(initrd: &File) -> io::Result<u64> {
    let mut position = 0;
    loop {
        let mut header = [0; BLOCK];
        let read = initrd.read_at(&mut header, position)?;
        let zeros = header[..read].iter().take_while(|&&byte| byte == 0).count();
        if zeros > 0 {
            position += zeros as u64;
        } else if header.starts_with(MAGIC) && read >= HEADER {
            let (name, size) = (field(&header, 11)?, field(&header, 6)?);
            position = (position + HEADER as u64 + name).next_multiple_of(4);
            position = (position + size).next_multiple_of(4);
        } else {
            return Ok(position);
        }
    }
}

/// Returns a number of an entry's header: the `index`-th of eight hexadecimal digits.
fn field(header: &[u8], index: usize) -> io::Result<u64> {
    let start = MAGIC.len() + index * 8;
    let digits = std::str::from_utf8(&header[start..start + 8]).ok();
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| io::Error::other("the header of an archive is damaged"))
}

/// Level 9 takes twice the time and makes an initrd smaller by one part in a hundred.
const ZSTD_LEVEL: i32 = 6;

/// Returns the version of the library that compresses. How [`Packer::new`] calls it has the version of the
/// stage.
pub(super) fn version(method: InitrdCompression) -> &'static str {
    match method {
        InitrdCompression::Zstd => Library::Zstd.version(),
        InitrdCompression::Xz => Library::Xz.version(),
        InitrdCompression::Gzip => Library::Deflate.version(),
        InitrdCompression::Lz4 => Library::Lz4.version(),
        InitrdCompression::None => "",
    }
}

/// Compresses what is written into it.
pub(super) enum Packer<W: Write> {
    Zstd(zstd::Encoder<'static, W>),
    Xz(liblzma::write::XzEncoder<W>),
    Gzip(flate2::write::GzEncoder<W>),
    Lz4(Lz4<W>),
    None(W),
}

impl<W: Write> Packer<W> {
    pub(super) fn new(to: W, method: InitrdCompression) -> io::Result<Self> {
        Ok(match method {
            InitrdCompression::Zstd => Self::Zstd(zstd::Encoder::new(to, ZSTD_LEVEL)?),
            InitrdCompression::Xz => {
                // The kernel checks CRC-32 only (its Documentation/staging/xz.rst).
                let check = liblzma::stream::Check::Crc32;
                let stream = liblzma::stream::Stream::new_easy_encoder(6, check)?;
                Self::Xz(liblzma::write::XzEncoder::new_stream(to, stream))
            }
            InitrdCompression::Gzip => {
                let level = flate2::Compression::best();
                Self::Gzip(flate2::write::GzEncoder::new(to, level))
            }
            InitrdCompression::Lz4 => Self::Lz4(Lz4::new(to)?),
            InitrdCompression::None => Self::None(to),
        })
    }

    /// Ends the archive and returns the sink.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Lz4(encoder) => encoder.finish(),
            Self::None(to) => Ok(to),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Lz4(encoder) => encoder.write(bytes),
            Self::None(to) => to.write(bytes),
        }
    }

    /// What is compressed is whole only at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The kernel reads only the legacy frames of LZ4: a magic number, then blocks of 8 MiB, each
/// after its compressed length (lz4_Frame_format.md, "Legacy frame").
pub(super) struct Lz4<W: Write> {
    to: W,
    block: Vec<u8>,
}

const LZ4_BLOCK: usize = 8 << 20;

impl<W: Write> Lz4<W> {
    fn new(mut to: W) -> io::Result<Self> {
        to.write_all(&0x184C_2102_u32.to_le_bytes())?;
        Ok(Self { to, block: Vec::new() })
    }

    fn write_block(&mut self) -> io::Result<()> {
        let block = lz4_flex::block::compress(&std::mem::take(&mut self.block));
        let length = u32::try_from(block.len()).map_err(io::Error::other)?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&block)
    }

    fn finish(mut self) -> io::Result<W> {
        if !self.block.is_empty() {
            self.write_block()?;
        }
        Ok(self.to)
    }
}

impl<W: Write> Write for Lz4<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(LZ4_BLOCK - self.block.len());
        self.block.extend(&bytes[..taken]);
        if self.block.len() == LZ4_BLOCK {
            self.write_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_formats::cpio;

    fn archive(name: &str) -> Vec<u8> {
        let mut archive = cpio::Writer::new(Vec::new(), 7);
        archive.file(name, 0o644, name.as_bytes()).unwrap();
        archive.finish().unwrap()
    }

    /// Two stored archives, a compressed one, and one that a package appended.
    fn initrd(compressed: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let parts = [&archive("early")[..], &archive("modules"), compressed, &archive("late")];
        std::fs::write(file.path(), parts.concat()).unwrap();
        file
    }

    fn names(initrd: &[u8]) -> Vec<String> {
        let entries = cpio::list(initrd).unwrap().into_iter();
        entries.map(|entry| String::from_utf8(entry.path).unwrap()).collect()
    }

    #[test]
    fn only_the_compressed_archive_changes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&archive("main")).unwrap();
        let zstd = zstd::encode_all(&archive("main")[..], 1).unwrap();
        for compressed in [gzip.finish().unwrap(), zstd] {
            for method in [
                InitrdCompression::Zstd,
                InitrdCompression::Xz,
                InitrdCompression::Gzip,
                InitrdCompression::None,
            ] {
                let to = tempfile::NamedTempFile::new().unwrap();
                recompress(initrd(&compressed).path(), to.as_file(), method).unwrap();
                let bytes = std::fs::read(to.path()).unwrap();
                assert_eq!(names(&bytes), ["early", "modules", "main", "late"], "{method:?}");
            }
        }
    }

    #[test]
    fn lz4_reads_what_is_written_as_lz4() {
        let to = tempfile::NamedTempFile::new().unwrap();
        let plain = archive("main").repeat(20_000);
        let mut packer = Packer::new(to.as_file(), InitrdCompression::Lz4).unwrap();
        packer.write_all(&plain).unwrap();
        packer.finish().unwrap();
        match std::process::Command::new("lz4").args(["-dc"]).arg(to.path()).output() {
            Ok(output) => assert!(output.stdout == plain),
            Err(error) => isoplug_skip::skipped(&format!("lz4: {error}")),
        }
    }

    #[test]
    fn damaged_initrds_are_refused() {
        let damaged = tempfile::NamedTempFile::new().unwrap();
        let to = tempfile::tempfile().unwrap();
        for bytes in [&b""[..], b"070701", b"garbage", &archive("only")] {
            std::fs::write(damaged.path(), bytes).unwrap();
            assert!(recompress(damaged.path(), &to, InitrdCompression::Zstd).is_err());
        }
    }
}
