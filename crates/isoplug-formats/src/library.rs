//! Names the libraries that compress, with the versions that decide their bytes.
//!
//! Whoever keeps compressed bytes between builds puts the name into the key: another version may make
//! other bytes of the same input.

/// A library that compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// zstd.
    Zstd,
    /// zlib-rs.
    Deflate,
    /// liblzma.
    Xz,
    /// lz4_flex.
    Lz4,
}

/// Versions of the libraries that cannot be asked; a test compares them with Cargo.lock.
const PINNED: [(Library, &str, &str); 3] = [
    (Library::Deflate, "zlib-rs", "0.6.8"),
    (Library::Xz, "liblzma-sys", "0.4.9"),
    (Library::Lz4, "lz4_flex", "0.11.6"),
];

impl Library {
    /// Returns the version: `1.5.7`.
    #[must_use]
    pub fn version(self) -> &'static str {
        let pinned = PINNED.iter().find(|(library, ..)| *library == self);
        pinned.map_or_else(zstd::zstd_safe::version_string, |(.., version)| version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_versions_are_those_that_are_built() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        for (_, library, version) in PINNED {
            let line = format!("name = \"{library}\"\nversion = \"{version}\"\n");
            assert!(
                lock.contains(&line),
                "{library} is no longer {version}: write the new version"
            );
        }
    }

    #[test]
    fn zstd_is_asked() {
        assert!(Library::Zstd.version().starts_with("1."));
    }
}
