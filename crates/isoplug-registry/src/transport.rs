//! One repository of plugins, whether behind HTTP or in a folder.

use std::path::Path;

use super::error::Error;
use super::oci::{Descriptor, MANIFEST_LIMIT, OciManifest};
use isoplug_engine::Digest;

/// The most bytes of a component.
pub(super) const COMPONENT_LIMIT: u64 = 64 << 20;

/// Which manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At<'a> {
    /// The one that a tag points at now.
    Tag(&'a str),
    /// The one with this digest.
    Digest(Digest),
}

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Digest(digest) => write!(f, "manifest {digest}"),
        }
    }
}

/// A manifest as it is stored, with its digest verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The digest of the bytes.
    pub digest: Digest,
    /// The media type.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A repository. What it returns was compared with the digest that was asked for.
pub trait Transport {
    /// Returns what messages call it.
    fn place(&self) -> String;

    /// Returns all tags in byte order; none if there is no such repository.
    ///
    /// # Errors
    ///
    /// When the registry cannot be asked.
    fn tags(&self) -> Result<Vec<String>, Error>;

    /// Returns a manifest or index, or none if there is no such tag or digest.
    ///
    /// # Errors
    ///
    /// When the registry cannot be asked, or sends something else than asked for.
    fn manifest(&self, at: At<'_>) -> Result<Option<Fetched>, Error>;

    /// Returns the bytes of a blob.
    ///
    /// # Errors
    ///
    /// [`Error::WrongSize`] if it has another size than stated, or one above the limit;
    /// [`Error::WrongDigest`] if it has other bytes.
    fn blob(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, Error>;

    /// Tells whether there is a blob.
    ///
    /// # Errors
    ///
    /// When the registry cannot be asked.
    fn has_blob(&self, digest: Digest) -> Result<bool, Error>;

    /// Stores a blob.
    ///
    /// # Errors
    ///
    /// When the registry does not take it.
    fn put_blob(&self, bytes: &[u8]) -> Result<(), Error>;

    /// Stores a file as a blob, without having it in memory where that can be.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or the registry does not take it.
    fn put_file(&self, file: &Path, _blob: &Descriptor) -> Result<(), Error> {
        self.put_blob(&std::fs::read(file).map_err(Error::read(file))?)
    }

    /// Stores a manifest whose blobs are there, and lets a tag point at it. If it has a subject,
    /// [`Transport::referrers`] lists it from then on.
    ///
    /// # Errors
    ///
    /// When the registry does not take it.
    fn put_manifest(&self, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Returns the manifests about this one, in a stable order.
    ///
    /// # Errors
    ///
    /// When the registry cannot be asked.
    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, Error>;
}

/// Returns a manifest that must be there.
pub(super) fn must(from: &dyn Transport, at: At<'_>) -> Result<Fetched, Error> {
    let absent = || Error::Absent { place: from.place(), what: at.to_string() };
    from.manifest(at)?.ok_or_else(absent)
}

/// Stores an artifact that is made here: its blobs first, then its manifest.
pub(super) fn put_artifact(
    to: &dyn Transport,
    tag: Option<&str>,
    manifest: &OciManifest,
    blobs: &[&[u8]],
) -> Result<Descriptor, Error> {
    for blob in blobs {
        if !to.has_blob(Digest::of(blob))? {
            to.put_blob(blob)?;
        }
    }
    let bytes = super::oci::to_json(manifest);
    to.put_manifest(tag, super::oci::MANIFEST, &bytes)?;
    Ok(Descriptor::of(super::oci::MANIFEST, &bytes))
}

/// Copies a manifest with its blobs and its signatures, byte for byte. The manifest comes last: who
/// sees it sees all.
pub(super) fn copy(
    from: &dyn Transport,
    to: &dyn Transport,
    digest: Digest,
    tag: Option<&str>,
) -> Result<(), Error> {
    for referrer in super::signature::referrers(from, digest)? {
        copy_manifest(from, to, referrer.digest, None)?;
    }
    copy_manifest(from, to, digest, tag)
}

fn copy_manifest(
    from: &dyn Transport,
    to: &dyn Transport,
    digest: Digest,
    tag: Option<&str>,
) -> Result<(), Error> {
    let fetched = must(from, At::Digest(digest))?;
    let manifest = OciManifest::read(&fetched.bytes, &from.place(), &format!("manifest {digest}"))?;
    for blob in manifest.blobs() {
        if !to.has_blob(blob.digest)? {
            to.put_blob(&from.blob(blob, COMPONENT_LIMIT)?)?;
        }
    }
    to.put_manifest(tag, &fetched.media_type, &fetched.bytes)
}

/// Compares what came with what was asked for.
pub(super) fn check(
    place: &str,
    what: &str,
    expected: &Descriptor,
    bytes: &[u8],
) -> Result<(), Error> {
    if bytes.len() as u64 != expected.size {
        return Err(Error::WrongSize {
            place: place.to_owned(),
            what: what.to_owned(),
            expected: expected.size.to_string(),
            found: bytes.len() as u64,
        });
    }
    check_digest(place, what, expected.digest, bytes)
}

pub(super) fn check_digest(
    place: &str,
    what: &str,
    expected: Digest,
    bytes: &[u8],
) -> Result<(), Error> {
    check_same(place, what, expected, Digest::of(bytes))
}

pub(super) fn check_same(
    place: &str,
    what: &str,
    expected: Digest,
    found: Digest,
) -> Result<(), Error> {
    let (place, what) = (place.to_owned(), what.to_owned());
    match found == expected {
        true => Ok(()),
        false => Err(Error::WrongDigest { place, what, expected, found }),
    }
}

/// Refuses a blob by its stated size, before a byte of it is fetched.
pub(super) fn check_limit(place: &str, blob: &Descriptor, limit: u64) -> Result<(), Error> {
    match blob.size <= limit {
        true => Ok(()),
        false => Err(too_large(place, &format!("blob {}", blob.digest), limit, blob.size)),
    }
}

pub(super) fn too_large(place: &str, what: &str, limit: u64, found: u64) -> Error {
    let expected = format!("at most {limit}");
    Error::WrongSize { place: place.to_owned(), what: what.to_owned(), expected, found }
}

/// Returns the manifest of a referrer or tag, which is small.
pub(super) fn read_manifest(
    from: &dyn Transport,
    at: At<'_>,
) -> Result<Option<(Fetched, OciManifest)>, Error> {
    let Some(fetched) = from.manifest(at)? else { return Ok(None) };
    debug_assert!(fetched.bytes.len() as u64 <= MANIFEST_LIMIT);
    let manifest = OciManifest::read(&fetched.bytes, &from.place(), &at.to_string())?;
    Ok(Some((fetched, manifest)))
}
