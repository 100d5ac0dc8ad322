//! The keys that may sign a source, and whether a signed text has a good signature of one of them.
//!
//! rPGP checks the cryptography. The policy is here and in [`key`]: which keys count at which
//! time, and that one good signature is enough, as for apt. Knows no files and no clock: the time
//! that counts is the Release's own date, so that a lock made earlier stays good.

mod key;

use isoplug_formats::apt::clearsign;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};
use pgp::packet::Signature;
use pgp::types::KeyDetails;

use key::{Component, Trust};

/// The public keys of Debian's archive; `keys/README.md` tells where they are from.
const DEBIAN: [&str; 9] = [
    include_str!("../../keys/debian-archive-bookworm-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-stable.asc"),
    include_str!("../../keys/debian-archive-bullseye-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-stable.asc"),
    include_str!("../../keys/debian-archive-trixie-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-security-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-stable.asc"),
];

/// The keys that may sign a source.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
}

/// Why a keyring or a signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A keyring that has no usable key.
    #[error("the keyring has no OpenPGP key: {0}")]
    NoKeys(String),
    /// A text that is not signed in the clear.
    #[error("it is not signed in the clear")]
    Unsigned(#[from] clearsign::Malformed),
    /// A signature that cannot be read.
    #[error("its signature is malformed: {0}")]
    Malformed(String),
    /// The text is not what the key signed.
    #[error("bad signature of {0}: the text is not what was signed")]
    Bad(String),
    /// Only keys that are not trusted signed it.
    #[error("it is signed by {}, which the keyring does not have", .0.join(", "))]
    UnknownKey(Vec<String>),
    /// The key had expired when the text was signed.
    #[error("the key {fingerprint} expired before it was signed")]
    Expired {
        /// The key.
        fingerprint: String,
    },
    /// The key was revoked.
    #[error("the key {fingerprint} is revoked")]
    Revoked {
        /// The key.
        fingerprint: String,
    },
    /// The key or the signature breaks a rule.
    #[error("the signature of {fingerprint} does not count: {reason}")]
    Unusable {
        /// The key.
        fingerprint: String,
        /// Which rule.
        reason: &'static str,
    },
}

impl Keyring {
    /// Returns the keys of Debian's archive that this program carries.
    pub fn debian() -> Self {
        // They are part of the program, and a test reads all of them.
        let keys = DEBIAN.iter().flat_map(|text| parse(text.as_bytes()).unwrap_or_default());
        Self { keys: keys.collect() }
    }

