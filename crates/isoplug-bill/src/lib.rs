//! What lies beside an image and says what it is made of: bills of materials in SPDX and CycloneDX, both of one
//! model, the provenance, and the envelopes in which they are signed.
//!
//! Pure: the same facts give the same bytes. Reads no file, knows no key, no stage, no clock and no network.

pub mod cyclonedx;
pub mod dsse;
pub mod facts;
pub mod licence;
pub mod licences;
pub mod model;
pub mod provenance;
pub mod purl;
pub mod sigstore;
pub mod spdx;

/// Returns a time as bills write it.
pub(crate) fn time(epoch: u32) -> String {
    jiff::Timestamp::from_second(epoch.into()).map_or_else(|_| String::new(), |t| t.to_string())
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
