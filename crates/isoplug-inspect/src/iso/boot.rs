//! Reads how a medium boots: El Torito, the MBR and the GPT.

use std::io;

use serde::Serialize;

use crate::bytes::{crc32, hex, le16, le32, le64, text};
use crate::span::Span;

use super::{Entry, SECTOR};

/// An image that El Torito names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootImage {
    /// `bios`, `uefi`, or the number of another platform.
    pub platform: String,
    /// Where it begins.
    pub at: u64,
    /// How many bytes the catalogue says that it has.
    pub bytes: u64,
    /// The file that it is, if it is one.
    pub file: Option<String>,
    /// Whether firmware may boot it.
    pub bootable: bool,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// The table that names it: `gpt` or `mbr`.
    pub table: &'static str,
    /// Its type.
    pub kind: String,
    /// Its name in a GPT.
    pub name: String,
    /// Where it begins.
    pub at: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// How a medium boots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Boot {
    /// What El Torito names, in its order.
    pub images: Vec<BootImage>,
    /// Whether the first sector has code for a BIOS.
    pub mbr_code: bool,
    /// The partitions of MBR and GPT.
    pub partitions: Vec<Partition>,
    /// Whether there is a GPT.
    pub gpt: bool,
    /// Where the boot catalogue lies, which follows from where all else does.
    pub catalog_at: Option<u64>,
    /// What is wrong with the tables.
    pub faults: Vec<String>,
}

/// How GPT calls an EFI System Partition.
const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
/// A block of disks.
const BLOCK: u64 = 512;

impl Boot {
    pub(super) fn read(span: &Span, catalog: Option<u32>, entries: &[Entry]) -> io::Result<Self> {
        let mut boot = Self::default();
        if let Some(catalog) = catalog {
            boot.catalog_at = Some(u64::from(catalog) * SECTOR);
            boot.catalog(&span.read_some(u64::from(catalog) * SECTOR, SECTOR)?, entries);
        }
        boot.mbr(&span.read(0, BLOCK)?);
        boot.gpt(span)?;
        Ok(boot)
    }

    /// Returns where the EFI System Partition lies.
    #[must_use]
    pub fn esp(&self, span: &Span) -> Option<Span> {
        let by_table = |kind: &'static str| self.partitions.iter().find(move |it| it.kind == kind);
        let place = by_table(ESP).or_else(|| by_table("ef")).map(|it| (it.at, it.bytes));
        let image = || self.images.iter().find(|image| image.platform == "uefi");
        // The catalogue's length counts little: some write a single sector.
        let (at, bytes) = place.or_else(|| image().map(|it| (it.at, it.bytes.max(64 << 20))))?;
        Some(span.part(at, bytes))
    }

    fn catalog(&mut self, catalog: &[u8], entries: &[Entry]) {
        if catalog.len() < 64 || catalog[0] != 1 || catalog[30..32] != [0x55, 0xaa] {
            self.faults.push("the boot catalogue of El Torito is damaged".to_owned());
            return;
        }
        let mut platform = catalog[1];
        self.images.push(image(&catalog[32..64], platform, entries));
        for record in catalog[64..].chunks_exact(32) {
            match record[0] {
                0x90 | 0x91 => platform = record[1],
                0x88 => self.images.push(image(record, platform, entries)),
                _ => {}
            }
        }
    }

    fn mbr(&mut self, sector: &[u8]) {
        if sector[510..512] != [0x55, 0xaa] {
            return;
        }
        self.mbr_code = sector[..440].iter().any(|byte| *byte != 0);
        for record in sector[446..510].chunks_exact(16) {
            let (kind, at, blocks) = (record[4], le32(record, 8), le32(record, 12));
            if kind != 0 && blocks != 0 {
                let (at, bytes) = (u64::from(at) * BLOCK, u64::from(blocks) * BLOCK);
                let kind = format!("{kind:02x}");
                self.partitions.push(Partition {
                    table: "mbr",
                    kind,
                    name: String::new(),
                    at,
                    bytes,
                });
            }
        }
    }

    fn gpt(&mut self, span: &Span) -> io::Result<()> {
        let head = span.read(BLOCK, BLOCK)?;
        if !head.starts_with(b"EFI PART") {
            return Ok(());
        }
        self.gpt = true;
        let (count, size) = (u64::from(le32(&head, 80)), u64::from(le32(&head, 84)));
        let bytes = (count * size).min(1 << 20);
        let table = span.read_some(le64(&head, 72).saturating_mul(BLOCK), bytes)?;
        self.check_gpt(head, &table);
        let size = size.clamp(128, 4096) as usize;
        self.partitions.extend(table.chunks_exact(size).filter_map(partition));
        Ok(())
    }

    fn check_gpt(&mut self, mut head: Vec<u8>, table: &[u8]) {
        let (said, length) = (le32(&head, 16), le32(&head, 12) as usize);
        head[16..20].fill(0);
        if head.get(..length).map(crc32) != Some(said) {
            self.faults.push("the checksum of the GPT's header is wrong".to_owned());
        }
        if crc32(table) != le32(&head, 88) {
            self.faults.push("the checksum of the GPT's entries is wrong".to_owned());
        }
    }
}

/// Reads an entry of a GPT, if it is used.
fn partition(record: &[u8]) -> Option<Partition> {
    let (first, last) = (le64(record, 32), le64(record, 40));
    let is_used = record[..16].iter().any(|byte| *byte != 0);
    let blocks = last.checked_sub(first).filter(|_| is_used)?.saturating_add(1);
    let units: Vec<u16> = record[56..128].chunks_exact(2).map(|unit| le16(unit, 0)).collect();
    Some(Partition {
        table: "gpt",
        kind: guid(record),
        name: text(String::from_utf16_lossy(&units).as_bytes()),
        at: first.saturating_mul(BLOCK),
        bytes: blocks.saturating_mul(BLOCK),
    })
}

fn image(record: &[u8], platform: u8, entries: &[Entry]) -> BootImage {
    let at = u64::from(le32(record, 8)) * SECTOR;
    let platform = match platform {
        0 => "bios".to_owned(),
        0xef => "uefi".to_owned(),
        other => format!("platform {other}"),
    };
    let file = entries.iter().find(|entry| !entry.folder && entry.size > 0 && entry.at == at);
    let (file, bytes) = (file.map(|entry| entry.path.clone()), u64::from(le16(record, 6)) * BLOCK);
    BootImage { platform, at, bytes, file, bootable: record[0] == 0x88 }
}

/// Returns a GUID as it is written: its first three numbers are turned round.
fn guid(bytes: &[u8]) -> String {
    let turned =
        |from: usize, to: usize| hex(&bytes[from..to].iter().rev().copied().collect::<Vec<_>>());
    let (last, node) = (hex(&bytes[8..10]), hex(&bytes[10..16]));
    format!("{}-{}-{}-{last}-{node}", turned(0, 4), turned(4, 6), turned(6, 8))
}
