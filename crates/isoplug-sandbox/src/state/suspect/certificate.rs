//! Finds certificates that became valid after the epoch, so were made while packages were
//! installed. Those that packages bring are older.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{find, sequence};
use super::time::{days, seconds_of};

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Whether one of the certificates is valid from after the epoch on.
pub(super) fn is_newer(bytes: &[u8], epoch: u32) -> bool {
    let starts = |der: &[u8]| times(der).next();
    let is_newer = |der: &[u8]| starts(der).is_some_and(|time| time > i64::from(epoch));
    sequence(bytes).is_some_and(|_| is_newer(bytes)) || of_pem(bytes).any(|der| is_newer(&der))
}

/// Whether bytes are nothing but a certificate in DER.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    sequence(bytes).is_some() && times(bytes).next().is_some()
}

/// Returns the days since 1970 of the times in a text's certificates, as others write them beside these.
pub(super) fn days_of(text: &str) -> BTreeSet<i64> {
    let days = |der: Vec<u8>| times(&der).map(|time| time.div_euclid(86400)).collect::<Vec<_>>();
    of_pem(text.as_bytes()).flat_map(days).collect()
}

/// Returns the certificates in PEM, in DER.
fn of_pem(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut rest = bytes;
    let next = std::iter::from_fn(move || {
        rest = &rest[find(rest, BEGIN)? + BEGIN.len()..];
        let end = find(rest, b"-----").unwrap_or(rest.len());
        let text = rest[..end].iter().copied().filter(|byte| !byte.is_ascii_whitespace());
        Some(STANDARD.decode(text.collect::<Vec<u8>>()))
    });
    next.filter_map(Result::ok)
}

/// Returns a text without its certificates.
pub(super) fn without(text: &str) -> String {
    let mut parts = text.split("-----BEGIN CERTIFICATE-----");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept += part.split_once("-----END CERTIFICATE-----").map_or(part, |(_, rest)| rest);
    }
    kept
}

/// Returns the times in a certificate, of UTCTime (RFC 5280, 4.1.2.5.1) or of GeneralizedTime, in seconds since 1970: first
/// that from which on it is valid.
fn times(der: &[u8]) -> impl Iterator<Item = i64> {
    (0..der.len()).filter_map(|at| match der[at..] {
        [0x17, 13, ref text @ ..] => time(text.get(..13)?, 2),
        [0x18, 15, ref text @ ..] => time(text.get(..15)?, 4),
        _ => None,
    })
}

fn time(text: &[u8], year_digits: usize) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |from: usize, to: usize| std::str::from_utf8(&digits[from..to]).ok()?.parse().ok();
    let year: i64 = number(0, year_digits)?;
    let year = if year_digits == 4 { year } else { year + if year < 50 { 2000 } else { 1900 } };
    let at = |index: usize| number(year_digits + 2 * index, year_digits + 2 * index + 2);
    let day = days(year, at(0)?, at(1)?)?;
    Some(seconds_of(day, at(2)?, at(3)?, at(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(time: &[u8]) -> Vec<u8> {
        let body = [&[0x30, 0x1e, 0x17, 13][..], time, &[0x17, 13], b"360101000000Z"].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
    }

    fn pem(der: &[u8]) -> Vec<u8> {
        let text = STANDARD.encode(der);
        let (one, two) = text.split_at(20);
        format!("x\n-----BEGIN CERTIFICATE-----\n{one}\n{two}\n-----END CERTIFICATE-----\n").into()
    }

    #[test]
    fn only_those_made_after_the_epoch_count() {
        let epoch = 1_793_491_200; // 2026-11-01
        let [old, new] = [b"261031235959Z", b"261101000001Z"].map(|time| certificate(time));
        assert!(!is_newer(&old, epoch) && is_newer(&new, epoch));
        let text = String::from_utf8([pem(&old), pem(&new), b"y\n".to_vec()].concat()).unwrap();
        assert_eq!(without(&text), "x\n\nx\n\ny\n");
        // 2036-01-01 ends both.
        assert_eq!(Vec::from_iter(days_of(&text)), [20757, 20758, 24106]);
        assert!(is_one(&old) && !is_one(&old[1..]) && !is_one(&pem(&old)));
        assert!(!is_newer(&pem(&old), epoch) && is_newer(&[pem(&old), pem(&new)].concat(), epoch));
    }
}
