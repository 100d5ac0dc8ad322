//! Reads the extended attributes of a squashfs.

use std::collections::BTreeMap;
use std::io;

use crate::bytes::{le16, le32, le64};
use crate::span::Span;

use super::metadata::Metadata;

/// Extended attributes by their whole names.
pub type Xattrs = BTreeMap<String, Vec<u8>>;

const NO_TABLE: u64 = u64::MAX;
/// The value stands elsewhere.
const ELSEWHERE: u16 = 0x100;
const LARGEST_VALUE: u32 = 1 << 16;

/// Reads all sets of attributes, by their numbers.
pub(super) fn read(span: &Span, metadata: &Metadata, at: u64) -> io::Result<Vec<Xattrs>> {
    if at == NO_TABLE {
        return Ok(Vec::new());
    }
    let header = span.read(at, 16)?;
    let (values, count) = (le64(&header, 0), le32(&header, 8));
    let records = metadata.table(at + 16, count as usize, 16)?;
    records.chunks_exact(16).map(|record| set(metadata, values, record)).collect()
}

fn set(metadata: &Metadata, values: u64, record: &[u8]) -> io::Result<Xattrs> {
    let reference = le64(record, 0);
    let mut cursor =
        metadata.cursor(values.wrapping_add(reference >> 16), (reference & 0xffff) as usize);
    let mut found = Xattrs::new();
    for _ in 0..le32(record, 8) {
        let header = cursor.take(4)?;
        let kind = le16(&header, 0);
        let name = cursor.take(le16(&header, 2).into())?;
        let size = le32(&cursor.take(4)?, 0).min(LARGEST_VALUE);
        let mut value = cursor.take(size as usize)?;
        if kind & ELSEWHERE != 0 {
            value = elsewhere(metadata, values, le64(&value, 0))?;
        }
        let space = ["user.", "trusted.", "security."].get(usize::from(kind & 0xff)).unwrap_or(&"");
        found.insert(format!("{space}{}", String::from_utf8_lossy(&name)), value);
    }
    Ok(found)
}

/// Reads a value that several names share.
fn elsewhere(metadata: &Metadata, values: u64, reference: u64) -> io::Result<Vec<u8>> {
    let block = values.wrapping_add(reference >> 16);
    let mut cursor = metadata.cursor(block, (reference & 0xffff) as usize);
    let size = le32(&cursor.take(4)?, 0).min(LARGEST_VALUE);
    cursor.take(size as usize)
}
