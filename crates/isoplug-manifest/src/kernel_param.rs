//! Says how a kernel parameter goes through a boot loader, and which cannot.
//!
//! The kernel takes its command line apart at blanks outside of double quotes, and takes the quotes
//! around a parameter or its value away (Linux, `next_arg` in lib/cmdline.c). GRUB writes that line of
//! words of its own: it puts a word with a blank between double quotes, and a backslash before each
//! `"`, `'` and `\` in a word (GRUB, grub-core/lib/cmdline.c), where the kernel would see it.

use std::fmt;

/// Why the kernel cannot get a parameter as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpassable {
    /// It is none, or several.
    NotOne,
    /// It holds a character before which GRUB writes a backslash.
    Escaped(char),
}

impl fmt::Display for Unpassable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOne => write!(out, "it is not one kernel parameter"),
            Self::Escaped(character) => write!(
                out,
                "GRUB writes a backslash before each `{character}`, so the kernel would not get it as \
                 it is"
            ),
        }
    }
}

/// Returns a parameter as the kernel reads it: without the double quotes around it or its value.
/// Given to GRUB as one word, the kernel gets this.
///
/// # Errors
///
/// What keeps it from being passed on as it is.
pub fn word(text: &str) -> Result<String, Unpassable> {
    let plain = unquoted(text);
    if let Some(character) = plain.chars().find(|each| ['"', '\'', '\\'].contains(each)) {
        return Err(Unpassable::Escaped(character));
    }
    let is_quoted = plain.len() < text.len();
    let breaks = |each: char| each.is_control() || each.is_whitespace() && each != ' ';
    let has_blank = plain.contains(' ');
    match plain.is_empty() || plain.contains(breaks) || (has_blank && !is_quoted) {
        true => Err(Unpassable::NotOne),
        false => Ok(plain),
    }
}

/// Takes the quotes around a parameter, or around its value, away.
fn unquoted(text: &str) -> String {
    let inside = |text: &str| {
        let inside = text.strip_prefix('"')?.strip_suffix('"')?;
        Some(inside.to_owned())
    };
    if let Some(whole) = inside(text) {
        return whole;
    }
    let value = text.split_once('=').and_then(|(name, value)| {
        let is_name = !name.contains(|each: char| each == '"' || each.is_whitespace());
        inside(value).filter(|_| is_name).map(|value| format!("{name}={value}"))
    });
    value.unwrap_or_else(|| text.to_owned())
}

/// Bytes of a command line that every architecture's kernel takes, with the NUL at its end
/// (`COMMAND_LINE_SIZE`: 2048 on x86 and arm64).
pub const LINE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_the_kernels() {
        let table = [
            ("quiet", "quiet"),
            ("dyndbg=\"file drivers/usb/core/hub.c +p\"", "dyndbg=file drivers/usb/core/hub.c +p"),
            ("\"dyndbg=file a.c +p\"", "dyndbg=file a.c +p"),
            ("memmap=64M$0x1000", "memmap=64M$0x1000"),
            ("a=\"b\"", "a=b"),
            ("acpi_osi=!", "acpi_osi=!"),
            ("a={b};#c", "a={b};#c"),
        ];
        for (text, expected) in table {
            assert_eq!(word(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_passed_is_refused() {
        use Unpassable::{Escaped, NotOne};
        let table = [
            ("", NotOne),
            ("quiet splash", NotOne),
            ("a=\"b\tc\"", NotOne),
            ("a=\"b\nc\"", NotOne),
            ("a='b'", Escaped('\'')),
            ("a=b\\x2dc", Escaped('\\')),
            ("a=\"b\"c", Escaped('"')),
            ("a=b\"c d\"", Escaped('"')),
            ("\"\"", NotOne),
        ];
        for (text, expected) in table {
            assert_eq!(word(text), Err(expected), "{text}");
        }
    }
}
