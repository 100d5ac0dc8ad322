//! Reads finished images, of isoplug and of others: the medium, its boot loaders, the root filesystem in its squashfs.
//!
//! Knows bytes and what programs of Debian's family keep in them; no stage, no store and no manifest. What it cannot
//! read it says, and goes on.

mod bytes;
pub mod copyright;
pub mod cve;
pub mod debs;
pub mod diff;
pub mod fat;
pub mod image;
pub mod iso;
pub mod look;
pub mod report;
pub mod root;
pub mod span;
pub mod squashfs;
pub mod target;
pub mod verify;

use std::io;

/// Bytes that say what cannot be.
fn bad(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

/// Why an image is not read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {what}")]
pub struct Error {
    /// What could not be read.
    pub what: String,
    /// Why.
    pub source: io::Error,
}

impl Error {
    fn at(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self { what, source }
    }
}
