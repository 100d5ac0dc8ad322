//! Puts like contents next to each other, by what their names say about their type.
//!
//! A compressor sees one block at a time, so a block full of one type is the smaller one.

use std::path::Path;

use crate::squashfs::nodes::Node;

/// Where a content is stored: by type, then name, then path.
pub(in crate::squashfs) fn key<'a>(node: &Node<'a>) -> [&'a [u8]; 3] {
    let name = node.name();
    let executable = node.entry.mode & 0o111 != 0;
    [file_type(name, executable), name, node.path]
}

/// Returns a name for the type: the extension, if it is one.
fn file_type(name: &[u8], executable: bool) -> &[u8] {
    let extension = extension(name);
    if !extension.is_empty() && !extension.iter().all(u8::is_ascii_digit) {
        return extension;
    }
    if name.windows(4).any(|part| part == b".so.") {
        return b"so";
    }
    if executable { b"!executable" } else { b"" }
}

fn extension(name: &[u8]) -> &[u8] {
    use std::os::unix::ffi::OsStrExt;
    let name = Path::new(std::ffi::OsStr::from_bytes(name));
    name.extension().map(OsStrExt::as_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_from_names() {
        let told = [&b"a.py"[..], b"libc.so.6", b"libc.so", b"README", b"x.1", b".bashrc"]
            .map(|name| std::str::from_utf8(file_type(name, false)).unwrap());
        assert_eq!(told, ["py", "so", "so", "", "", ""]);
        assert_eq!(file_type(b"bash", true), b"!executable");
    }
}
