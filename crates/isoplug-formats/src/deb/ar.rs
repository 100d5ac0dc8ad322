//! The `ar` archive that wraps a Debian package (deb(5)): short names only, members in order.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::{Error, ReadAt};

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;
/// Where the header says how long the member is, and how it ends.
const SIZE: std::ops::Range<usize> = 48..58;
const HEADER_END: &[u8] = b"`\n";
/// The largest size that ten decimal digits hold.
const MAX_SIZE: u64 = 9_999_999_999;

/// One member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name without padding.
    pub name: String,
    /// Where its bytes begin.
    pub offset: u64,
    /// How many bytes it has.
    pub size: u64,
}

/// Lists the members, each of which lies inside the file.
///
/// # Errors
///
/// When the file cannot be read, or is not an archive whose members lie inside of it.
pub fn members(file: &impl ReadAt) -> Result<Vec<Member>, Error> {
    let length = file.size().map_err(Error::Read)?;
    let mut magic = [0; MAGIC.len()];
    if read_full(file, &mut magic, 0)? < magic.len() || &magic != MAGIC {
        return Err(Error::NotAPackage("it does not begin with an ar signature"));
    }
    let mut members = Vec::new();
    let mut offset = MAGIC.len() as u64;
    while offset < length {
        let member = member_at(file, offset, length)?;
        // Members begin at even offsets.
        offset = (member.offset + member.size).next_multiple_of(2);
        members.push(member);
    }
    Ok(members)
}

fn member_at(file: &impl ReadAt, at: u64, length: u64) -> Result<Member, Error> {
    let header = header_at(file, at, length)?;
    let field = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&header[range]).map(|text| text.trim_end_matches(' '))
    };
    let name = field(0..16).map_err(|_| Error::NotAPackage("a member's name is not UTF-8"))?;
    let size = field(SIZE).ok().and_then(|text| text.parse::<u64>().ok());
    let (Some(size), HEADER_END) = (size, &header[SIZE.end..]) else {
        return Err(Error::NotAPackage("a member's header is damaged"));
    };
    let name = name.strip_suffix('/').unwrap_or(name).to_owned();
    let offset = at + HEADER as u64;
    match offset.checked_add(size) {
        Some(end) if end <= length => Ok(Member { name, offset, size }),
        end => {
            Err(Error::Truncated { member: name, needed: end.unwrap_or(u64::MAX), present: length })
        }
    }
}

fn header_at(file: &impl ReadAt, at: u64, length: u64) -> Result<[u8; HEADER], Error> {
    let mut header = [0; HEADER];
    if read_full(file, &mut header, at)? < HEADER {
        let needed = at + HEADER as u64;
        return Err(Error::Truncated { member: "a header".to_owned(), needed, present: length });
    }
    Ok(header)
}

fn read_full(file: &impl ReadAt, buffer: &mut [u8], offset: u64) -> Result<usize, Error> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Read(error)),
        }
    }
    Ok(done)
}

/// Which side of a copy failed.
#[derive(Debug)]
pub enum CopyError {
    /// Reading the member's bytes.
    Read(io::Error),
    /// Writing the archive.
    Write(io::Error),
}

/// Writes an archive whose bytes depend on nothing but the members: time and owners are 0.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    ///
    /// When the sink fails.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self { out })
    }

    /// Adds a member of at most 16 bytes of name.
    ///
    /// # Errors
    ///
    /// When the sink fails, or the name or the bytes are longer than the format can say.
    pub fn member(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.header(name, bytes.len() as u64)?;
        self.out.write_all(bytes)?;
        self.pad(bytes.len() as u64)
    }

    /// Adds a member whose length is known only once it is read.
    ///
    /// # Errors
    ///
    /// When the reader or the sink fails, or the name or the bytes are longer than the format can say.
    pub fn stream(&mut self, name: &str, mut from: impl Read) -> Result<(), CopyError> {
        let start = self.out.stream_position().map_err(CopyError::Write)?;
        self.header(name, 0).map_err(CopyError::Write)?;
        let size = copy(&mut from, &mut self.out)?;
        self.pad(size).and_then(|()| self.set_size(start, size)).map_err(CopyError::Write)
    }

    /// Ends the archive.
    ///
    /// # Errors
    ///
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn header(&mut self, name: &str, size: u64) -> io::Result<()> {
        if name.len() > 16 || size > MAX_SIZE {
            return Err(io::Error::other(format!("ar cannot hold {name} of {size} bytes")));
        }
        writeln!(self.out, "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`", 0, 0, 0, 100_644)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        if size % 2 == 1 { self.out.write_all(b"\n") } else { Ok(()) }
    }

    fn set_size(&mut self, start: u64, size: u64) -> io::Result<()> {
        let end = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(start + SIZE.start as u64))?;
        write!(self.out, "{size:<10}")?;
        self.out.seek(SeekFrom::Start(end)).map(|_| ())
    }
}

fn fits(size: u64) -> io::Result<()> {
    match size > MAX_SIZE {
        true => Err(io::Error::other(format!("ar cannot hold a member of {size} bytes or more"))),
        false => Ok(()),
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<u64, CopyError> {
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => {
                to.write_all(&buffer[..count]).map_err(CopyError::Write)?;
                total += count as u64;
                // Said now: a few bytes may become more than any disk has.
                fits(total).map_err(CopyError::Write)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what is written and keeps nothing.
    #[derive(Default)]
    struct Counted(u64);

    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_member_without_an_end_is_not_written_to_the_end() {
        let mut out = Counted::default();
        let error = copy(&mut io::repeat(0), &mut out).unwrap_err();
        assert!(matches!(error, CopyError::Write(_)));
        assert!((MAX_SIZE..MAX_SIZE + (1 << 20)).contains(&out.0), "{}", out.0);
    }
}
