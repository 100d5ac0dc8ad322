//! The keys that may sign a source, and whether a signed text has a good signature of one of them.
//!
//! rPGP checks the cryptography. The policy is here and in [`key`]: which keys count at which
//! time, and that one good signature is enough, as for apt. Knows no files and no clock: whoever asks
//! says at which times a key must be good.

mod error;
mod key;
mod read;
mod weak;

use std::collections::BTreeSet;

use pgp::composed::{ArmorOptions, DetachedSignature, SignedPublicKey};
use pgp::packet::Signature;
use pgp::types::KeyDetails;

pub use error::Error;
use error::most_telling;
use key::{Component, Trust};

/// The keys that may sign a source.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
    /// The fingerprints of those that count; none: all.
    only: BTreeSet<String>,
    /// The fingerprints of those that count though they are weak.
    weak: BTreeSet<String>,
}

/// When the keys must be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The time that the text gives itself, in seconds since 1970; 0 if it gives none.
    pub dated: u64,
    /// The time of a reader to whom the text is new.
    pub now: Option<u64>,
}

/// Good signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The fingerprints of the keys that made them, in order.
    pub signers: Vec<String>,
    /// When the newest was made, in seconds since 1970.
    pub made: u64,
}

impl Keyring {
    /// Reads keys that are part of the program; a test reads all of them.
    pub fn of(texts: &[&str]) -> Self {
        let keys = texts.iter().flat_map(|text| read::keys(text.as_bytes()).unwrap_or_default());
        Self { keys: keys.collect(), ..Self::default() }
    }

