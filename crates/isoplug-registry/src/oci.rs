//! The documents of OCI artifacts: descriptors, manifests and indices.
//!
//! Reads what any tool wrote, unknown fields included; writes only what the specification names
//! (OCI image specification 1.1: descriptor.md, manifest.md, image-index.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::Error;
use isoplug_engine::Digest;

/// The media type of a manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of a configuration that says nothing: its bytes are `{}`.
pub(super) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The bytes of [`EMPTY`].
pub(super) const EMPTY_BYTES: &[u8] = b"{}";
/// The most bytes of a manifest that registries must accept, and that are read here.
pub(super) const MANIFEST_LIMIT: u64 = 4 << 20;

/// Names content by type, digest and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What kind of artifact it is, if it is a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Remarks by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Says which blobs make an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciManifest {
    /// Always 2.
    pub schema_version: u32,
    /// Its own media type; older tools leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact it is, if the configuration does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The contents.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Remarks by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Lists manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciIndex {
    /// Always 2.
    pub schema_version: u32,
    /// Its own media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The manifests.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
    /// Remarks by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// Describes bytes.
    #[must_use]
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: None,
        }
    }

    /// Returns a remark.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

impl OciManifest {
    /// Makes a manifest of these blobs.
    pub(super) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: None,
        }
    }

    /// Makes an artifact that has no configuration.
    pub(super) fn artifact(kind: &str, layers: Vec<Descriptor>) -> Self {
        let config = Descriptor::of(EMPTY, EMPTY_BYTES);
        Self { artifact_type: Some(kind.to_owned()), ..Self::new(config, layers) }
    }

    /// Reads a manifest; `place` and `what` are for the message.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] if it is none.
    pub(super) fn read(bytes: &[u8], place: &str, what: &str) -> Result<Self, Error> {
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|why| Error::document(place, what, why))?;
        match manifest.schema_version {
            2 => Ok(manifest),
            other => Err(Error::document(place, what, format!("schema version {other}"))),
        }
    }

    /// Returns the kind of artifact: the specification takes the configuration's type if nothing
    /// else says it.
    pub(super) fn kind(&self) -> &str {
        self.artifact_type.as_deref().unwrap_or(&self.config.media_type)
    }

    /// Returns every blob: the configuration and the layers.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }
}

impl std::default::Default for OciIndex {
    fn default() -> Self {
        Self {
            schema_version: 2,
            media_type: Some(INDEX.to_owned()),
            manifests: Vec::new(),
            annotations: None,
        }
    }
}

impl OciIndex {
    pub(super) fn read(bytes: &[u8], place: &str, what: &str) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|why| Error::document(place, what, why))
    }
}

/// Writes a document. One of these types cannot fail to become JSON.
pub(super) fn to_json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}
