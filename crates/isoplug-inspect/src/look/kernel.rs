//! What a kernel image says of itself.

use std::io;

use crate::bytes::{le16, text};
use crate::span::Span;

/// Returns the version of a kernel for x86, without what follows the first blank.
///
/// # Errors
///
/// When it cannot be read.
pub fn version(span: &Span) -> io::Result<Option<String>> {
    let head = span.read_some(0, 0x250)?;
    if head.get(0x202..0x206) != Some(b"HdrS") {
        return Ok(None);
    }
    let at = u64::from(le16(&head, 0x20e)) + 0x200;
    let said = text(&span.read_some(at, 256)?);
    Ok(said.split_whitespace().next().map(str::to_owned))
}

/// Tells what kind of kernel image it is.
///
/// # Errors
///
/// When it cannot be read.
pub fn kind(span: &Span) -> io::Result<&'static str> {
    let head = span.read_some(0, 0x250)?;
    Ok(match () {
        () if head.get(0x202..0x206) == Some(b"HdrS") => "bzImage",
        () if head.get(0x38..0x3c) == Some(b"ARMd") => "arm64 image",
        () if head.starts_with(b"MZ") => "EFI program",
        () if head.starts_with(&[0x1f, 0x8b]) => "gzip",
        () if head.starts_with(b"\x7fELF") => "ELF",
        () => "unknown",
    })
}