    /// Reads keys: binary, or any number of armored blocks.
    ///
    /// # Errors
    ///
    /// When there is none that can be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { keys: read::keys(bytes)?, ..Self::default() })
    }

    /// Puts keyrings together.
    pub fn joined(keyrings: Vec<Self>) -> Self {
        let keys = keyrings.into_iter().flat_map(|keyring| keyring.keys).collect();
        Self { keys, ..Self::default() }
    }

    /// Lets only these keys count, by the fingerprint of a primary key or a subkey; all without any.
    ///
    /// # Errors
    ///
    /// When one of them is not there.
    pub fn only(self, fingerprints: &[String]) -> Result<Self, Error> {
        Ok(Self { only: self.existing(fingerprints)?, ..self })
    }

    /// Lets these keys count though they are weak.
    ///
    /// # Errors
    ///
    /// When one of them is not there.
    pub fn allowing(self, fingerprints: &[String]) -> Result<Self, Error> {
        Ok(Self { weak: self.existing(fingerprints)?, ..self })
    }

    /// Returns the fingerprints of the primary keys, in order.
    pub fn fingerprints(&self) -> Vec<String> {
        let mut found: Vec<String> =
            self.keys.iter().map(|key| fingerprint(&key.primary_key)).collect();
        found.sort();
        found
    }

    /// Returns the keys that count as armored text, for apt of an image.
    ///
    /// # Errors
    ///
    /// When a key cannot be written.
    pub fn armored(&self) -> Result<String, Error> {
        let mut text = String::new();
        for key in self.keys.iter().filter(|key| key::components(key).any(|one| self.counts(&one)))
        {
            let armored = key.to_armored_string(ArmorOptions::default());
            text += &armored.map_err(|error| Error::NoKeys(error.to_string()))?;
        }
        Ok(text)
    }

    /// Checks signatures, armored or binary, on a text.
    ///
    /// # Errors
    ///
    /// When no key that counts made a good one.
    pub fn verify(&self, text: &[u8], signatures: &[u8], when: When) -> Result<Verified, Error> {
        let (mut good, mut bad, mut made) = (BTreeSet::new(), Vec::new(), 0);
        for detached in read::signatures(signatures)? {
            match self.verify_one(text, &detached, when) {
                Ok(fingerprint) => {
                    good.insert(fingerprint);
                    made = made.max(key::created(&detached.signature));
                }
                Err(error) => bad.push(error),
            }
        }
        match good.is_empty() {
            true => Err(most_telling(bad)),
            false => Ok(Verified { signers: good.into_iter().collect(), made }),
        }
    }

    fn verify_one(
        &self,
        text: &[u8],
        detached: &DetachedSignature,
        when: When,
    ) -> Result<String, Error> {
        let signature = &detached.signature;
        let components = self.keys.iter().flat_map(key::components);
        let mut last = Error::UnknownKey(issuers(signature));
        for component in components.filter(|component| component.is_issuer_of(signature)) {
            let checked = match self.counts(&component) {
                true => self.check(&component, text, signature, when),
                false => Err(Error::NotNamed(component.fingerprint())),
            };
            match checked {
                Ok(()) => return Ok(component.fingerprint()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The cryptography, then the key at the time of the signature, and now if that matters.
    fn check(
        &self,
        component: &Component,
        text: &[u8],
        signature: &Signature,
        when: When,
    ) -> Result<(), Error> {
        let fingerprint = component.fingerprint();
        component.verify(signature, text).map_err(|_| Error::Bad(fingerprint.clone()))?;
        let signed = when.dated.max(key::created(signature));
        let weak = self.is_in(&self.weak, component);
        let times = [Some(signed), when.now.map(|now| now.max(signed))];
        let trust = times.into_iter().flatten().try_for_each(|at| {
            component.trust(at, weak).and_then(|()| key::signature_counts(signature, at))
        });
        trust.map_err(|trust| match trust {
            Trust::Expired(at) => Error::Expired { fingerprint, at },
            Trust::Revoked => Error::Revoked { fingerprint },
            Trust::Weak(reason) => Error::Weak { fingerprint, reason },
            Trust::Broken(reason) => Error::Unusable { fingerprint, reason },
        })
    }

    fn counts(&self, component: &Component) -> bool {
        self.only.is_empty() || self.is_in(&self.only, component)
    }

    fn is_in(&self, fingerprints: &BTreeSet<String>, component: &Component) -> bool {
        [component.fingerprint(), component.owner()].iter().any(|one| fingerprints.contains(one))
    }

    fn existing(&self, fingerprints: &[String]) -> Result<BTreeSet<String>, Error> {
        let plain = |text: &String| text.replace(' ', "").to_ascii_uppercase();
        let wanted: BTreeSet<String> = fingerprints.iter().map(plain).collect();
        let components = self.keys.iter().flat_map(key::components);
        let there: BTreeSet<String> = components.map(|one| one.fingerprint()).collect();
        match wanted.difference(&there).next() {
            Some(absent) => Err(Error::NotThere(absent.clone())),
            None => Ok(wanted),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_manifest::distribution::{self, debian::DEBIAN};

    #[test]
    fn keys_of_distributions_are_those_of_the_readme() {
        let readme = include_str!("../../isoplug-manifest/keys/README.md");
        for distribution in distribution::ALL {
            let fingerprints = Keyring::of(distribution.keys).fingerprints();
            assert_eq!(fingerprints.len(), distribution.keys.len());
            assert!(fingerprints.iter().all(|fingerprint| readme.contains(fingerprint.as_str())));
        }
    }

    #[test]
    fn debians_keys_may_sign_now_and_not_for_ever() {
        let keyring = Keyring::of(DEBIAN.keys);
        let (in_2026, in_2040) = (1_790_000_000, 2_210_000_000);
        for key in keyring.keys.iter().flat_map(key::components) {
            assert_eq!(key.trust(in_2026, false), Ok(()), "{}", key.fingerprint());
            let then = key.trust(in_2040, false);
            assert!(matches!(then, Err(Trust::Expired(_))), "{}", key.fingerprint());
        }
    }

    #[test]
    fn keys_are_named_by_fingerprint() {
        let keyring = Keyring::of(&DEBIAN.keys[..2]);
        let [first, second] = &keyring.fingerprints()[..] else { panic!("two keys") };
        let spaced = format!("{} {}", &first[..20].to_lowercase(), &first[20..]);
        let one = keyring.clone().only(&[spaced]).unwrap();
        assert_eq!(
            Keyring::parse(one.armored().unwrap().as_bytes()).unwrap().fingerprints(),
            std::slice::from_ref(first)
        );
        assert_eq!(keyring.fingerprints(), [first.clone(), second.clone()]);
        let absent = keyring.only(&["A".repeat(40)]).unwrap_err();
        assert_eq!(absent, Error::NotThere("A".repeat(40)));
    }
}
