//! Reads texts of a folder that a stranger may have filled: regular files only, and not without end.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The most bytes of a manifest, of what it includes, and of a lock.
const LARGEST: u64 = 64 << 20;

/// Returns the text of a file.
///
/// # Errors
/// What the system says; a pipe, a device or a folder is refused before it is opened, since opening a pipe waits.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it must be a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        let why = format!("it has more than {} MiB", LARGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        for path in ["/dev/zero", "/proc/self/fd", "/"] {
            let error = read_text(Path::new(path)).unwrap_err();
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
