//! Reads a `Sources` index: one borrowed record for each source package (the Debian wiki's "RepositoryFormat").

use super::stanza;

/// One source package of an index. A field that the stanza lacks is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// `Package`
    pub name: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Directory`: where its files are, below the archive's root.
    pub directory: &'a str,
    /// The files of `Checksums-Sha256`, in their order.
    pub files: Vec<File<'a>>,
}

/// One file of a source package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// SHA-256 in hexadecimal digits.
    pub sha256: &'a str,
    /// Length in bytes.
    pub size: u64,
}

/// Returns the source packages of an index in its order.
pub fn sources(text: &str) -> impl Iterator<Item = Source<'_>> {
    stanza::stanzas(text).map(source).filter(|source| !source.name.is_empty())
}

/// Reads one stanza.
pub fn source(stanza: &str) -> Source<'_> {
    let mut source = Source::default();
    for (name, value) in stanza::fields(stanza) {
        match name {
            "Package" => source.name = value,
            "Version" => source.version = value,
            "Directory" => source.directory = value.trim_start_matches("./").trim_matches('/'),
            "Checksums-Sha256" => source.files = value.lines().filter_map(file).collect(),
            _ => {}
        }
    }
    source
}

/// Reads `SHA256 SIZE NAME`.
fn file(line: &str) -> Option<File<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (sha256, size, name) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    words.next().is_none().then_some(File { name, sha256, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Debian's index has it, shortened.
    const INDEX: &str = "\
Package: base-files
Format: 3.0 (native)
Binary: base-files
Version: 13.8+deb13u1
Checksums-Sha256:
 8f3f2a4fd08b28d9c3f9a9b5a1d5c2e5e5b0a6f4e6a1c9a1b2c3d4e5f6a7b8c9 1108 base-files_13.8+deb13u1.dsc
 1111111111111111111111111111111111111111111111111111111111111111 64712 base-files_13.8+deb13u1.tar.xz
Directory: pool/main/b/base-files

Package: flat
Version: 1
Directory: .
Checksums-Sha256:
 not a line
";

    #[test]
    fn an_index_is_read() {
        let all: Vec<Source> = sources(INDEX).collect();
        assert_eq!(all.len(), 2);
        let Source { name, version, directory, files } = &all[0];
        assert_eq!((*name, *version), ("base-files", "13.8+deb13u1"));
        assert_eq!(*directory, "pool/main/b/base-files");
        assert_eq!(files.len(), 2);
        assert_eq!((files[0].name, files[0].size), ("base-files_13.8+deb13u1.dsc", 1108));
        assert!(files[1].sha256.starts_with("1111"));
        assert_eq!((all[1].directory, all[1].files.len()), (".", 0));
    }
}
