//! The bundle in which programs of Sigstore take an envelope
//! (<https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto>, version 0.3).
//!
//! A copy of a line that stands in `NAME.iso.intoto.jsonl`, of one signer: such a bundle has room for one signature. It
//! names a key, and neither a certificate nor an entry of a transparency log, so that it tells nobody of an image.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::dsse::Envelope;

/// The type of a bundle.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Returns the bundle of a payload with the signature of one key. The key is told by the SHA-256 of its public half in
/// DER, as the programs of Sigstore do it. Equal for equal signatures.
#[must_use]
pub fn bundle(payload: &[u8], (keyid, sha256): (&str, [u8; 32]), signature: &[u8]) -> String {
    let mut envelope = Envelope::new(payload);
    envelope.add(keyid, signature);
    let bundle = json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": { "hint": STANDARD.encode(sha256) },
            "tlogEntries": [],
        },
        "dsseEnvelope": envelope,
    });
    bundle.to_string() + "\n"
}

/// Returns the envelope of a bundle, of each version that has one; none if it is no bundle.
#[must_use]
pub fn envelope(bundle: &str) -> Option<Envelope> {
    let bundle: Json = serde_json::from_str(bundle).ok()?;
    let kind = bundle["mediaType"].as_str()?;
    kind.starts_with("application/vnd.dev.sigstore.bundle")
        .then(|| serde_json::from_value(bundle["dsseEnvelope"].clone()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_the_envelope_and_tells_the_key() {
        let made = bundle(b"{}", ("aa", [7; 32]), b"signed");
        let read: Json = serde_json::from_str(&made).unwrap();
        assert_eq!(read["mediaType"], MEDIA_TYPE);
        let hint = read["verificationMaterial"]["publicKey"]["hint"].as_str().unwrap();
        assert_eq!(STANDARD.decode(hint).unwrap(), [7; 32]);
        let envelope = envelope(&made).unwrap();
        assert_eq!(envelope.signatures(), [("aa", b"signed".to_vec())]);
        assert_eq!(envelope.payload().unwrap(), b"{}");
    }

    #[test]
    fn what_is_no_bundle_has_no_envelope() {
        let line = Envelope::new(b"{}").line();
        for text in ["", "{}", &line, r#"{"mediaType": "application/json", "dsseEnvelope": {}}"#] {
            assert_eq!(envelope(text), None, "{text}");
        }
    }
}
