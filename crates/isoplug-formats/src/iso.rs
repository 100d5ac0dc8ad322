//! Writes files and boot images as one hybrid ISO 9660 image, and reads files out of such an image.
//!
//! The layout boots from a CD (El Torito) and from a USB stick (MBR code and a GPT with the ESP
//! appended as a partition). Knows no boot loader beyond GRUB's MBR and no menu.

mod device;
mod media_check;
mod read;
mod shared;
mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

pub use media_check::implant;
pub use read::{Listed, Reader, list, read_file};
pub use write::Hadris;

/// Where the bytes of a file on the image come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// A file of the build machine, read when the image is written.
    File(PathBuf),
}

/// One file on the image; root owns it and its time is the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its bytes.
    pub source: Source,
    /// Permission bits as Rock Ridge keeps them.
    pub mode: u16,
}

impl From<Source> for Entry {
    fn from(source: Source) -> Self {
        Self { source, mode: 0o644 }
    }
}

/// How a BIOS boots the image through GRUB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bios {
    /// The path on the image of GRUB's El Torito image (`eltorito.img`), one of the image's files.
    pub eltorito: String,
    /// GRUB's MBR code for hybrid images (`boot_hybrid.img`), of which the first 440 bytes are used.
    pub bootstrap: Vec<u8>,
}

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The volume id (the label by which a file system is found): up to 32 of `A-Z 0-9 _`.
    pub volume_id: String,
    /// The one time of all files and folders, in seconds since 1970.
    pub epoch: u64,
    /// Tells this image's UUIDs from those of another image of the same epoch: it decides the GPT's
    /// GUIDs and how much earlier than the epoch (below one day) the volume's modification date
    /// lies, of which Linux and GRUB make the file system's UUID.
    pub identity: u64,
    /// The files by path, without a leading slash. Their data lies on the image in this order, each
    /// folder's files before those of its folders' folders.
    pub files: BTreeMap<String, Entry>,
    /// Boots under a BIOS if given.
    pub bios: Option<Bios>,
    /// A FAT image (see [`crate::fat`]) that UEFI firmware boots from, if given.
    pub esp: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The image's length in bytes.
    pub size: u64,
    /// The SHA-256 of the image.
    pub sha256: [u8; 32],
    /// What the image could not keep, such as names too long for Joliet; one sentence each.
    pub warnings: Vec<String>,
}

/// Is told how many bytes are written so far; an error ends the writing and becomes its error.
pub type Watch<'a> = &'a mut dyn FnMut(u64) -> io::Result<()>;

/// Writes images. Equal images give equal bytes.
pub trait IsoWriter {
    /// Writes the image into the file, which is emptied first.
    ///
    /// # Errors
    ///
    /// When ISO 9660 cannot hold the time, the layout is refused, the boot image is not among the files, or something
    /// cannot be read or written.
    fn write(&self, out: &File, image: &Image, watch: Watch<'_>) -> Result<Report, Error>;
}

/// Why an image is not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The epoch is outside of the years 1970 to 2155 that ISO 9660 can say.
    #[error("epoch {0} is outside the times that ISO 9660 can store")]
    Epoch(u64),
    /// The El Torito image is none of the files.
    #[error("boot image {0} is not among the files of the image")]
    BootImage(String),
    /// The layout was refused, a source could not be read or the image could not be written.
    #[error("cannot write the ISO image")]
    Write(#[source] io::Error),
    /// The image could not be opened or is no ISO 9660.
    #[error("cannot read {} as ISO 9660", image.display())]
    Open {
        /// The image.
        image: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A path in the image could not be read or is not there.
    #[error("cannot read {path} in {}", image.display())]
    Read {
        /// The image.
        image: PathBuf,
        /// The path in it.
        path: String,
        /// What went wrong.
        source: io::Error,
    },
}
