//! Signs an archive of one's own: an Ed25519 key in PEM becomes an OpenPGP key, which clear-signs a Release file.
//!
//! The same key and text give the same bytes: signatures of version 4 have no salt, those of Ed25519 no random number, and
//! their times are given. Knows no file and no clock.

use pgp::composed::{ArmorOptions, CleartextSignedMessage, SignedKeyDetails, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::{ed25519, eddsa_legacy};
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicKey, SecretKey, SignatureConfig, SignatureType, Subpacket,
    SubpacketData, UserId,
};
use pgp::types::{
    KeyDetails, KeyVersion, PacketHeaderVersion, Password, PlainSecretParams, PublicParams,
    SecretParams, Tag, Timestamp,
};

/// When each key was made, as it says itself: its fingerprint depends on it, and PEM has no time. It is 9 September 2001,
/// before the release of every archive that there can be an image of.
const MADE: u32 = 1_000_000_000;

/// What stands before the 32 bytes of a key in DER, behind version and length (RFC 8410, section 7).
const ED25519: [u8; 11] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// How many bytes stand before those: the sequence with its length, and the version.
const VERSION: usize = 5;

/// A key that signs archives.
pub struct ArchiveKey(SecretKey);

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no private key.
    #[error("it is not a private key in PEM (PKCS #8) without a password")]
    NoKey,
    /// It is one of another kind.
    #[error("it is not a key for Ed25519")]
    OtherKind,
    /// The OpenPGP library refuses.
    #[error("cannot write OpenPGP: {0}")]
    Write(String),
}

impl ArchiveKey {
    /// Reads a private key in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    ///
    /// When it is none, or of another kind.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let (label, der) =
            der::pem::decode_vec(text.trim().as_bytes()).map_err(|_| Error::NoKey)?;
        if label != "PRIVATE KEY" {
            return Err(Error::NoKey);
        }
        let seed = seed(&der).ok_or(Error::OtherKind)?;
        Ok(Self(secret_key(seed)?))
    }

    /// Returns the public half with the name of its owner, armoured, as apt reads it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn certificate(&self, owner: &str) -> Result<String, Error> {
        let mut flags = KeyFlags::default();
        flags.set_certify(true);
        flags.set_sign(true);
        let mut config = self.config(SignatureType::CertPositive, MADE)?;
        config.hashed_subpackets.push(Subpacket::regular(SubpacketData::KeyFlags(flags))?);
        let (id, public) =
            (UserId::from_str(PacketHeaderVersion::New, owner)?, self.0.public_key());
        let signature =
            config.sign_certification(&self.0, public, &Password::empty(), Tag::UserId, &id)?;
        let users = vec![id.into_signed(signature)];
        let details = SignedKeyDetails::new(Vec::new(), Vec::new(), users, Vec::new());
        let key = SignedPublicKey::new(public.clone(), details, Vec::new());
        Ok(key.to_armored_string(ArmorOptions::default())?)
    }

    /// Returns the text with a signature below it, made at a time in seconds since 1970: `InRelease` of a Release.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn clearsigned(&self, text: &str, at: u32) -> Result<String, Error> {
        // A signature cannot be older than its key.
        let config = self.config(SignatureType::Text, at.max(MADE))?;
        let text = text.trim_end_matches('\n');
        let signed = CleartextSignedMessage::new(text, config, &self.0, &Password::empty())?;
        Ok(signed.to_armored_string(ArmorOptions::default())?)
    }

    /// Returns what every signature says: when it was made, and by which key.
    fn config(&self, typ: SignatureType, at: u32) -> Result<SignatureConfig, Error> {
        let mut config =
            SignatureConfig::v4(typ, PublicKeyAlgorithm::EdDSALegacy, HashAlgorithm::Sha512);
        let time = SubpacketData::SignatureCreationTime(Timestamp::from_secs(at));
        let issuer = SubpacketData::IssuerFingerprint(self.0.fingerprint());
        config.hashed_subpackets = vec![Subpacket::regular(time)?, Subpacket::regular(issuer)?];
        let id = SubpacketData::IssuerKeyId(self.0.legacy_key_id());
        config.unhashed_subpackets = vec![Subpacket::regular(id)?];
        Ok(config)
    }
}

impl From<pgp::errors::Error> for Error {
    fn from(error: pgp::errors::Error) -> Self {
        Self::Write(error.to_string())
    }
}

