//! What an initrd is made of: archives one after the other.

use std::collections::BTreeMap;
use std::io;

use isoplug_formats::cpio;
use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::span::Span;

/// Returns what the archives are compressed with, in their order.
///
/// # Errors
///
/// When it cannot be read.
pub fn parts(span: &Span) -> io::Result<Vec<&'static str>> {
    let (mut at, mut found) = (0, Vec::new());
    while at < span.size() && found.len() < 16 {
        let head = span.read_some(at, 6)?;
        if head.starts_with(b"07070") {
            found.push("cpio");
            match end_of_archive(span, at)? {
                Some(end) => at = end,
                None => break,
            }
        } else if head.starts_with(&[0; 4]) {
            at += 4;
        } else {
            found.push(compression(&head));
            break;
        }
    }
    Ok(found)
}

fn compression(head: &[u8]) -> &'static str {
    match head {
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x02, 0x21, 0x4c, 0x18, ..] => "lz4",
        [0x5d, 0, 0, ..] => "lzma",
        [b'B', b'Z', b'h', ..] => "bzip2",
        [0x89, b'L', b'Z', b'O', ..] => "lzo",
        _ => "unknown",
    }
}

/// Steps over the entries of an archive that is not compressed.
fn end_of_archive(span: &Span, mut at: u64) -> io::Result<Option<u64>> {
    loop {
        let head = span.read_some(at, 110)?;
        let field = |index: usize| {
            let digits = head.get(6 + index * 8..14 + index * 8)?;
            u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        let (Some(size), Some(name)) = (field(6), field(11)) else { return Ok(None) };
        let is_last = span.read_some(at + 110, name)?.starts_with(b"TRAILER!!!");
        at = (at + 110 + name).next_multiple_of(4) + size.next_multiple_of(4);
        if is_last {
            return Ok(Some(at));
        }
    }
}

/// Returns the paths of an initrd with what tells their contents apart: mode and SHA-256.
///
/// # Errors
///
/// When it is not a row of archives, or cannot be read.
pub fn files(span: &Span) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let walked = cpio::walk(span.reader(), &mut |entry, content| {
        let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 65536]);
        loop {
            match content.read(&mut buffer)? {
                0 => break,
                read => hasher.update(&buffer[..read]),
            }
        }
        let path = String::from_utf8_lossy(&entry.path).trim_start_matches("./").to_owned();
        found.insert(path, format!("{:o} {}", entry.mode, hex(&hasher.finalize())));
        Ok(())
    });
    walked.map_err(|error| match error {
        cpio::Error::Read(error) => error,
        other => crate::bad(other.to_string()),
    })?;
    Ok(found)
}
