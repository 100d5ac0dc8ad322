//! Reads the files of a FAT volume: the EFI System Partition.

use std::io;

use crate::bad;
use crate::bytes::{le16, le32};
use crate::span::Span;

/// A file of the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path without a leading slash.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    cluster: u32,
}

/// An open volume.
#[derive(Debug)]
pub struct Fat {
    span: Span,
    /// The first file allocation table.
    table: Vec<u8>,
    /// How wide its numbers are: 12, 16 or 32.
    bits: u8,
    cluster: u64,
    /// Where cluster 2 begins.
    data: u64,
    /// Where the root of FAT12 and FAT16 lies, and how long it is.
    root: (u64, u64),
    root_cluster: u32,
}

const LARGEST: u64 = 64 << 20;

impl Fat {
    /// Opens a volume.
    ///
    /// # Errors
    ///
    /// When it is not FAT, is damaged, or cannot be read.
    pub fn open(span: Span) -> io::Result<Self> {
        let head = span.read(0, 512)?;
        let field = |at: usize| u64::from(le16(&head, at));
        let wide = |small: u64, at: usize| if small == 0 { le32(&head, at).into() } else { small };
        let (sector, per_cluster) = (field(11), u64::from(head[13]));
        let is_fat = head[510..] == [0x55, 0xaa];
        if !is_fat || !sector.is_power_of_two() || !per_cluster.is_power_of_two() {
            return Err(bad("it is not a FAT volume"));
        }
        let cluster = per_cluster * sector;
        let (table, fats) = (wide(field(22), 36) * sector, field(14) * sector);
        let root = (fats + u64::from(head[16]) * table, (field(17) * 32).next_multiple_of(sector));
        let data = root.0 + root.1;
        let bits = bits((wide(field(19), 32) * sector).saturating_sub(data) / cluster);
        let table = span.read(fats, table.min(LARGEST))?;
        let root_cluster = le32(&head, 44);
        Ok(Self { span, table, bits, cluster, data, root, root_cluster })
    }

    /// Returns all files.
    ///
    /// # Errors
    ///
    /// When a folder is damaged or cannot be read.
    pub fn files(&self) -> io::Result<Vec<File>> {
        let root = match self.bits {
            32 => self.chain(self.root_cluster, LARGEST)?,
            _ => self.span.read(self.root.0, self.root.1)?,
        };
        let (mut found, mut open, mut folders) = (Vec::new(), vec![(String::new(), root)], 0);
        while let Some((folder, bytes)) = open.pop() {
            for (name, is_folder, file) in entries(&bytes) {
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                folders += usize::from(is_folder);
                if is_folder && folders < 4096 {
                    open.push((path, self.chain(file.cluster, LARGEST)?));
                } else if !is_folder {
                    found.push(File { path, ..file });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Returns the content of a file.
    ///
    /// # Errors
    ///
    /// When it is damaged or cannot be read.
    pub fn read(&self, file: &File) -> io::Result<Vec<u8>> {
        let mut bytes =
            if file.size == 0 { Vec::new() } else { self.chain(file.cluster, file.size)? };
        bytes.truncate(file.size as usize);
        Ok(bytes)
    }

    /// Reads clusters that follow each other, up to so many bytes.
    fn chain(&self, mut cluster: u32, most: u64) -> io::Result<Vec<u8>> {
        let (mut bytes, end) = (Vec::new(), (1 << self.bits.min(28)) - 9);
        while (2..end).contains(&cluster) && (bytes.len() as u64) < most {
            let at = self.data + u64::from(cluster - 2) * self.cluster;
            bytes.extend(self.span.read(at, self.cluster)?);
            cluster = self.next(cluster);
        }
        Ok(bytes)
    }

    fn next(&self, cluster: u32) -> u32 {
        let at = cluster as usize;
        match self.bits {
            12 => u32::from(le16(&self.table, at + at / 2) >> (4 * (at % 2)) & 0xfff),
            16 => le16(&self.table, at * 2).into(),
            _ => le32(&self.table, at * 4) & 0x0fff_ffff,
        }
    }
}

/// Returns how wide the numbers of the table are: the count of clusters alone decides.
fn bits(clusters: u64) -> u8 {
    match clusters {
        0..4085 => 12,
        4085..65525 => 16,
        _ => 32,
    }
}

const LONG: u8 = 0x0f;
const LABEL: u8 = 0x08;
const FOLDER: u8 = 0x10;

/// Returns name, whether it is a folder, and place of each entry of a folder.
fn entries(folder: &[u8]) -> Vec<(String, bool, File)> {
    let (mut found, mut long) = (Vec::new(), Vec::<u16>::new());
    for record in folder.chunks_exact(32).take_while(|record| record[0] != 0) {
        let kind = record[11];
        if record[0] == 0xe5 || kind & LABEL != 0 && kind != LONG || record[0] == b'.' {
            long.clear();
        } else if kind == LONG {
            let part =
                [1..11, 14..26, 28..32].into_iter().flat_map(|range| record[range].chunks_exact(2));
            let part = part.map(|unit| le16(unit, 0)).take_while(|unit| *unit != 0);
            long = part.chain(std::mem::take(&mut long)).collect();
        } else {
            let name =
                if long.is_empty() { short(record) } else { String::from_utf16_lossy(&long) };
            let cluster = u32::from(le16(record, 20)) << 16 | u32::from(le16(record, 26));
            let file = File { path: String::new(), size: le32(record, 28).into(), cluster };
            found.push((name, kind & FOLDER != 0, file));
            long.clear();
        }
    }
    found
}

/// Returns a name of eight letters and three; two bits say which of them are small.
fn short(record: &[u8]) -> String {
    let part = |range: std::ops::Range<usize>, small: u8| {
        let text = String::from_utf8_lossy(&record[range]).trim_end().to_owned();
        if record[12] & small != 0 { text.to_lowercase() } else { text }
    };
    let (name, end) = (part(0..8, 8), part(8..11, 16));
    if end.is_empty() { name } else { format!("{name}.{end}") }
}
