//! Reads an ISO 9660 medium: volume descriptors, the tree with Rock Ridge or Joliet names, boot records, partitions.
//!
//! Unlike the reader that extracts files, it knows where on the medium each file lies.

pub mod boot;
mod record;
mod rock_ridge;

use std::io;

use serde::Serialize;

use crate::bad;
use crate::bytes::{le32, text};
use crate::span::Span;

use boot::Boot;

/// Bytes of a sector.
pub const SECTOR: u64 = 2048;

/// What the volume says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The label by which an initrd finds it.
    pub id: String,
    /// Who published it.
    pub publisher: String,
    /// Who prepared it.
    pub preparer: String,
    /// What wrote it.
    pub application: String,
    /// When it was made, as 16 digits say it.
    pub created: String,
    /// When it was changed, of which Linux and GRUB make its UUID.
    pub modified: String,
    /// How many bytes it says that it has.
    pub bytes: u64,
    /// Whether its names have Rock Ridge.
    pub rock_ridge: bool,
    /// Whether it has Joliet names, too.
    pub joliet: bool,
    /// Whether a checksum of `isomd5sum` lies in it.
    pub media_check: bool,
}

/// A file or folder on the medium.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its path without a leading slash.
    pub path: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Where its bytes begin.
    pub at: u64,
    /// How many they are.
    pub size: u64,
    /// Permission bits, if Rock Ridge says them.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// When it was changed, as the seven bytes of the record say it.
    pub time: [u8; 7],
    /// The target of a symbolic link.
    pub target: Option<String>,
}

/// An open medium.
#[derive(Debug)]
pub struct Medium {
    /// All of it.
    pub span: Span,
    /// What it says of itself.
    pub volume: Volume,
    /// Files and folders by path.
    pub entries: Vec<Entry>,
    /// How it boots.
    pub boot: Boot,
}

impl Medium {
    /// Reads what is on a medium, contents aside.
    ///
    /// # Errors
    ///
    /// When it is not an ISO 9660 image, is damaged, or cannot be read.
    pub fn open(span: Span) -> io::Result<Self> {
        let mut found = Descriptors::default();
        for sector in 16..64 {
            let bytes = span.read(sector * SECTOR, SECTOR).map_err(|_| not_iso())?;
            if bytes.get(1..6) != Some(b"CD001") {
                return Err(not_iso());
            }
            match bytes[0] {
                0 if bytes[7..].starts_with(b"EL TORITO") => found.catalog = Some(le32(&bytes, 71)),
                1 if found.primary.is_empty() => found.primary = bytes,
                2 if is_joliet(&bytes) => found.joliet = Some(bytes),
                255 => break,
                _ => {}
            }
        }
        Self::of(span, &found)
    }

    fn of(span: Span, found: &Descriptors) -> io::Result<Self> {
        if found.primary.is_empty() {
            return Err(not_iso());
        }
        let rock_ridge = rock_ridge::skipped(&span, &found.primary)?;
        let entries = match (rock_ridge, &found.joliet) {
            (None, Some(joliet)) => record::entries(&span, joliet, record::Names::Joliet)?,
            (None, None) => record::entries(&span, &found.primary, record::Names::Plain)?,
            (Some(skip), _) => {
                record::entries(&span, &found.primary, record::Names::RockRidge(skip))?
            }
        };
        let volume = volume(&found.primary, rock_ridge.is_some(), found.joliet.is_some());
        let boot = Boot::read(&span, found.catalog, &entries)?;
        Ok(Self { span, volume, entries, boot })
    }

    /// Returns the file or folder at a path; case counts only where names differ in nothing else.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Entry> {
        let path = path.trim_start_matches('/');
        let exact = self.entries.iter().find(|entry| entry.path == path);
        exact.or_else(|| self.entries.iter().find(|entry| entry.path.eq_ignore_ascii_case(path)))
    }

    /// Returns the bytes of an entry as a part of the medium.
    #[must_use]
    pub fn part(&self, entry: &Entry) -> Span {
        self.span.part(entry.at, entry.size)
    }

    /// Returns the content of a file as text, what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let entry = self.find(path).filter(|entry| !entry.folder)?;
        let bytes = self.part(entry).all().ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn not_iso() -> io::Error {
    bad("it is not an ISO 9660 image")
}

/// What the descriptors at the beginning say.
#[derive(Default)]
struct Descriptors {
    primary: Vec<u8>,
    joliet: Option<Vec<u8>>,
    catalog: Option<u32>,
}

fn is_joliet(descriptor: &[u8]) -> bool {
    [&b"%/@"[..], b"%/C", b"%/E"].iter().any(|escape| descriptor[88..].starts_with(escape))
}

fn volume(primary: &[u8], rock_ridge: bool, joliet: bool) -> Volume {
    let field = |at: usize, size: usize| text(&primary[at..at + size]);
    Volume {
        id: field(40, 32),
        publisher: field(318, 128),
        preparer: field(446, 128),
        application: field(574, 128),
        created: field(813, 16),
        modified: field(830, 16),
        bytes: u64::from(le32(primary, 80)) * SECTOR,
        rock_ridge,
        joliet,
        media_check: primary[883..1395].starts_with(b"ISO MD5SUM"),
    }
}
