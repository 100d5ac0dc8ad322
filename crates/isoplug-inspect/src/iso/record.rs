//! Reads directory records of an ISO 9660 tree.

use std::collections::BTreeSet;
use std::io;

use crate::bad;
use crate::bytes::{be16, le32};
use crate::span::Span;

use super::rock_ridge::{self, Extra};
use super::{Entry, SECTOR};

/// Where names are taken from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    /// The records themselves: eight letters and three.
    Plain,
    /// Those of Microsoft, in UCS-2.
    Joliet,
    /// Those of Unix, after so many bytes.
    RockRidge(usize),
}

const FOLDER: u8 = 2;
const GOES_ON: u8 = 0x80;
/// Beyond this a folder is damaged.
const LARGEST_FOLDER: u64 = 64 << 20;

/// Returns all files and folders below the root that a descriptor names, by path.
pub(super) fn entries(span: &Span, descriptor: &[u8], names: Names) -> io::Result<Vec<Entry>> {
    let root = &descriptor[156..190];
    let mut open = vec![(String::new(), place(root))];
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((folder, (at, size))) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        for entry in folder_entries(span, &folder, at, size, names)? {
            if entry.folder {
                open.push((entry.path.clone(), (entry.at, entry.size)));
            }
            found.push(entry);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn place(record: &[u8]) -> (u64, u64) {
    (u64::from(le32(record, 2)) * SECTOR, le32(record, 10).into())
}

fn folder_entries(
    span: &Span,
    folder: &str,
    at: u64,
    size: u64,
    names: Names,
) -> io::Result<Vec<Entry>> {
    if size > LARGEST_FOLDER {
        return Err(bad(format!("the folder /{folder} is larger than can be")));
    }
    let bytes = span.read(at, size)?;
    let (mut found, mut goes_on) = (Vec::<Entry>::new(), false);
    for sector in bytes.chunks(SECTOR as usize) {
        let mut rest = sector;
        while let Some(record) = next(&mut rest) {
            let Some(entry) = entry(span, folder, record, names)? else { continue };
            match found.last_mut() {
                Some(last) if goes_on => last.size += entry.size,
                _ => found.push(entry),
            }
            goes_on = record[25] & GOES_ON != 0;
        }
    }
    Ok(found)
}

/// Takes the next record of a sector.
fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(*rest.first()?);
    let record = rest.get(..length).filter(|record| record.len() > 33)?;
    *rest = &rest[length..];
    Some(record)
}

fn entry(span: &Span, folder: &str, record: &[u8], names: Names) -> io::Result<Option<Entry>> {
    let length = usize::from(record[32]);
    let name = record.get(33..33 + length);
    let name = name.ok_or_else(|| bad(format!("a name in /{folder} is cut off")))?;
    let extra = match names {
        Names::RockRidge(skip) => rock_ridge::read(span, record, length, skip)?,
        _ => Extra::default(),
    };
    if matches!(name, [0] | [1]) || extra.moved {
        return Ok(None);
    }
    let name = if extra.name.is_empty() { own_name(name, names) } else { extra.name.clone() };
    let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
    let (at, size) = match extra.child {
        Some(child) => (child, u64::from(le32(&span.read(child, SECTOR)?, 10))),
        None => place(record),
    };
    Ok(Some(with_extra(Entry { path, at, size, ..Entry::default() }, record, extra)))
}

fn with_extra(entry: Entry, record: &[u8], extra: Extra) -> Entry {
    let mut time = [0; 7];
    time.copy_from_slice(&record[18..25]);
    Entry {
        folder: record[25] & FOLDER != 0 || extra.child.is_some(),
        mode: extra.mode.map(|mode| mode & 0o7777),
        uid: extra.uid,
        gid: extra.gid,
        time,
        target: extra.target,
        ..entry
    }
}

fn own_name(name: &[u8], names: Names) -> String {
    let name = match names {
        Names::Joliet => {
            let units: Vec<u16> = name.chunks_exact(2).map(|unit| be16(unit, 0)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(name).to_lowercase(),
    };
    let name = name.split(';').next().unwrap_or_default();
    name.trim_end_matches('.').to_owned()
}
