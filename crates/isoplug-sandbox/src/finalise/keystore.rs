//! Takes the times out of Java's list of certificate authorities.
//!
//! The package ca-certificates-java makes it when it is installed: a keystore of type JKS (the
//! JDK's `sun/security/provider/JavaKeyStore.java`), in which each certificate has the time at
//! which it was added. It ends with a digest under a password that is no secret.

use sha1::{Digest, Sha1};

/// Where it is.
pub(super) const PATH: &[u8] = b"etc/ssl/certs/java/cacerts";

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
/// What an entry is that holds a certificate and no key.
const CERTIFICATE: u32 = 2;
const DIGEST: usize = 20;
/// The password of Debian's keystore, unless the administrator changes it.
const PASSWORD: &str = "changeit";
/// Goes between the password and the keystore, says the format.
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// Returns the keystore with this time for all its certificates, in seconds since 1970. `None`:
/// it is of another kind or has another password, and stays as it is.
pub(super) fn without_times(keystore: &[u8], epoch: u64) -> Option<Vec<u8>> {
    let (body, known) = keystore.split_at_checked(keystore.len().checked_sub(DIGEST)?)?;
    if digest(body)[..] != *known {
        return None;
    }
    let mut body = body.to_vec();
    for time in times(&body)? {
        body[time..time + 8].copy_from_slice(&(epoch * 1000).to_be_bytes());
    }
    let digest = digest(&body);
    Some([&body[..], &digest].concat())
}

fn digest(body: &[u8]) -> [u8; DIGEST] {
    let mut sha1 = Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        sha1.update(unit.to_be_bytes());
    }
    sha1.update(WHITENER);
    sha1.update(body);
    sha1.finalize().into()
}

/// Returns where the times are, if all entries are certificates.
fn times(body: &[u8]) -> Option<Vec<usize>> {
    let mut at = 0;
    if number(body, &mut at, 4)? != MAGIC as usize || number(body, &mut at, 4)? != VERSION as usize
    {
        return None;
    }
    let mut times = Vec::new();
    for _ in 0..number(body, &mut at, 4)? {
        if number(body, &mut at, 4)? != CERTIFICATE as usize {
            return None;
        }
        at += number(body, &mut at, 2)?; // its name
        times.push(at);
        at += 8;
        at += number(body, &mut at, 2)?; // the type of the certificate
        at += number(body, &mut at, 4)?;
    }
    (at == body.len()).then_some(times)
}

/// Reads a number of so many bytes, the highest first, and goes behind it.
fn number(body: &[u8], at: &mut usize, length: usize) -> Option<usize> {
    let bytes = body.get(*at..*at + length)?;
    *at += length;
    Some(bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keystore(times: &[u64]) -> Vec<u8> {
        let mut body = [MAGIC, VERSION, times.len() as u32].map(u32::to_be_bytes).concat();
        for time in times {
            body.extend(CERTIFICATE.to_be_bytes());
            body.extend([&[0, 4][..], b"name", &time.to_be_bytes()].concat());
            body.extend([&[0, 5][..], b"X.509", &[0, 0, 0, 3], b"der"].concat());
        }
        let digest = digest(&body);
        [&body[..], &digest].concat()
    }

    #[test]
    fn only_times_and_digest_change() {
        let settled = without_times(&keystore(&[1_700_000_123_456, 1_700_000_123_789]), 7).unwrap();
        assert_eq!(settled, keystore(&[7000, 7000]));
        assert_eq!(without_times(&settled, 7).unwrap(), settled);
    }

    #[test]
    fn other_files_stay() {
        let mut other = keystore(&[1]);
        other[20] ^= 1;
        assert_eq!(without_times(&other, 7), None);
        let digest = digest(b"PK");
        for bytes in [&b""[..], b"short", &[0; 60], &[&b"PK"[..], &digest].concat()] {
            assert_eq!(without_times(bytes, 7), None);
        }
    }
}
