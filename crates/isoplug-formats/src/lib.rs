//! Bytes in and out: trees, squashfs images, Debian packages and indices, ELF, cpio, ISO 9660 and FAT; what compresses them.
//!
//! Knows no stages, no store and no manifest: every function takes readers, writers or trees.

pub mod apt;
pub mod cpio;
pub mod deb;
pub mod elf;
pub mod fat;
pub mod iso;
pub mod library;
pub mod picture;
pub mod squashfs;
pub mod tar;
pub mod tree;
pub mod verity;