    /// Reads keys: binary, or any number of armored blocks.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let keys = parse(bytes)?;
        match keys.is_empty() {
            true => Err(Error::NoKeys("it is empty".to_owned())),
            false => Ok(Self { keys }),
        }
    }

    /// Returns the fingerprints of the primary keys, in order.
    pub fn fingerprints(&self) -> Vec<String> {
        let mut found: Vec<String> =
            self.keys.iter().map(|key| fingerprint(&key.primary_key)).collect();
        found.sort();
        found
    }

    /// Returns the fingerprints, in order, of the trusted keys whose signature on `text` is good.
    /// `at` is the time that the text gives itself, in seconds since 1970.
    pub fn verify(&self, text: &str, signature: &str, at: u64) -> Result<Vec<String>, Error> {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let (signatures, _) = DetachedSignature::from_armor_many(signature.as_bytes())
            .map_err(|error| Error::Malformed(error.to_string()))?;
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for detached in signatures {
            let signature =
                detached.map_err(|error| Error::Malformed(error.to_string()))?.signature;
            match self.verify_one(text.as_bytes(), &signature, at) {
                Ok(fingerprint) => good.push(fingerprint),
                Err(error) => bad.push(error),
            }
        }
        good.sort();
        good.dedup();
        if good.is_empty() { Err(most_telling(bad)) } else { Ok(good) }
    }

    fn verify_one(&self, text: &[u8], signature: &Signature, at: u64) -> Result<String, Error> {
        let components = self.keys.iter().flat_map(key::components);
        let mut last = Error::UnknownKey(issuers(signature));
        for component in components.filter(|component| component.is_issuer_of(signature)) {
            match check(&component, text, signature, at) {
                Ok(()) => return Ok(component.fingerprint()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn check(component: &Component, text: &[u8], signature: &Signature, at: u64) -> Result<(), Error> {
    let fingerprint = component.fingerprint();
    component.verify(signature, text).map_err(|_| Error::Bad(fingerprint.clone()))?;
    let at = at.max(key::created(signature));
    let trust = component.trust(at).and_then(|()| key::signature_counts(signature, at));
    trust.map_err(|trust| match trust {
        Trust::Expired => Error::Expired { fingerprint },
        Trust::Revoked => Error::Revoked { fingerprint },
        Trust::Broken(reason) => Error::Unusable { fingerprint, reason },
    })
}

/// A good key's bad signature says more than a key that nobody knows.
fn most_telling(mut errors: Vec<Error>) -> Error {
    let mut unknown = Vec::new();
    errors.retain(|error| match error {
        Error::UnknownKey(keys) => {
            unknown.extend(keys.iter().cloned());
            false
        }
        _ => true,
    });
    let rank = |error: &Error| !matches!(error, Error::Bad(_));
    errors.sort_by_key(rank);
    errors.into_iter().next().unwrap_or(match unknown.is_empty() {
        true => Error::Malformed("it has no signature".to_owned()),
        false => Error::UnknownKey(unknown),
    })
}

fn issuers(signature: &Signature) -> Vec<String> {
    let fingerprints = signature.issuer_fingerprint();
    match fingerprints.is_empty() {
        true => signature.issuer_key_id().iter().map(|id| hex(id.as_ref())).collect(),
        false => fingerprints.iter().map(|found| format!("{found:X}")).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn fingerprint(key: &impl KeyDetails) -> String {
    format!("{:X}", key.fingerprint())
}

fn parse(bytes: &[u8]) -> Result<Vec<SignedPublicKey>, Error> {
    const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let unreadable = |error: pgp::errors::Error| Error::NoKeys(error.to_string());
    let armored = std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN));
    let Some(text) = armored else {
        let keys = SignedPublicKey::from_bytes_many(bytes).map_err(unreadable)?;
        return keys.collect::<Result<_, _>>().map_err(unreadable);
    };
    let mut keys = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let block = format!("{BEGIN}{block}");
        let (found, _) = SignedPublicKey::from_armor_many(block.as_bytes()).map_err(unreadable)?;
        keys.extend(found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_keys_are_those_of_the_readme() {
        let readme = include_str!("../../keys/README.md");
        let fingerprints = Keyring::debian().fingerprints();
        assert_eq!(fingerprints.len(), DEBIAN.len());
        assert!(fingerprints.iter().all(|fingerprint| readme.contains(fingerprint.as_str())));
    }

    #[test]
    fn debians_keys_may_sign_now_and_not_for_ever() {
        let keyring = Keyring::debian();
        let (in_2026, in_2040) = (1_790_000_000, 2_210_000_000);
        for key in keyring.keys.iter().flat_map(key::components) {
            assert_eq!(key.trust(in_2026), Ok(()), "{}", key.fingerprint());
            assert_eq!(key.trust(in_2040), Err(Trust::Expired), "{}", key.fingerprint());
        }
    }

    #[test]
    fn a_keyring_may_be_armored_or_binary() {
        assert_eq!(
            Keyring::parse(b"").unwrap_err().to_string(),
            "the keyring has no OpenPGP key: it is empty"
        );
        assert!(Keyring::parse(b"hello").is_err());
        let two = [DEBIAN[0], DEBIAN[3]].concat();
        assert_eq!(Keyring::parse(two.as_bytes()).unwrap().fingerprints().len(), 2);
        let key = &Keyring::debian().keys[0];
        let binary = pgp::ser::Serialize::to_bytes(key).unwrap();
        assert_eq!(
            Keyring::parse(&binary).unwrap().fingerprints(),
            [fingerprint(&key.primary_key)]
        );
    }
}
