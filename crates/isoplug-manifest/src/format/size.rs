//! Formats of sizes in bytes, amounts and lengths of time.

use super::{Finding, Verdict, require};

/// Reads a number with an optional unit: `K`, `M`, `G` with or without `iB` are powers of 1024,
/// with `B` powers of 1000.
#[must_use]
pub fn byte_size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Reads a number with an optional `k`, `M`, `G` or `T`, powers of 1000.
pub(crate) fn amount(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Takes a number from the unit behind it and the spaces between them.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let number = text.trim_end_matches(|each: char| each.is_ascii_alphabetic() || each == ' ');
    Some((number.parse().ok()?, &text[number.len()..]))
}

/// Reads a number of seconds, `60s`, or minutes, `2m`.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (digits, factor) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s')?, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

pub(super) fn amount_text(text: &str) -> Verdict {
    require(amount(text).is_some(), || {
        Finding::new("bad-size", format!("\"{text}\" is not an amount"))
            .help("such as `500M` or `10G`")
    })
}

pub(super) fn duration(text: &str) -> Verdict {
    require(seconds(text).is_some(), || {
        Finding::new("bad-size", format!("\"{text}\" is not a length of time"))
            .help("such as `60s` or `2m`")
    })
}

pub(super) fn size(text: &str) -> Verdict {
    require(byte_size(text).is_some(), || {
        Finding::new("bad-size", format!("\"{text}\" is not a size"))
            .help("such as `700MiB` or `4GB`")
    })
}

/// Squashfs takes powers of two from 4 KiB to 1 MiB.
pub(super) fn block_size(text: &str) -> Verdict {
    let fits = |size: u64| size.is_power_of_two() && (4 << 10..=1 << 20).contains(&size);
    require(byte_size(text).is_some_and(fits), || {
        Finding::new("bad-size", format!("\"{text}\" is not a block size of squashfs"))
            .help("a power of two from `4KiB` to `1MiB`")
    })
}
