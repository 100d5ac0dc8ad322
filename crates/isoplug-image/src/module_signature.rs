//! Signs kernel modules as the kernel checks them: a CMS signature over the whole file, and behind it what says so.
//!
//! No attribute is signed and RSA with PKCS#1 v1.5 takes no random number, so the same key gives the same bytes, which are
//! those of the kernel's own `sign-file`. Knows no file.

use cms::cert::IssuerAndSerialNumber;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, Null, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, DecodePem, Encode};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;

/// Why nothing can be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key that needs a passphrase.
    #[error(
        "the key needs a passphrase, which nobody can be asked for: take it off with `openssl pkey -in FILE -out FILE`"
    )]
    Encrypted,
    /// No RSA key, or a damaged one.
    #[error(
        "the key cannot be read as an RSA key in PEM of 2048 to 8192 bits ({0}); signatures of other kinds differ from build to build"
    )]
    Key(String),
    /// No certificate, or a damaged one.
    #[error("the certificate is none of X.509 in PEM or DER ({0})")]
    Certificate(String),
    /// A certificate of another key.
    #[error("the certificate is of another key than the one that is to sign")]
    Other,
    /// The signature could not be written.
    #[error("cannot sign: {0}")]
    Sign(String),
}

/// A key with its certificate.
pub struct Signer {
    key: RsaKeyPair,
    certificate: Certificate,
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The kind of signature that stands for CMS (the kernel's include/linux/module_signature.h).
const PKEY_ID_PKCS7: u8 = 2;

impl Signer {
    /// Reads a key in PEM and its certificate in PEM or DER.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read, or they do not belong together.
    pub fn new(key: &str, certificate: &[u8]) -> Result<Self, Error> {
        let (key, certificate) = (rsa_key(key)?, read_certificate(certificate)?);
        let public = &certificate.tbs_certificate.subject_public_key_info.subject_public_key;
        if public.as_bytes() != Some(key.public_key().as_ref()) {
            return Err(Error::Other);
        }
        Ok(Self { key, certificate })
    }

    /// Returns a kernel module, which has no signature, with one.
    ///
    /// # Errors
    ///
    /// When the signature cannot be written.
    pub fn sign(&self, module: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.signature(module).map_err(|error| Error::Sign(error.to_string()))?;
        let length =
            u32::try_from(signature.len()).map_err(|error| Error::Sign(error.to_string()))?;
        let mut trailer = [0; TRAILER];
        trailer[2] = PKEY_ID_PKCS7;
        trailer[8..].copy_from_slice(&length.to_be_bytes());
        Ok([module, &signature, &trailer, MAGIC].concat())
    }

    /// Returns the CMS signature of a content that stands elsewhere.
    fn signature(&self, content: &[u8]) -> Result<Vec<u8>, der::Error> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        let signed =
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature);
        // Only a buffer of another length fails.
        signed.map_err(|_| der::ErrorKind::Failed)?;
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: one(sha256())?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: None,
            crls: None,
            signer_infos: SignerInfos(one(self.info(signature)?)?),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
    }
}

impl Signer {
    /// Returns a signature with whose it is.
    fn info(&self, signature: Vec<u8>) -> Result<SignerInfo, der::Error> {
        let tbs = &self.certificate.tbs_certificate;
        let (issuer, serial_number) = (tbs.issuer.clone(), tbs.serial_number.clone());
        let whose = IssuerAndSerialNumber { issuer, serial_number };
        let parameters = Some(Any::encode_from(&Null)?);
        Ok(SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(whose),
            digest_alg: sha256(),
            signed_attrs: None,
            signature_algorithm: AlgorithmIdentifierOwned { oid: RSA, parameters },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        })
    }
}

fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: SHA256, parameters: None }
}

fn one<T: der::DerOrd>(item: T) -> Result<SetOfVec<T>, der::Error> {
    let mut set = SetOfVec::new();
    set.insert(item)?;
    Ok(set)
}

/// Returns a certificate as DER, which is what firmware reads.
///
/// # Errors
///
/// When it is none.
pub fn to_der(certificate: &[u8]) -> Result<Vec<u8>, Error> {
    let wrong = |error: der::Error| Error::Certificate(error.to_string());
    read_certificate(certificate)?.to_der().map_err(wrong)
}

fn read_certificate(bytes: &[u8]) -> Result<Certificate, Error> {
    let read = match bytes.starts_with(b"-----BEGIN") {
        true => Certificate::from_pem(bytes),
        false => Certificate::from_der(bytes),
    };
    read.map_err(|error| Error::Certificate(error.to_string()))
}

fn rsa_key(pem: &str) -> Result<RsaKeyPair, Error> {
    let (label, bytes) = der::pem::decode_vec(pem.trim().as_bytes())
        .map_err(|error| Error::Key(error.to_string()))?;
    let read = match label {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&bytes),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&bytes),
        "ENCRYPTED PRIVATE KEY" => return Err(Error::Encrypted),
        other => return Err(Error::Key(format!("it is a \"{other}\""))),
    };
    read.map_err(|error| Error::Key(error.to_string()))
}

/// What stands behind a signature (the kernel's include/linux/module_signature.h).
const MAGIC: &[u8] = b"~Module signature appended~\n";
/// The bytes between a signature and that, the last four of which are the signature's length.
const TRAILER: usize = 12;

/// Returns a kernel module without the signature that it may have.
#[must_use]
pub fn unsigned(module: &[u8]) -> &[u8] {
    let rest = module.strip_suffix(MAGIC).and_then(|rest| rest.split_last_chunk::<TRAILER>());
    let Some((rest, &[.., a, b, c, d])) = rest else { return module };
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    rest.len().checked_sub(length).map_or(module, |end| &rest[..end])
}

#[cfg(test)]
mod tests;
