//! A fresh OpenPGP key, and the signatures that it makes.

use anyhow::{Context as _, Result};
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, DetachedSignature, KeyType, SecretKeyParamsBuilder,
    SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails, Password};

/// A key that signs a test archive.
#[derive(Debug, Clone)]
pub struct Key(SignedSecretKey);

impl Key {
    /// Makes a key.
    pub fn generate() -> Result<Self> {
        let params = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .primary_user_id("Test Archive <test@example.org>".to_owned())
            .build()
            .context("the parameters are complete")?;
        Ok(Self(params.generate(rand::rngs::OsRng)?))
    }

    /// Returns the public key, armored.
    pub fn public(&self) -> Result<String> {
        Ok(self.0.to_public_key().to_armored_string(ArmorOptions::default())?)
    }

    /// Returns the fingerprint in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.0.primary_key.fingerprint())
    }

    /// Makes a detached signature.
    pub fn sign_beside(&self, text: &str, armored: bool) -> Result<Vec<u8>> {
        let signature = DetachedSignature::sign_binary_data(
            rand::rngs::OsRng,
            &self.0.primary_key,
            &Password::empty(),
            HashAlgorithm::Sha512,
            text.as_bytes(),
        )?;
        match armored {
            true => Ok(signature.to_armored_bytes(ArmorOptions::default())?),
            false => Ok(signature.to_bytes()?),
        }
    }

    /// Signs a text in the clear.
    pub fn sign(&self, text: &str) -> Result<String> {
        let key = &self.0.primary_key;
        let text = text.trim_end_matches('\n');
        let signed =
            CleartextSignedMessage::sign(rand::rngs::OsRng, text, key, &Password::empty())?;
        Ok(signed.to_armored_string(ArmorOptions::default())?)
    }
}
