//! Reads what Rock Ridge adds to directory records (IEEE P1282): names, modes, owners, symbolic links.

use std::io;

use crate::bytes::le32;
use crate::span::Span;

use super::SECTOR;

/// What a record says in this way.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub(super) name: String,
    pub(super) mode: Option<u32>,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) target: Option<String>,
    /// The folder lies elsewhere, since the tree is deep.
    pub(super) child: Option<u64>,
    /// It is such a folder, which belongs elsewhere.
    pub(super) moved: bool,
}

/// More areas than any real record has.
const MOST_AREAS: usize = 32;

/// Returns how many bytes to skip before what is added, if anything is.
pub(super) fn skipped(span: &Span, primary: &[u8]) -> io::Result<Option<usize>> {
    let root = u64::from(le32(primary, 158)) * SECTOR;
    let record = span.read(root, SECTOR)?;
    let added = record.get(34..usize::from(record[0])).unwrap_or_default();
    let is_there = added.len() >= 7 && added.starts_with(b"SP") && added[4..6] == [0xbe, 0xef];
    Ok(is_there.then(|| usize::from(added[6])))
}

/// Reads what is added to a record whose name has so many bytes.
pub(super) fn read(span: &Span, record: &[u8], name: usize, skip: usize) -> io::Result<Extra> {
    let mut extra = Extra::default();
    let from = 33 + name + usize::from(name.is_multiple_of(2)) + skip;
    let mut area = record.get(from..).unwrap_or_default().to_vec();
    for _ in 0..MOST_AREAS {
        match extra.area(&area) {
            Some((block, offset, size)) => area = span.read(block * SECTOR + offset, size)?,
            None => break,
        }
    }
    Ok(extra)
}

impl Extra {
    /// Reads one area and returns where the next one is.
    fn area(&mut self, mut area: &[u8]) -> Option<(u64, u64, u64)> {
        let mut next = None;
        while area.len() >= 4 {
            let length = usize::from(area[2]);
            let Some(field) = area.get(..length).filter(|field| field.len() >= 4) else { break };
            match &field[..2] {
                b"CE" => next = Some([4, 12, 20].map(|at| u64::from(le32(field, at))).into()),
                b"ST" => break,
                _ => self.field(field),
            }
            area = &area[length..];
        }
        next
    }

    fn field(&mut self, field: &[u8]) {
        match &field[..2] {
            b"PX" => {
                self.mode = Some(le32(field, 4));
                (self.uid, self.gid) = (le32(field, 20), le32(field, 28));
            }
            b"NM" => self.name += &String::from_utf8_lossy(field.get(5..).unwrap_or_default()),
            b"SL" => self.link(field.get(5..).unwrap_or_default()),
            b"CL" => self.child = Some(u64::from(le32(field, 4)) * SECTOR),
            b"RE" => self.moved = true,
            _ => {}
        }
    }

    fn link(&mut self, mut parts: &[u8]) {
        let target = self.target.get_or_insert_default();
        while let [flags, length, ..] = parts {
            let end = (2 + usize::from(*length)).min(parts.len());
            let name = String::from_utf8_lossy(&parts[2..end]);
            let is_apart = !target.is_empty() && !target.ends_with('/');
            *target += if is_apart { "/" } else { "" };
            *target += match flags & 14 {
                2 => ".",
                4 => "..",
                8 => "/",
                _ => &name,
            };
            parts = &parts[end..];
        }
    }
}
