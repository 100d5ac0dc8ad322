//! Ed25519 keys in the text form of minisign: makes them, signs and verifies.
//!
//! What is signed here verifies with `minisign -V`, and keys of `minisign -G` sign here.

use std::fmt;
use std::io::{Cursor, Read};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{KeyPair, PublicKeyBox, SecretKeyBox, SignatureBox};

use super::error::Error;

/// The number of a key, 16 hexadecimal digits as minisign prints it. No proof of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 8]);

/// Verifies signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// One line of base64 that begins with `RW`.
    text: String,
    id: KeyId,
}

/// Makes signatures. It is never printed.
pub struct SecretKey(minisign::SecretKey);

/// Makes a key. Returns the text of the secret key file, which is encrypted if there is a
/// password, and the public key.
///
/// # Errors
///
/// When the machine gives no random numbers.
pub fn generate(password: Option<&str>) -> Result<(String, PublicKey), Error> {
    let failed = |why: minisign::PError| key_error("the new key", why);
    let pair = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
        None => KeyPair::generate_unencrypted_keypair(),
    }
    .map_err(failed)?;
    let public: PublicKey = pair.pk.to_base64().parse()?;
    let comment = format!("isoplug secret key {}", public.id);
    let secret = pair.sk.to_box(Some(&comment)).map_err(failed)?.into_string();
    Ok((secret, public))
}

fn key_error(what: &str, why: impl ToString) -> Error {
    Error::Key { what: what.to_owned(), why: why.to_string() }
}

impl SecretKey {
    /// Tells whether a secret key file needs a password.
    #[must_use]
    pub fn is_encrypted(text: &str) -> bool {
        let line = text.lines().nth(1).unwrap_or_default();
        let bytes = STANDARD.decode(line.trim()).unwrap_or_default();
        bytes.get(2..4).is_some_and(|algorithm| algorithm != [0, 0])
    }

    /// Reads a secret key file; `name` is for the message.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is none, or the password is wrong or missing.
    pub fn read(name: &str, text: &str, password: Option<&str>) -> Result<Self, Error> {
        let wrong = |why: minisign::PError| key_error(name, why);
        let boxed = SecretKeyBox::from_string(text).map_err(wrong)?;
        let secret = match (Self::is_encrypted(text), password) {
            (true, None) => {
                return Err(key_error(name, "it is encrypted, and there is no password"));
            }
            (true, Some(password)) => boxed.into_secret_key(Some(password.to_owned())),
            (false, _) => unencrypted(text, boxed),
        };
        secret.map(Self).map_err(wrong)
    }

    /// Returns the public key.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if the secret key is damaged.
    pub fn public(&self) -> Result<PublicKey, Error> {
        let public = minisign::PublicKey::from_secret_key(&self.0);
        public.map_err(|why| key_error("the secret key", why))?.to_base64().parse()
    }

    /// Signs bytes; the comment is signed too. Returns the text of a `.minisig` file.
    ///
    /// # Errors
    ///
    /// When the machine gives no random numbers, or the key is damaged.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, Error> {
        self.sign_read(Cursor::new(bytes), comment)
    }

    /// Signs what a reader gives, as [`SecretKey::sign`] signs bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read, the machine gives no random numbers, or the key is damaged.
    pub fn sign_read(&self, bytes: impl Read, comment: &str) -> Result<String, Error> {
        let untrusted = Some("signature of an isoplug publisher");
        let comment: String = comment.chars().filter(|c| !c.is_control()).collect();
        let wrong = |why| key_error("the secret key", why);
        let public = minisign::PublicKey::from_secret_key(&self.0).map_err(wrong)?;
        minisign::sign(Some(&public), &self.0, bytes, Some(&comment), untrusted)
            .map(|signature| signature.into_string())
            .map_err(wrong)
    }
}

impl SecretKey {
    /// Returns the seed of the key as every program for Ed25519 takes it (RFC 8032, section 5.1.5).
    pub(super) fn seed(&self) -> Vec<u8> {
        self.0.to_bytes().get(62..94).unwrap_or_default().to_vec()
    }
}

impl PublicKey {
    /// Returns the number of the key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the text of a public key file, as minisign writes it.
    #[must_use]
    pub fn to_file(&self) -> String {
        format!("untrusted comment: minisign public key {}\n{}\n", self.id, self.text)
    }

