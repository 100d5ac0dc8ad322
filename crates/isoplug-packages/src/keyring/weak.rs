//! Which algorithms are too weak to vouch for an archive: what apt of Debian 13 refuses.
//!
//! From `/usr/share/apt/default-sequoia.config` of apt 3.0 and the standard policy of sequoia-openpgp, which sqv
//! applies. Knows no signatures.

use pgp::crypto::hash::HashAlgorithm;
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams};

/// RSA keys of less than 3072 bits count until the first of February 2030.
const RSA_2048_UNTIL: u64 = 1_896_134_400;

/// Says what is weak about a key at this time, in seconds since 1970.
pub(super) fn weakness(key: &(impl KeyDetails + ?Sized), at: u64) -> Option<String> {
    match key.public_params() {
        PublicParams::RSA(params) => match bits(params) {
            bits if bits < 2048 => Some(format!("it is an RSA key of {bits} bits")),
            bits if bits < 3072 && at >= RSA_2048_UNTIL => {
                Some(format!("it is an RSA key of {bits} bits, which counted until 2030"))
            }
            _ => None,
        },
        PublicParams::DSA(_) => Some("it is a DSA key".to_owned()),
        _ => None,
    }
}

/// Tells whether a hash cannot be forged.
pub(super) fn is_strong(algorithm: HashAlgorithm) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha256, Sha384, Sha512};
    [Sha256, Sha384, Sha512, Sha3_256, Sha3_512].contains(&algorithm)
}

/// Tells whether a hash was good enough once, and may count again if the user says so.
pub(super) fn was_strong(algorithm: HashAlgorithm) -> bool {
    [HashAlgorithm::Sha1, HashAlgorithm::Sha224].contains(&algorithm)
}

/// The length of the modulus. It comes first in the key, and its own length in bits before it.
fn bits(params: &impl Serialize) -> usize {
    let bytes = params.to_bytes().unwrap_or_default();
    match bytes[..] {
        [high, low, ..] => usize::from(high) << 8 | usize::from(low),
        _ => 0,
    }
}
