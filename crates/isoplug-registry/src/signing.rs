//! Keys that sign bytes as they are, in the forms that people have: a minisign file, a PEM file. Ed25519 and ECDSA on
//! P-256.
//!
//! Knows no envelope and no file. A key that lies in hardware has its public half here alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isoplug_engine::Digest;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, ED25519,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};

use super::error::Error;
use super::keys::SecretKey;

/// A key that signs.
pub struct SigningKey {
    pair: Pair,
    /// Signs `.minisig` files, too, if it is of minisign.
    minisign: Option<SecretKey>,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ed25519,
    P256,
}

/// What stands before the bytes of a public key in DER (RFC 8410, section 4; RFC 5480, section 2).
const ED25519_DER: &str = "302a300506032b6570032100";
const P256_DER: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

impl Kind {
    const ALL: [Self; 2] = [Self::Ed25519, Self::P256];

    fn der(self) -> Vec<u8> {
        let hex = match self {
            Self::Ed25519 => ED25519_DER,
            Self::P256 => P256_DER,
        };
        let digits = hex.as_bytes().chunks(2).filter_map(|two| std::str::from_utf8(two).ok());
        digits.filter_map(|two| u8::from_str_radix(two, 16).ok()).collect()
    }

    fn length(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::P256 => 65,
        }
    }
}

fn wrong(name: &str, why: &str) -> Error {
    Error::Key { what: name.to_owned(), why: why.to_owned() }
}

impl SigningKey {
    /// Reads a secret key of minisign, or one in PEM (PKCS #8); `name` is for the message.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is none of them, or the password is wrong or missing.
    pub fn read(name: &str, text: &str, password: Option<&str>) -> Result<Self, Error> {
        if text.contains("-----BEGIN") {
            return Ok(Self { pair: from_pem(name, text)?, minisign: None });
        }
        let secret = SecretKey::read(name, text, password)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&secret.seed());
        let pair = pair.map_err(|_| wrong(name, "its seed is damaged"))?;
        Ok(Self { pair: Pair::Ed25519(pair), minisign: Some(secret) })
    }

    /// Tells whether a key file needs a password.
    #[must_use]
    pub fn is_encrypted(text: &str) -> bool {
        !text.contains("-----BEGIN") && SecretKey::is_encrypted(text)
    }

    /// Returns the key that signs `.minisig` files, if it is one.
    #[must_use]
    pub fn minisign(&self) -> Option<&SecretKey> {
        self.minisign.as_ref()
    }

    /// Signs bytes as they are.
    ///
    /// # Errors
    ///
    /// When the machine gives no random numbers.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(bytes).as_ref().to_vec()),
            Pair::P256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), bytes);
                let signed = signed.map_err(|_| wrong("the key", "there are no random numbers"))?;
                Ok(signed.as_ref().to_vec())
            }
        }
    }

    /// Returns the public half.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        let (kind, bytes) = match &self.pair {
            Pair::Ed25519(pair) => (Kind::Ed25519, pair.public_key().as_ref()),
            Pair::P256(pair) => (Kind::P256, pair.public_key().as_ref()),
        };
        VerifyingKey { kind, bytes: bytes.to_vec() }
    }
}

fn from_pem(name: &str, text: &str) -> Result<Pair, Error> {
    let der = pem(text, "PRIVATE KEY").ok_or_else(|| {
        wrong(
            name,
            "it must be in PKCS #8 without a password; `openssl pkcs8 -topk8 -nocrypt` makes such a file",
        )
    })?;
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
        return Ok(Pair::Ed25519(pair));
    }
    let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &random);
    pair.map(Pair::P256)
        .map_err(|_| wrong(name, "it is neither for Ed25519 nor for ECDSA on P-256"))
}

/// Returns the bytes between the lines of a PEM file.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

impl VerifyingKey {
    /// Reads a public key in PEM; `name` is for the message.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is none.
    pub fn read(name: &str, text: &str) -> Result<Self, Error> {
        let der =
            pem(text, "PUBLIC KEY").ok_or_else(|| wrong(name, "expected a public key in PEM"))?;
        let of = |kind: Kind| {
            let bytes = der.strip_prefix(&*kind.der())?;
            (bytes.len() == kind.length()).then(|| Self { kind, bytes: bytes.to_vec() })
        };
        let found = Kind::ALL.into_iter().find_map(of);
        found.ok_or_else(|| wrong(name, "it is neither for Ed25519 nor for ECDSA on P-256"))
    }

