//! Public keys that a verifier believes, and the signatures that they verify.

use std::io::{Read, Seek};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::SignatureBox;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::bytes::hex;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The file that it came from.
    pub name: String,
    /// Its number, as minisign prints it; of others the beginning of a digest.
    pub id: String,
    /// The day from which on it is not believed, as `2027-01-31`.
    pub expires: Option<String>,
    /// The line of minisign, if it is one of minisign.
    minisign: Option<String>,
    point: Vec<u8>,
    is_p256: bool,
}

/// What a `.minisig` says of itself, before anything is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The number of the key.
    pub id: String,
    /// The comment that is signed, too.
    pub comment: String,
    /// Whether the file itself is signed, not a digest of it. Such signatures are refused.
    pub is_legacy: bool,
}

impl Key {
    /// Reads a public key of minisign, or one for Ed25519 or P-256 in PEM. A line with `expires 2027-01-31` in it says
    /// until when the verifier believes it.
    #[must_use]
    pub fn parse(name: &str, text: &str) -> Option<Self> {
        let expires =
            text.split("expires ").nth(1).and_then(|rest| rest.get(..10)).map(str::to_owned);
        let key = if text.contains("BEGIN PUBLIC KEY") { pem(text) } else { of_minisign(text) }?;
        Some(Self { name: name.to_owned(), expires, ..key })
    }

    /// Returns what it is for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }

    /// Returns the key itself, which is the same in every form that it is written in.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// Returns the SHA-256 of the key in DER, by which envelopes name it.
    #[must_use]
    pub fn sha256(&self) -> String {
        let head: &[u8] = if self.is_p256 { &HEAD_OF_P256 } else { &HEAD_OF_ED25519 };
        hex(&Sha256::digest([head, &self.point].concat()))
    }

    /// Tells whether it is no longer believed on a day.
    #[must_use]
    pub fn is_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|expires| expires <= today)
    }

    /// Tells whether the key made this signature of a file.
    pub fn verifies_file(&self, file: impl Read + Seek, signature: &str) -> bool {
        let Some(text) = &self.minisign else { return false };
        // The library takes the length of the second signature for granted.
        let is_whole = STANDARD.decode(signature.lines().nth(3).unwrap_or_default().trim());
        let (Ok(key), Ok(boxed)) =
            (minisign::PublicKey::from_base64(text), SignatureBox::from_string(signature))
        else {
            return false;
        };
        is_whole.is_ok_and(|bytes| bytes.len() == 64)
            && minisign::verify(&key, &boxed, file, true, false, false).is_ok()
    }

    /// Tells whether the key made this signature of bytes.
    #[must_use]
    pub fn verifies_bytes(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let verified = if self.is_p256 {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point).verify(bytes, signature)
        } else {
            UnparsedPublicKey::new(&ED25519, &self.point).verify(bytes, signature)
        };
        verified.is_ok()
    }
}

fn of_minisign(text: &str) -> Option<Key> {
    let line = text.lines().map(str::trim).find(|line| line.starts_with("RW"))?;
    let bytes = STANDARD.decode(line).ok().filter(|bytes| bytes.len() == 42)?;
    let id = number(&bytes[2..10]);
    Some(Key {
        name: String::new(),
        id,
        expires: None,
        minisign: Some(line.to_owned()),
        point: bytes[10..].to_vec(),
        is_p256: false,
    })
}

/// Returns the number of a key as minisign prints it: the bytes are turned round.
fn number(bytes: &[u8]) -> String {
    hex(&bytes.iter().rev().copied().collect::<Vec<_>>()).to_uppercase()
}

/// The object identifiers of Ed25519 and of the curve P-256, in DER.
const OF_ED25519: [u8; 3] = [0x2b, 0x65, 0x70];
const OF_P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// What stands before the key itself in DER.
const HEAD_OF_ED25519: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const HEAD_OF_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

fn pem(text: &str) -> Option<Key> {
    let body = text.split("-----BEGIN PUBLIC KEY-----").nth(1)?.split("-----END").next()?;
    let der = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    let has = |id: &[u8]| der.windows(id.len()).any(|window| window == id);
    let length = if has(&OF_P256) {
        65
    } else if has(&OF_ED25519) {
        32
    } else {
        return None;
    };
    let point = der.get(der.len().checked_sub(length)?..)?.to_vec();
    let id = hex(&Sha256::digest(&der))[..16].to_owned();
    Some(Key {
        name: String::new(),
        id,
        expires: None,
        minisign: None,
        point,
        is_p256: length == 65,
    })
}

/// Reads what a `.minisig` says of itself.
#[must_use]
pub fn claimed(signature: &str) -> Option<Claimed> {
    let bytes = STANDARD.decode(signature.lines().nth(1)?.trim()).ok()?;
    let comment = signature.lines().nth(2)?.strip_prefix("trusted comment: ")?;
    Some(Claimed {
        id: number(bytes.get(2..10)?),
        comment: comment.to_owned(),
        is_legacy: bytes.starts_with(b"Ed"),
    })
}
