//! Everything that reads bytes which others wrote, each as a function that takes any bytes: data or an error come of
//! them, in bounded memory and time, never a panic.
//!
//! The test `readers` feeds them seeds and changed seeds, `tests/fuzz` what libFuzzer finds. Knows
//! neither.

mod archive;
mod medium;
mod project;
mod registry;
mod stored;

/// A reader, and how many bytes are enough for it: time grows with length, and finds do not.
pub struct Reader {
    /// What it reads, and the name of its folder of seeds.
    pub name: &'static str,
    /// Reads the bytes.
    pub read: fn(&[u8]),
    /// The most bytes to try.
    pub longest: usize,
}

/// All readers, by subject. `tests/fuzz/seeds` has a folder for each.
pub const READERS: [Reader; 19] = [
    reader("index", archive::index, 16 << 10),
    reader("sources", archive::sources, 16 << 10),
    reader("release", archive::release, 16 << 10),
    reader("relation", archive::relation, 1 << 10),
    reader("deb", archive::deb, 64 << 10),
    reader("keyring", archive::keyring, 16 << 10),
    reader("signature", archive::signature, 16 << 10),
    reader("elf", medium::elf, 64 << 10),
    reader("iso", medium::iso, 256 << 10),
    reader("tree", stored::tree, 16 << 10),
    reader("overlay", stored::overlay, 16 << 10),
    reader("selection", stored::selection, 16 << 10),
    reader("squashfs", stored::squashfs, 4 << 10),
    reader("blocks", stored::blocks, 4 << 10),
    reader("lists", stored::lists, 16 << 10),
    reader("manifest", project::manifest, 8 << 10),
    reader("lock", project::lock, 16 << 10),
    reader("secrets", project::secrets, 16 << 10),
    reader("oci", registry::oci, 32 << 10),
];

const fn reader(name: &'static str, read: fn(&[u8]), longest: usize) -> Reader {
    Reader { name, read, longest }
}