    /// Returns it in PEM, as openssl reads it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let body = STANDARD.encode(self.der());
        let lines: String = body
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
            .collect();
        format!("-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n")
    }

    fn der(&self) -> Vec<u8> {
        [self.kind.der(), self.bytes.clone()].concat()
    }

    /// Returns what helps to find it again: the SHA-256 of it in DER. No proof of anything.
    #[must_use]
    pub fn id(&self) -> String {
        Digest::of(&self.der()).hex()
    }

    /// Returns the bytes of [`Self::id`].
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *Digest::of(&self.der()).as_bytes()
    }

    /// Tells whether it made a signature of bytes.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let verifies = |algorithm: &'static dyn ring::signature::VerificationAlgorithm| {
            UnparsedPublicKey::new(algorithm, &self.bytes).verify(bytes, signature).is_ok()
        };
        match self.kind {
            Kind::Ed25519 => verifies(&ED25519),
            Kind::P256 => verifies(&ECDSA_P256_SHA256_ASN1),
        }
    }

    /// Takes a signature as a program gave it: what is two numbers without DER around them, as PKCS #11 has it, becomes
    /// DER. None if it is no signature of the bytes.
    #[must_use]
    pub fn accepted(&self, bytes: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
        if self.verifies(bytes, signature) {
            return Some(signature.to_vec());
        }
        let fixed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.bytes);
        let is_fixed = self.kind == Kind::P256 && fixed.verify(bytes, signature).is_ok();
        is_fixed.then(|| der_of(signature))
    }
}

/// Writes two numbers of 32 bytes as a sequence of two integers.
fn der_of(fixed: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let digits = &bytes[first..];
        let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
        let length = u8::try_from(sign.len() + digits.len()).unwrap_or_default();
        [&[2, length], sign, digits].concat()
    };
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let body = [integer(r), integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap_or_default();
    [vec![0x30, length], body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3: the key, and its public half of section 10.1.
    const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn a_key_of_the_standard_has_the_standards_public_key() {
        let key = SigningKey::read("key", ED25519, None).unwrap();
        assert_eq!(key.public().to_pem(), ED25519_PUBLIC);
        assert_eq!(VerifyingKey::read("pub", ED25519_PUBLIC).unwrap(), key.public());
        let signature = key.sign(b"words").unwrap();
        assert!(key.public().verifies(b"words", &signature));
        assert!(!key.public().verifies(b"word", &signature));
        assert!(key.minisign().is_none());
    }

    #[test]
    fn a_key_of_minisign_signs_both_ways() {
        let (text, public) = crate::generate(None).unwrap();
        let key = SigningKey::read("key", &text, None).unwrap();
        let signature = key.minisign().unwrap().sign(b"words", "c").unwrap();
        assert!(public.verifies(b"words", &signature));
        let raw = key.sign(b"words").unwrap();
        assert!(key.public().verifies(b"words", &raw));
        // Number and algorithm stand before the key in minisign's line.
        let line = STANDARD.decode(public.to_string()).unwrap();
        assert_eq!(line[10..], key.public().bytes);
    }

    #[test]
    fn a_signature_of_two_numbers_becomes_der() {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let fixed = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(fixed, made.as_ref(), &random).unwrap();
        let bytes = pair.public_key().as_ref().to_vec();
        let public = VerifyingKey { kind: Kind::P256, bytes };
        assert_eq!(VerifyingKey::read("pub", &public.to_pem()).unwrap(), public);
        for _ in 0..64 {
            let signature = pair.sign(&random, b"words").unwrap();
            assert!(!public.verifies(b"words", signature.as_ref()));
            let accepted = public.accepted(b"words", signature.as_ref()).unwrap();
            assert!(public.verifies(b"words", &accepted));
            assert_eq!(public.accepted(b"word", signature.as_ref()), None);
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        let wrong = |text: &str| SigningKey::read("a.pem", text, None).err().unwrap().to_string();
        assert!(wrong("-----BEGIN EC PRIVATE KEY-----\n").contains("openssl pkcs8"));
        let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(wrong(other).contains("neither"));
        assert!(VerifyingKey::read("b.pem", ED25519).is_err());
    }
}
