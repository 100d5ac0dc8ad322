//! Reads the files of a zip archive, stored or deflated, one after the other.

use std::io::{self, Read};

use crate::bad;
use crate::bytes::{le16, le32};
use crate::span::Span;

/// The largest file that is unpacked.
const LARGEST: u64 = 32 << 20;

/// Shows each file to `see`.
pub(super) fn each(
    span: &Span,
    see: &mut dyn FnMut(&str, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let tail_at = span.size().saturating_sub(65_557);
    let tail = span.read_some(tail_at, 65_557)?;
    let end = tail.windows(4).rposition(|window| window == b"PK\x05\x06");
    let end = end.ok_or_else(|| bad("the zip archive has no end"))?;
    let (size, at) = (le32(&tail, end + 12), le32(&tail, end + 16));
    let directory = span.read(at.into(), size.into())?;
    let mut rest = &directory[..];
    while rest.starts_with(b"PK\x01\x02") {
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(le16(rest, at)));
        let length = 46 + name + extra + comment;
        let record = rest.get(..length).ok_or_else(|| bad("the zip archive is cut off"))?;
        let name = String::from_utf8_lossy(&record[46..46 + name]).into_owned();
        see(&name, &unpacked(span, record)?)?;
        rest = &rest[length..];
    }
    Ok(())
}

fn unpacked(span: &Span, record: &[u8]) -> io::Result<Vec<u8>> {
    let (method, packed, at) = (le16(record, 10), le32(record, 20), u64::from(le32(record, 42)));
    let head = span.read(at, 30)?;
    let data = at + 30 + u64::from(le16(&head, 26)) + u64::from(le16(&head, 28));
    let bytes = span.read(data, packed.into())?;
    match method {
        0 => Ok(bytes),
        8 => {
            let mut out = Vec::new();
            flate2::read::DeflateDecoder::new(&bytes[..]).take(LARGEST).read_to_end(&mut out)?;
            Ok(out)
        }
        other => {
            Err(bad(format!("a file of the zip archive is packed in the unknown way {other}")))
        }
    }
}
