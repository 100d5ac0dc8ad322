//! Walks the entries of an initrd: archives one after the other, compressed or not.

use std::io::{self, BufRead, BufReader, Read};

use super::{MAGIC, TRAILER};

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path as the archive says it.
    pub path: Vec<u8>,
    /// The file type and the permission bits, as in `stat`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Length of the content in bytes.
    pub size: u32,
}

/// Why an initrd is not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive could not be read or decompressed, or it ends early.
    #[error("cannot read the cpio archive")]
    Read(#[from] io::Error),
    /// What follows at this place is neither an archive nor compressed in a known way.
    #[error("no cpio archive begins with the bytes {0:02x?}")]
    Magic(Vec<u8>),
    /// A header has fields that are no hexadecimal numbers, or a name that is too long.
    #[error("damaged cpio header after entry {0:?}")]
    Header(String),
}

/// The kernel's own limit of a path.
const LONGEST_NAME: u32 = 4096;

/// Compressed archives may not hold compressed archives without end.
const DEEPEST: u8 = 4;

/// Is shown each entry with its content.
pub type Visit<'a> = &'a mut dyn FnMut(&Entry, &mut dyn Read) -> io::Result<()>;

/// Returns all entries of an initrd in their order.
///
/// # Errors
///
/// When something cannot be read or unpacked, or is not an archive.
pub fn list(initrd: impl Read) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    walk(initrd, &mut |entry, _| {
        entries.push(entry.clone());
        Ok(())
    })?;
    Ok(entries)
}

/// Shows each entry of an initrd in its order. Archives may follow one another and each may be
/// compressed with gzip, xz or zstd, as the kernel allows.
///
/// # Errors
///
/// When something cannot be read or unpacked, or is not an archive, or `visit` fails.
pub fn walk(initrd: impl Read, visit: Visit<'_>) -> Result<(), Error> {
    segments(&mut BufReader::with_capacity(256 * 1024, initrd), visit, DEEPEST)
}

fn segments(reader: &mut dyn BufRead, visit: Visit<'_>, depth: u8) -> Result<(), Error> {
    while let Some(magic) = magic(reader)? {
        match magic {
            [0x1f, 0x8b, ..] if depth > 0 => {
                nested(&mut flate2::bufread::GzDecoder::new(&mut *reader), visit, depth)?;
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0] if depth > 0 => {
                nested(&mut liblzma::bufread::XzDecoder::new(&mut *reader), visit, depth)?;
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] if depth > 0 => {
                let frame = zstd::Decoder::with_buffer(&mut *reader)?.single_frame();
                nested(&mut { frame }, visit, depth)?;
            }
            // 070702 differs in the checksum field, which is not looked at.
            [b'0', b'7', b'0', b'7', b'0', b'1' | b'2'] => archive(reader, visit)?,
            other => return Err(Error::Magic(other.to_vec())),
        }
    }
    Ok(())
}

fn nested(decoder: &mut dyn Read, visit: Visit<'_>, depth: u8) -> Result<(), Error> {
    segments(&mut BufReader::with_capacity(256 * 1024, decoder), visit, depth - 1)
}

/// Skips zero bytes and returns the six bytes that follow without taking them; `None` at the end.
fn magic(reader: &mut dyn BufRead) -> io::Result<Option<[u8; 6]>> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        if zeros == 0 {
            let mut magic = [0; MAGIC.len()];
            let length = buffer.len().min(magic.len());
            magic[..length].copy_from_slice(&buffer[..length]);
            return Ok(Some(magic));
        }
        reader.consume(zeros);
    }
}

fn archive(reader: &mut dyn BufRead, visit: Visit<'_>) -> Result<(), Error> {
    let mut before = String::new();
    loop {
        let entry = header(reader)?.ok_or_else(|| Error::Header(before.clone()))?;
        if entry.path == TRAILER.as_bytes() {
            return Ok(());
        }
        let size = u64::from(entry.size);
        let mut content = Read::take(&mut *reader, size);
        visit(&entry, &mut content)?;
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        skip(reader, size.next_multiple_of(4) - size)?;
        before = String::from_utf8_lossy(&entry.path).into_owned();
    }
}

const HEADER: u64 = 110;

fn header(reader: &mut dyn BufRead) -> io::Result<Option<Entry>> {
    let mut header = [0; HEADER as usize];
    reader.read_exact(&mut header)?;
    let field = |index: usize| {
        let digits = header.get(6 + index * 8..14 + index * 8)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let fields = (|| Some((field(1)?, field(2)?, field(3)?, field(5)?, field(6)?, field(11)?)))();
    let Some((mode, uid, gid, mtime, size, name_size)) = fields else { return Ok(None) };
    if !header.starts_with(b"07070") || !(1..=LONGEST_NAME).contains(&name_size) {
        return Ok(None);
    }
    let mut path = vec![0; name_size as usize];
    reader.read_exact(&mut path)?;
    path.pop();
    let end = HEADER + u64::from(name_size);
    skip(reader, end.next_multiple_of(4) - end)?;
    Ok(Some(Entry { path, mode, uid, gid, mtime, size }))
}

fn skip(reader: &mut dyn BufRead, bytes: u64) -> io::Result<()> {
    io::copy(&mut Read::take(&mut *reader, bytes), &mut io::sink()).map(drop)
}
