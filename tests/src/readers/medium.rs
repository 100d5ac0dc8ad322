//! What lies in images: programs and kernel modules, and ISO 9660.

use std::io::Write;

use isoplug_formats::elf::{KernelModule, Linkage};
use isoplug_formats::iso::Reader;

/// A program, a library or a kernel module.
pub(super) fn elf(bytes: &[u8]) {
    _ = (Linkage::read(bytes), KernelModule::read(bytes));
}

/// An ISO: all that it lists, and the bytes of each file that is not longer than the ISO.
pub(super) fn iso(bytes: &[u8]) {
    let mut image = tempfile::NamedTempFile::new().expect("a file for the image");
    image.write_all(bytes).expect("the image is written");
    let Ok(reader) = Reader::open(image.path()) else { return };
    _ = reader.volume_id();
    for listed in reader.list().unwrap_or_default().iter().take(64) {
        if !listed.folder && listed.size <= bytes.len() as u64 {
            _ = reader.read(&listed.path);
        }
    }
}
