//! The checksum of a content as it is read. Knows no medium.

use std::io::{self, Read};

use isoplug_engine::{Digest, Hasher};

/// Returns the digest of all that a content still has.
///
/// # Errors
///
/// When it cannot be read.
pub(super) fn digest(mut content: impl Read) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..read]);
    }
}
