//! Compares package versions as deb-version(7) says.

use std::cmp::Ordering;

/// Orders two versions, the older first. Text that is no version still has a place in the order.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Parts::of(left), Parts::of(right));
    compare_epochs(left.epoch, right.epoch)
        .then_with(|| compare_parts(left.upstream, right.upstream))
        .then_with(|| compare_parts(left.revision, right.revision))
}

struct Parts<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }
}

/// Epochs are whole numbers of any length, so they are compared as text without leading zeros.
fn compare_epochs(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn compare_parts(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let order = compare_text(&mut left, &mut right).then_with(|| {
            let (left, right) = (take_number(&mut left), take_number(&mut right));
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        });
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Compares what stands before the next digits and steps over it.
fn compare_text(left: &mut &[u8], right: &mut &[u8]) -> Ordering {
    loop {
        let (a, b) = (weight(left), weight(right));
        if a != b {
            return a.cmp(&b);
        }
        if a == 0 {
            return Ordering::Equal;
        }
        (*left, *right) = (&left[1..], &right[1..]);
    }
}

/// A tilde sorts before the end, the end before letters, letters before all else.
fn weight(text: &[u8]) -> i32 {
    match text.first() {
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let zeros = text.iter().take_while(|byte| **byte == b'0').count();
    let rest = &text[zeros..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    *text = &rest[digits..];
    &rest[..digits]
}
