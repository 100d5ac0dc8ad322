//! Keeps signatures beside what they sign: one small artifact that refers to the manifest.
//!
//! Its two layers are a statement and the `.minisig` of it, so `minisign -V` needs nothing else.
//! (OCI distribution specification, "Listing Referrers"; registries without that API keep the
//! list under a tag.)

use super::error::Error;
use super::keys::SecretKey;
use super::oci::{Descriptor, EMPTY_BYTES, MANIFEST, OciManifest};
use super::release::Release;
use super::statement::{Statement, TYPE};
use super::transport::{At, Transport, put_artifact, read_manifest};
use isoplug_engine::Digest;

/// The artifact type of a signature.
pub(super) const SIGNATURE: &str = "application/vnd.isoplug.signature.v1";
/// The media type of the layer with the signature itself.
pub(super) const MINISIGN: &str = "application/vnd.minisign.signature";
/// The most bytes of a statement or signature.
const LIMIT: u64 = 64 << 10;
/// The most signatures of one release that are read.
const COUNT: usize = 64;

/// A statement and its signature, neither of which is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The bytes that were signed.
    pub statement: Vec<u8>,
    /// The text of the `.minisig` file.
    pub text: String,
}

/// Signs a release and stores the signature, unless the key signed it before.
///
/// # Errors
///
/// When it has no document of `describe` to sign, or cannot be stored.
pub fn sign_release(
    to: &dyn Transport,
    reference: &str,
    release: &Release,
    previous: Option<Digest>,
    key: &SecretKey,
) -> Result<Statement, Error> {
    let statement = statement(to, reference, release, previous)?;
    let (bytes, public) = (statement.bytes(), key.public()?);
    let is_ours = |signature: &Signature| {
        signature.statement == bytes && public.verifies(&bytes, &signature.text)
    };
    if !signatures(to, release.manifest)?.iter().any(is_ours) {
        let comment = format!("{} {} of {reference}", statement.name, statement.version);
        store(to, release.manifest, &bytes, &key.sign(&bytes, &comment)?)?;
    }
    Ok(statement)
}

fn statement(
    to: &dyn Transport,
    reference: &str,
    release: &Release,
    previous: Option<Digest>,
) -> Result<Statement, Error> {
    let unknown = || {
        let what = format!("manifest {}", release.manifest);
        Error::document(&to.place(), &what, "it does not hold what `describe` says")
    };
    let description = release.description.as_ref().ok_or_else(unknown)?;
    Ok(Statement {
        kind: TYPE.to_owned(),
        name: description.id.clone(),
        reference: reference.to_owned(),
        version: description.version.clone(),
        component: release.component.digest,
        manifest: release.manifest,
        describe: description.digest(),
        previous,
    })
}

fn store(to: &dyn Transport, about: Digest, statement: &[u8], text: &str) -> Result<(), Error> {
    let layers = vec![
        Descriptor::of(&format!("{TYPE}+json"), statement),
        Descriptor::of(MINISIGN, text.as_bytes()),
    ];
    let absent = || Error::Absent { place: to.place(), what: format!("manifest {about}") };
    let subject = to.manifest(At::Digest(about))?.ok_or_else(absent)?;
    let mut manifest = OciManifest::artifact(SIGNATURE, layers);
    manifest.subject = Some(Descriptor::of(&subject.media_type, &subject.bytes));
    put_artifact(to, None, &manifest, &[EMPTY_BYTES, statement, text.as_bytes()]).map(drop)
}

/// Returns the signatures of a manifest. What is damaged or of another kind is no signature.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn signatures(from: &dyn Transport, manifest: Digest) -> Result<Vec<Signature>, Error> {
    let mut found = Vec::new();
    for referrer in referrers(from, manifest)? {
        match read(from, referrer.digest) {
            Ok(signature) => found.extend(signature),
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the referrers that are signatures. Older registries do not tell the kind.
pub(super) fn referrers(from: &dyn Transport, manifest: Digest) -> Result<Vec<Descriptor>, Error> {
    let is_signature = |referrer: &Descriptor| {
        referrer.media_type == MANIFEST
            && referrer.artifact_type.as_deref().is_none_or(|kind| kind == SIGNATURE)
    };
    let mut referrers = from.referrers(manifest)?;
    referrers.retain(is_signature);
    referrers.truncate(COUNT);
    Ok(referrers)
}

fn read(from: &dyn Transport, digest: Digest) -> Result<Option<Signature>, Error> {
    let Some((_, manifest)) = read_manifest(from, At::Digest(digest))? else { return Ok(None) };
    let layer = |kind: &str| manifest.layers.iter().find(|layer| layer.media_type == kind);
    let (Some(statement), Some(text)) = (layer(&format!("{TYPE}+json")), layer(MINISIGN)) else {
        return Ok(None);
    };
    let text = String::from_utf8(from.blob(text, LIMIT)?).unwrap_or_default();
    Ok(Some(Signature { statement: from.blob(statement, LIMIT)?, text }))
}

fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::Document { .. }
            | Error::Absent { .. }
            | Error::WrongDigest { .. }
            | Error::WrongSize { .. }
    )
}
