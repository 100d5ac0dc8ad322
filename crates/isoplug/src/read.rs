//! Reads files of a folder that a stranger may have filled: regular files only, and not without end.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The most bytes of a manifest, of what it includes, of a lock, of a plugin and of a secret.
const LARGEST: u64 = 64 << 20;

/// Returns the text of a file.
///
/// # Errors
/// Those of [`regular`], what the system says, and a file that is too long.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    regular(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    not_too_long(text.len()).map(|()| text)
}

/// Returns the bytes of a file.
///
/// # Errors
/// Those of [`read_text`].
pub(crate) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    regular(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    not_too_long(bytes.len()).map(|()| bytes)
}

/// Opens a file.
///
/// # Errors
/// A pipe, a device or a folder, before it is opened: opening a pipe waits.
fn regular(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it must be a regular file"));
    }
    File::open(path)
}

fn not_too_long(length: usize) -> io::Result<()> {
    if length as u64 <= LARGEST {
        return Ok(());
    }
    let why = format!("it has more than {} MiB", LARGEST >> 20);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        for path in ["/dev/zero", "/proc/self/fd", "/"] {
            let error = read_text(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path}");
            let error = read_bytes(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path}");
        }
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(read_text(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let long = folder.path().join("long");
        File::create(&long).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(read_text(&long).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
