//! Publishes a finished image: the ISO and what belongs to it as one artifact, and what tells of it as its referrers.
//!
//! Any client of OCI registries gets the files again, by the names that they had. A tag is never published twice with
//! other bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use isoplug_engine::Digest;

use super::error::Error;
use super::http::Registries;
use super::oci::{Descriptor, EMPTY_BYTES, MANIFEST, OciManifest, to_json};
use super::reference::Reference;
use super::transport::{At, Transport};

/// What kind of artifact an image is.
const IMAGE: &str = "application/vnd.isoplug.image.v1";
/// How a layer says what its file is called (OCI image specification, "Pre-Defined Annotation Keys").
pub(super) const TITLE: &str = "org.opencontainers.image.title";

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its media type.
    pub media_type: String,
}

/// What to publish.
#[derive(Debug, Clone)]
pub struct ImagePublication<'a> {
    /// Where; it has a tag.
    pub reference: &'a Reference,
    /// The files of the artifact, the ISO first.
    pub files: Vec<ImageFile>,
    /// What tells of it: each an artifact of its own, whose kind is the file's type.
    pub papers: Vec<ImageFile>,
    /// Remarks on the artifact, by name.
    pub annotations: BTreeMap<String, String>,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedImage {
    /// Where, with its digest.
    pub reference: Reference,
    /// Whether the same was there before.
    pub was_there: bool,
}

/// Publishes an image.
///
/// # Errors
///
/// [`Error::Reference`] without a tag, [`Error::Unfit`] if the tag has another image; else as the registry answers, or when
/// a file cannot be read.
pub fn publish_image(
    registries: &Registries,
    what: &ImagePublication<'_>,
) -> Result<PublishedImage, Error> {
    let tag = tag(what.reference)?;
    let to = registries.open_origin(what.reference)?;
    let mut manifest = artifact(IMAGE, &what.files)?;
    manifest.annotations = Some(what.annotations.clone());
    let bytes = to_json(&manifest);
    let subject = Descriptor::of(MANIFEST, &bytes);
    let there = to.manifest(At::Tag(tag))?.map(|there| there.digest);
    check_same(what.reference, there, subject.digest)?;
    put(to.as_ref(), Some(tag), &manifest, &what.files)?;
    for paper in &what.papers {
        let files = std::slice::from_ref(paper);
        let manifest = OciManifest {
            subject: Some(Descriptor { artifact_type: None, annotations: None, ..subject.clone() }),
            ..artifact(&paper.media_type, files)?
        };
        put(to.as_ref(), None, &manifest, files)?;
    }
    let reference = Reference { digest: Some(subject.digest), ..what.reference.tagged(tag) };
    Ok(PublishedImage { reference, was_there: there.is_some() })
}

pub(super) fn tag(reference: &Reference) -> Result<&str, Error> {
    let wrong = |why: &str| Error::Reference { text: reference.to_string(), why: why.to_owned() };
    match (&reference.tag, reference.digest) {
        (_, Some(_)) => Err(wrong("a digest cannot be chosen")),
        (None, None) => Err(wrong("it has no tag, under which the image is to be found")),
        (Some(tag), None) => Ok(tag),
    }
}

pub(super) fn check_same(
    reference: &Reference,
    there: Option<Digest>,
    ours: Digest,
) -> Result<(), Error> {
    match there.filter(|there| *there != ours) {
        None => Ok(()),
        Some(there) => Err(Error::Unfit {
            name: reference.to_string(),
            why: format!("the tag has something else already ({there}): choose another tag"),
        }),
    }
}

fn artifact(kind: &str, files: &[ImageFile]) -> Result<OciManifest, Error> {
    let layers = files.iter().map(described).collect::<Result<Vec<_>, _>>()?;
    Ok(OciManifest::artifact(kind, layers))
}

fn described(file: &ImageFile) -> Result<Descriptor, Error> {
    let ImageFile { path, media_type } = file;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opened = File::open(path).map_err(Error::read(path))?;
    Ok(Descriptor {
        media_type: media_type.clone(),
        digest: Digest::of_file(&opened).map_err(Error::read(path))?,
        size: opened.metadata().map_err(Error::read(path))?.len(),
        artifact_type: None,
        annotations: Some([(TITLE.to_owned(), name)].into()),
    })
}

/// Stores the blobs first, and then the manifest: who sees it sees all.
pub(super) fn put(
    to: &dyn Transport,
    tag: Option<&str>,
    manifest: &OciManifest,
    files: &[ImageFile],
) -> Result<(), Error> {
    if !to.has_blob(Digest::of(EMPTY_BYTES))? {
        to.put_blob(EMPTY_BYTES)?;
    }
    for (blob, ImageFile { path, .. }) in manifest.layers.iter().zip(files) {
        if !to.has_blob(blob.digest)? {
            to.put_file(path, blob)?;
        }
    }
    to.put_manifest(tag, MANIFEST, &to_json(manifest))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::layout::Layout;

    fn file(folder: &Path, name: &str, text: &str) -> ImageFile {
        std::fs::write(folder.join(name), text).unwrap();
        ImageFile { path: folder.join(name), media_type: format!("application/x-{text}") }
    }

    fn publish(folder: &Path, iso: &str) -> Result<PublishedImage, Error> {
        let reference = format!("oci-layout:{}#r.example/acme/stick:1.0", folder.display());
        let reference = reference.parse().unwrap();
        let files = vec![file(folder, "x.iso", iso), file(folder, "x.iso.lock", "lock")];
        let papers = vec![file(folder, "x.iso.spdx.json", "bill")];
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let what = ImagePublication { reference: &reference, files, papers, annotations };
        publish_image(&Registries::default(), &what)
    }

    #[test]
    fn what_is_published_has_all_files_and_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let published = publish(folder.path(), "iso").unwrap();
        assert!(!published.was_there);
        let layout = Layout::open(folder.path(), Some("r.example/acme/stick")).unwrap();
        let there = layout.manifest(At::Tag("1.0")).unwrap().unwrap();
        assert_eq!(published.reference.digest, Some(there.digest));
        let manifest = OciManifest::read(&there.bytes, "", "").unwrap();
        assert_eq!((manifest.kind(), manifest.layers.len()), (IMAGE, 2));
        let iso = &manifest.layers[0];
        assert_eq!(iso.annotation(TITLE), Some("x.iso"));
        assert_eq!(layout.blob(iso, 10).unwrap(), b"iso");
        let [referrer] = &layout.referrers(there.digest).unwrap()[..] else { panic!() };
        assert_eq!(referrer.artifact_type.as_deref(), Some("application/x-bill"));
        // The same again is no change.
        assert!(publish(folder.path(), "iso").unwrap().was_there);
    }

    #[test]
    fn a_tag_keeps_its_image() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), "iso").unwrap();
        let error = publish(folder.path(), "other").unwrap_err().to_string();
        assert!(error.contains("the tag has something else already (sha256:"), "{error}");
        let place: Reference = "r.example/acme/stick".parse().unwrap();
        assert!(tag(&place).is_err());
    }
}