    /// Tells whether the key signed these bytes. Text that is no signature is none.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &str) -> bool {
        // The library takes the length of the second signature for granted.
        let last = signature.lines().nth(3).unwrap_or_default();
        let is_whole = STANDARD.decode(last.trim()).is_ok_and(|bytes| bytes.len() == 64);
        let (true, Ok(signature)) = (is_whole, SignatureBox::from_string(signature)) else {
            return false;
        };
        let Ok(key) = minisign::PublicKey::from_base64(&self.text) else { return false };
        minisign::verify(&key, &signature, Cursor::new(bytes), true, false, false).is_ok()
    }
}

/// Keys of `minisign -G -W` have zeros for a checksum, which the library takes for damage.
fn unencrypted(text: &str, boxed: SecretKeyBox) -> minisign::Result<minisign::SecretKey> {
    let bytes = STANDARD.decode(text.lines().nth(1).unwrap_or_default().trim()).unwrap_or_default();
    match bytes.get(126..158) {
        Some(checksum) if checksum.iter().all(|byte| *byte == 0) => {
            minisign::SecretKey::from_bytes(&bytes)
        }
        _ => boxed.into_unencrypted_secret_key(),
    }
}

/// Returns the number of the key that made a signature, if it is one.
pub fn signer(signature: &str) -> Option<KeyId> {
    let bytes = STANDARD.decode(signature.lines().nth(1)?.trim()).ok()?;
    bytes.get(2..10)?.try_into().ok().map(KeyId)
}

impl FromStr for PublicKey {
    type Err = Error;

    /// Reads one line of base64, or a public key file.
    fn from_str(text: &str) -> Result<Self, Error> {
        let what = format!("the public key \"{}\"", text.lines().next().unwrap_or_default());
        let wrong = |why: minisign::PError| key_error(&what, why);
        let key = match text.trim().contains('\n') {
            true => PublicKeyBox::from_string(text).and_then(PublicKeyBox::into_public_key),
            false => minisign::PublicKey::from_base64(text.trim()),
        };
        let key = key.map_err(wrong)?;
        let id = key.keynum().try_into().map(KeyId).map_err(|_| key_error(&what, "no number"))?;
        Ok(Self { text: key.to_base64(), id })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn signs_and_verifies() {
        let (text, public) = generate(None).unwrap();
        assert!(!SecretKey::is_encrypted(&text));
        let secret = SecretKey::read("key", &text, None).unwrap();
        assert_eq!(secret.public().unwrap(), public);
        assert_eq!(public.to_file().parse::<PublicKey>().unwrap(), public);
        let signature = secret.sign(b"words", "a\nb").unwrap();
        assert!(public.verifies(b"words", &signature) && !public.verifies(b"word", &signature));
        assert_eq!(signer(&signature), Some(public.id()));
        let (_, other) = generate(None).unwrap();
        assert!(!other.verifies(b"words", &signature));
        assert!(
            !public.verifies(
                b"words",
                &signature.replace("trusted comment: ab", "trusted comment: ac")
            )
        );
    }

    #[test]
    fn a_password_is_needed() {
        let (text, public) = generate(Some("secret")).unwrap();
        assert!(SecretKey::is_encrypted(&text));
        let read = |password| SecretKey::read("acme.key", &text, password);
        assert_eq!(read(Some("secret")).unwrap().public().unwrap(), public);
        insta::assert_snapshot!(read(None).unwrap_err(), @"acme.key cannot be used: it is encrypted, and there is no password");
        insta::assert_snapshot!(read(Some("wrong")).unwrap_err(), @"acme.key cannot be used: Wrong password for that key");
    }

    proptest! {
        #[test]
        fn any_text_is_no_key_and_no_signature(text in "\\PC{0,80}", cut in 0_usize..300) {
            let (secret, public) = generate(None).unwrap();
            prop_assert!(text.parse::<PublicKey>().is_err());
            prop_assert!(SecretKey::read("key", &text, Some("")).is_err());
            let signature = SecretKey::read("key", &secret, None).unwrap().sign(b"", "c").unwrap();
            let cut = cut.min(signature.trim_end().len() - 1);
            prop_assert!(!public.verifies(b"", &signature[..cut]));
            prop_assert!(!public.verifies(b"", &text));
        }
    }
}
