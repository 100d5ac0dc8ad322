//! Bounds what a tar makes its reader keep in memory: long names and extended headers, which the `tar` crate reads whole
//! however long they say that they are. Everything else streams.

use std::io::{self, Read};

const BLOCK: usize = 512;
/// The most bytes of a long name or of extended headers. The longest path of Linux has 4096, an attribute 65536.
const LONGEST: u64 = 1 << 20;

/// Reads a tar and fails where it has a longer name than any file has.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    state: State,
}

/// Returns a reader of the same bytes.
pub fn bounded<R: Read>(tar: R) -> Bounded<R> {
    Bounded { inner: tar, state: State::Header(Vec::new()) }
}

/// What comes next.
#[derive(Debug)]
enum State {
    /// A header, of which so much was seen.
    Header(Vec<u8>),
    /// Blocks of the map of a sparse file, then so many bytes of content.
    Sparse(Vec<u8>, u64),
    /// Extended headers: what was seen, and how many bytes are left with their padding.
    Extended(Vec<u8>, u64),
    /// So many bytes of content.
    Content(u64),
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut bytes = &buffer[..read];
        while !bytes.is_empty() {
            let taken = self.state.take(bytes)?;
            bytes = &bytes[taken..];
        }
        Ok(read)
    }
}

impl State {
    /// Takes some of the bytes, at least one; returns how many.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self {
            Self::Header(block) | Self::Sparse(block, _) => fill(block, bytes),
            Self::Extended(text, left) => {
                let taken = least(*left, bytes);
                text.extend(&bytes[..taken]);
                *left -= taken as u64;
                taken
            }
            Self::Content(left) => {
                let taken = least(*left, bytes);
                *left -= taken as u64;
                taken
            }
        };
        if let Some(next) = self.next()? {
            *self = next;
        }
        Ok(taken)
    }

    /// Returns what comes after this, if it is at its end.
    fn next(&self) -> io::Result<Option<Self>> {
        Ok(match self {
            Self::Header(block) if block.len() == BLOCK => Some(after_header(block)?),
            Self::Sparse(block, size) if block.len() == BLOCK && block[504] == 0 => {
                Some(content(*size))
            }
            Self::Sparse(block, size) if block.len() == BLOCK => {
                Some(Self::Sparse(Vec::new(), *size))
            }
            Self::Extended(text, 0) => {
                refuse_sizes(text)?;
                Some(Self::Header(Vec::new()))
            }
            Self::Content(0) => Some(Self::Header(Vec::new())),
            _ => None,
        })
    }
}

fn fill(block: &mut Vec<u8>, bytes: &[u8]) -> usize {
    let taken = bytes.len().min(BLOCK - block.len());
    block.extend(&bytes[..taken]);
    taken
}

fn least(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()))
}

fn after_header(block: &[u8]) -> io::Result<State> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(State::Header(Vec::new()));
    }
    let (size, kind) = (size(&block[124..136])?, block[156]);
    if b"LKxg".contains(&kind) && size > LONGEST {
        return Err(bad(format!("a name or an extended header has {size} bytes")));
    }
    Ok(match kind {
        b'x' | b'g' if size > 0 => State::Extended(Vec::new(), padded(size)?),
        b'S' if block[482] != 0 => State::Sparse(Vec::new(), padded(size)?),
        _ => content(padded(size)?),
    })
}

fn content(bytes: u64) -> State {
    if bytes == 0 { State::Header(Vec::new()) } else { State::Content(bytes) }
}

fn padded(size: u64) -> io::Result<u64> {
    size.checked_next_multiple_of(BLOCK as u64).ok_or_else(|| bad("a file without an end"))
}

/// Reads a number: octal digits, or since GNU tar the last eight bytes after a first one of 0x80.
fn size(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        let bytes = field[4..12].try_into().map_err(|_| bad("a length that is none"))?;
        return Ok(u64::from_be_bytes(bytes));
    }
    let text = String::from_utf8_lossy(field);
    let digits = text.trim_matches([' ', '\0']);
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 8).map_err(|_| bad("a length that is none"))
}

/// A length in extended headers counts in place of the header's, so the next header would be looked for elsewhere. Only
/// files of more than 8 GiB need one.
fn refuse_sizes(text: &[u8]) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b' ') {
        let length = std::str::from_utf8(&rest[..at]).ok().and_then(|digits| digits.parse().ok());
        let Some(record) = length.and_then(|length: usize| rest.get(at + 1..length)) else { break };
        if record.starts_with(b"size=") {
            return Err(bad("an extended header gives a file another length"));
        }
        rest = &rest[at + 1 + record.len()..];
    }
    Ok(())
}

fn bad(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the tar is of no use: {}", why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: tar::EntryType, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        header
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<String>> {
        let mut archive = tar::Archive::new(bounded(bytes));
        let entries = archive.entries()?;
        entries
            .map(|entry| Ok(String::from_utf8_lossy(&entry?.path_bytes()).into_owned()))
            .collect()
    }

    #[test]
    fn what_others_write_is_read_as_before() {
        let long = "a/".repeat(150) + "b";
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in [("x", &[1_u8; 700][..]), (&long, b"two"), ("y", b"")] {
            let mut header = header(tar::EntryType::Regular, bytes.len() as u64);
            builder.append_data(&mut header, path, bytes).unwrap();
        }
        builder.append_pax_extensions([("SCHILY.xattr.user.a", &b" size=7\n"[..])]).unwrap();
        builder.append_data(&mut header(tar::EntryType::Regular, 1), "z", &b"3"[..]).unwrap();
        let bytes = builder.into_inner().unwrap();
        assert_eq!(read(&bytes).unwrap(), ["x", &long, "y", "z"]);
    }

    #[test]
    fn a_name_without_an_end_is_refused_before_it_is_read() {
        for kind in
            [tar::EntryType::GNULongName, tar::EntryType::GNULongLink, tar::EntryType::XHeader]
        {
            let head = header(kind, 1 << 40);
            let endless = head.as_bytes().chain(io::repeat(b'a'));
            let mut archive = tar::Archive::new(bounded(endless));
            let error = archive.entries().unwrap().next().unwrap().err().unwrap().to_string();
            assert!(error.contains("has 1099511627776 bytes"), "{error}");
        }
    }

    /// Whoever made another reader look for the next header elsewhere could hide such a name from this one.
    #[test]
    fn a_second_length_is_refused() {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("size", &b"0"[..])]).unwrap();
        builder.append_data(&mut header(tar::EntryType::Regular, 512), "x", &[0; 512][..]).unwrap();
        let error = read(&builder.into_inner().unwrap()).unwrap_err().to_string();
        assert!(error.contains("another length"), "{error}");
    }
}