/// Returns the 32 bytes of a key in DER, of PKCS #8 in either version.
fn seed(der: &[u8]) -> Option<[u8; 32]> {
    let (algorithm, rest) = der.get(VERSION..)?.split_at_checked(ED25519.len())?;
    (algorithm == ED25519).then(|| rest.get(..32)?.try_into().ok()).flatten()
}

fn secret_key(seed: [u8; 32]) -> Result<SecretKey, Error> {
    let secret = ed25519::SecretKey::try_from_bytes(seed, ed25519::Mode::EdDSALegacy)?;
    let public = PublicParams::EdDSALegacy((&secret).into());
    let made = Timestamp::from_secs(MADE);
    let (version, algorithm) = (KeyVersion::V4, PublicKeyAlgorithm::EdDSALegacy);
    let public = PublicKey::from_inner(PubKeyInner::new(version, algorithm, made, None, public)?)?;
    let secret = PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(secret));
    Ok(SecretKey::new(public, SecretParams::Plain(secret))?)
}

#[cfg(test)]
mod tests {
    use isoplug_formats::apt::clearsign;

    use super::*;
    use crate::Keyring;
    use crate::keyring::When;

    /// The key of RFC 8410, section 10.3, in both versions of PKCS #8.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const WITH_PUBLIC: &str = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----";
    const TEXT: &str = "Origin: isoplug\n- a line with a dash\n";

    fn key() -> ArchiveKey {
        ArchiveKey::from_pem(KEY).unwrap()
    }

    #[test]
    fn the_same_bytes_twice() {
        let of = |key: &ArchiveKey| {
            (key.certificate("acme").unwrap(), key.clearsigned(TEXT, 1_700_000_000).unwrap())
        };
        let first = of(&key());
        assert_eq!(of(&key()), first);
        assert_eq!(of(&ArchiveKey::from_pem(WITH_PUBLIC).unwrap()), first);
        assert_ne!(key().clearsigned(TEXT, 1_700_000_001).unwrap(), first.1, "the time is in it");
    }

    #[test]
    fn a_signature_has_no_salt_and_no_other_time() {
        let signed = key().clearsigned(TEXT, 1_700_000_000).unwrap();
        let (message, _) = CleartextSignedMessage::from_string(&signed).unwrap();
        let [signature] = message.signatures() else { panic!("one signature") };
        assert_eq!(signature.created().map(|time| time.as_secs()), Some(1_700_000_000));
        let parts = signature.config().unwrap().hashed_subpackets();
        let kinds: Vec<String> = parts.map(|part| format!("{:?}", part.typ())).collect();
        assert_eq!(kinds, ["SignatureCreationTime", "IssuerFingerprint"]);
    }

    #[test]
    fn the_keyring_of_archives_believes_it() {
        let certificate = key().certificate("isoplug pool of acme").unwrap();
        let keyring = Keyring::parse(certificate.as_bytes()).unwrap();
        let signed = key().clearsigned(TEXT, 1_700_000_000).unwrap();
        let clearsign::Clearsigned { text, signature } = clearsign::split(&signed).unwrap();
        let signatures = signature.as_bytes();
        let when = When { dated: 1_700_000_000, now: Some(1_800_000_000) };
        let verified = keyring.verify(text.as_bytes(), signatures, when).unwrap();
        assert_eq!(verified.signers, keyring.fingerprints());
        let forged = text.replace("isoplug", "isoplag");
        assert!(keyring.verify(forged.as_bytes(), signatures, when).is_err());
    }

    #[test]
    fn an_old_image_has_a_signature_that_is_not_older_than_its_key() {
        let signed = key().clearsigned(TEXT, 1).unwrap();
        let (message, _) = CleartextSignedMessage::from_string(&signed).unwrap();
        assert_eq!(message.signatures()[0].created().map(|time| time.as_secs()), Some(MADE));
    }

    #[test]
    fn what_is_no_such_key_is_told() {
        let error = |text: &str| ArchiveKey::from_pem(text).err().map(|error| error.to_string());
        let none = "it is not a private key in PEM (PKCS #8) without a password";
        for text in ["", "hello", &KEY.replace("PRIVATE", "PUBLIC"), &KEY[..60]] {
            assert_eq!(error(text).as_deref(), Some(none), "{text}");
        }
        // X25519 (RFC 8410, section 3) is another algorithm with keys of the same length.
        let other = KEY.replace("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu");
        assert_eq!(error(&other).as_deref(), Some("it is not a key for Ed25519"));
    }
}
