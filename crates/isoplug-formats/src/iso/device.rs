//! The file under an image that is being written: hashes what passes and mends GRUB's MBR.
//!
//! Knows that hadris writes every block once and in ascending order; anything else is an error.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use hadris_io::{Error, ErrorKind, ErrorType};
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};
use sha2::{Digest, Sha256};

use super::Watch;
use super::shared::Passages;

const BLOCK: u32 = 512;

/// Where boot_hybrid.img keeps the sector to load (grub-core/boot/i386/pc/boot.S,
/// `GRUB_BOOT_MACHINE_KERNEL_SECTOR` of the hybrid variant).
const GRUB_SECTOR: std::ops::Range<usize> = 0x1b0..0x1b8;

pub(super) struct Output<'a> {
    file: &'a File,
    watch: Watch<'a>,
    grub_mbr: bool,
    passages: Passages,
    written: u64,
    sha256: Sha256,
}

impl<'a> Output<'a> {
    pub(super) fn new(
        file: &'a File,
        watch: Watch<'a>,
        grub_mbr: bool,
        passages: Passages,
    ) -> Self {
        Self { file, watch, grub_mbr, passages, written: 0, sha256: Sha256::new() }
    }

    pub(super) fn finish(self) -> (u64, [u8; 32]) {
        (self.written, self.sha256.finalize().into())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sha256.update(bytes);
        if !self.passages.hold(self.written, bytes.len() as u64) {
            self.file.write_all_at(bytes, self.written)?;
        }
        self.written += bytes.len() as u64;
        self.passages.share(self.file, self.written)?;
        (self.watch)(self.written)
    }
}

/// GRUB's MBR code wants the fifth 512-byte sector of its boot image; hadris names the first.
fn mend_mbr(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(field) = bytes.get_mut(GRUB_SECTOR) {
        let mut sector = [0; 8];
        sector.copy_from_slice(field);
        field.copy_from_slice(&(u64::from_le_bytes(sector) + 4).to_le_bytes());
    }
    bytes
}

impl ErrorType for Output<'_> {
    type Error = io::Error;
}

impl BlockDevice for Output<'_> {
    fn block_size(&self) -> BlockSize {
        const SIZE: BlockSize = match BlockSize::new(BLOCK) {
            Some(size) => size,
            None => unreachable!(),
        };
        SIZE
    }

    fn block_count(&self) -> u64 {
        self.written / u64::from(BLOCK)
    }

    fn max_block_count(&self) -> u64 {
        u64::MAX / u64::from(BLOCK)
    }

    fn writable(&self) -> bool {
        true
    }

    fn read_blocks(&mut self, _: BlockIndex, _: &mut [u8]) -> Result<(), Error<io::Error>> {
        Err(Error::new(ErrorKind::Unsupported, "an image being written is not read"))
    }

    fn write_blocks(&mut self, first: BlockIndex, bytes: &[u8]) -> Result<(), Error<io::Error>> {
        if first.get() != self.block_count() {
            return Err(Error::new(ErrorKind::Unsupported, "blocks are not written in order"));
        }
        let written = match self.grub_mbr && self.written == 0 {
            true => self.append(&mend_mbr(bytes)),
            false => self.append(bytes),
        };
        written.map_err(|error| Error::device(error, "writing the image failed"))
    }
}
