//! The list of the plugins of one part of a registry, for searching: OCI has no search.
//!
//! `ghcr.io/acme/isoplug-index:latest` lists what `ghcr.io/acme/…` publishes. It is one JSON
//! document with a `.minisig` beside it. Whoever publishes adds to it; anyone may make another.

use std::collections::BTreeSet;

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::keys::SecretKey;
use super::oci::{Descriptor, EMPTY_BYTES, OciManifest, to_json};
use super::reference::{Place, Reference};
use super::release::{Description, Release};
use super::signature::MINISIGN;
use super::transport::{At, Transport, put_artifact, read_manifest};
use super::trust::Policy;
use isoplug_engine::Digest;
use isoplug_manifest::plain::{is_plain_line, unplain};

/// The artifact type of an index, and the media type of its document.
const INDEX: &str = "application/vnd.isoplug.index.v1+json";
/// The tag of an index.
pub(super) const TAG: &str = "latest";
/// The most bytes of an index.
const LIMIT: u64 = 16 << 20;

/// A list of plugins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Raised by each change.
    pub serial: u64,
    /// The plugins, sorted by reference.
    pub plugins: Vec<Entry>,
}

/// A plugin in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its `id`.
    pub name: String,
    /// The registry and repository.
    pub reference: String,
    /// The newest version that was not yanked.
    #[serde(with = "super::text")]
    pub latest: Version,
    /// What it does, in one line.
    pub summary: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// What it asks to be granted.
    #[serde(default)]
    pub requests: Value,
    /// Its versions, oldest first.
    pub versions: Vec<IndexVersion>,
}

/// A version in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexVersion {
    /// The version.
    #[serde(with = "super::text")]
    pub version: Version,
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The digest of the component.
    pub component: Digest,
    /// Why nobody should begin to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yanked: Option<String>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The plugin.
    pub entry: Entry,
    /// The index that lists it.
    pub index: String,
    /// Who signed the index, if a policy knows them.
    pub signed_by: Option<String>,
}

/// Returns where the index of a plugin is; none if the folder does not say the plugin's name.
#[must_use]
pub fn index_reference(reference: &Reference) -> Option<Reference> {
    let beside = |name: &str| match name.rsplit_once('/') {
        Some((parent, _)) => format!("{parent}/isoplug-index"),
        None => "isoplug-index".to_owned(),
    };
    let place = match &reference.place {
        Place::Registry { host, repository, plain } => {
            Place::Registry { host: host.clone(), repository: beside(repository), plain: *plain }
        }
        Place::Layout { folder, name } => {
            Place::Layout { folder: folder.clone(), name: Some(beside(name.as_deref()?)) }
        }
    };
    Some(Reference { place, tag: Some(TAG.to_owned()), digest: None })
}

/// Reads an index and tells who signed it, if one of the policies knows them. None if there is
/// no index.
///
/// # Errors
///
/// When it cannot be read, or is none.
pub fn read_index(
    from: &dyn Transport,
    policies: &[Policy],
) -> Result<Option<(Index, Option<String>)>, Error> {
    let Some((_, manifest)) = read_manifest(from, At::Tag(TAG))? else { return Ok(None) };
    let layer = |kind: &str| manifest.layers.iter().find(|layer| layer.media_type == kind);
    let wrong = |why: String| Error::document(&from.place(), "index", why);
    let document = layer(INDEX).ok_or_else(|| wrong(format!("it is {}", manifest.kind())))?;
    let bytes = from.blob(document, LIMIT)?;
    let index: Index = serde_json::from_slice(&bytes).map_err(|why| wrong(why.to_string()))?;
    if !index.plugins.iter().all(Entry::is_plain) {
        return Err(wrong("it holds control or format characters".to_owned()));
    }
    let signature = match layer(MINISIGN) {
        Some(layer) => String::from_utf8(from.blob(layer, 64 << 10)?).unwrap_or_default(),
        None => String::new(),
    };
    let mut keys = policies.iter().flat_map(Policy::keys);
    let signer = keys.find(|(_, key)| key.verifies(&bytes, &signature));
    Ok(Some((index, signer.map(|(name, _)| name.to_owned()))))
}

/// Finds plugins whose name, reference or summary holds each word, in any case.
///
/// # Errors
///
/// The first index that is there and cannot be read. A missing one lists nothing.
pub fn search(
    indices: &[Box<dyn Transport>],
    words: &[String],
    policies: &[Policy],
) -> Result<Vec<Found>, Error> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut found = Vec::new();
    for from in indices {
        let Some((index, signed_by)) = read_index(from.as_ref(), policies)? else { continue };
        for entry in index.plugins {
            let text = format!("{}\n{}\n{}", entry.name, entry.reference, entry.summary);
            let text = text.to_lowercase();
            if words.iter().all(|word| text.contains(word)) {
                found.push(Found { entry, index: from.place(), signed_by: signed_by.clone() });
            }
        }
    }
    Ok(found)
}

impl Index {
    /// Returns the versions of a plugin that were yanked.
    #[must_use]
    pub fn yanked(&self, reference: &str) -> BTreeSet<Version> {
        let entries = self.plugins.iter().filter(|entry| entry.reference == reference);
        let versions = entries.flat_map(|entry| &entry.versions);
        let yanked = versions.filter(|version| version.yanked.is_some());
        yanked.map(|version| version.version.clone()).collect()
    }

    /// Adds a release, or does nothing if it is there.
    fn add(&mut self, reference: &str, release: &Release) -> Option<()> {
        let description = release.description.as_ref()?;
        let mut entry = match self.plugins.iter().position(|entry| entry.reference == reference) {
            Some(position) => self.plugins.remove(position),
            None => Entry::new(reference, &description.version),
        };
        entry.take(IndexVersion {
            version: description.version.clone(),
            manifest: release.manifest,
            component: release.component.digest,
            yanked: None,
        });
        entry.settle_latest();
        if entry.latest == description.version {
            entry.describe(description);
        }
        self.plugins.push(entry);
        self.plugins.sort_by(|a, b| a.reference.cmp(&b.reference));
        Some(())
    }

    fn yank(&mut self, reference: &str, version: &Version, why: Option<&str>) -> Option<()> {
        let entry = self.plugins.iter_mut().find(|entry| entry.reference == reference)?;
        let known = entry.versions.iter_mut().find(|known| known.version == *version)?;
        known.yanked = why.map(str::to_owned);
        entry.settle_latest();
        Some(())
    }
}

impl Entry {
    fn new(reference: &str, latest: &Version) -> Self {
        Self {
            name: String::new(),
            reference: reference.to_owned(),
            latest: latest.clone(),
            summary: String::new(),
            licence: String::new(),
            requests: Value::Null,
            versions: Vec::new(),
        }
    }

    fn is_plain(&self) -> bool {
        let reasons = self.versions.iter().filter_map(|version| version.yanked.as_deref());
        let texts = [&self.name, &self.reference, &self.summary, &self.licence].map(String::as_str);
        texts.into_iter().chain(reasons).all(is_plain_line) && unplain(&self.requests).is_none()
    }

    /// A version before a release counts only if there is nothing else.
    /// Takes a version in, in the place of another release of that number.
    fn take(&mut self, version: IndexVersion) {
        if self.versions.iter().all(|known| known.manifest != version.manifest) {
            self.versions.retain(|known| known.version != version.version);
            self.versions.push(version);
            self.versions.sort_by(|a, b| a.version.cmp(&b.version));
        }
    }

    fn describe(&mut self, description: &Description) {
        self.name.clone_from(&description.id);
        self.summary.clone_from(&description.summary);
        self.licence.clone_from(&description.licence);
        self.requests = description.requests.clone();
    }

    fn settle_latest(&mut self) {
        let usable = self.versions.iter().filter(|version| version.yanked.is_none());
        let rank =
            |version: &&IndexVersion| (version.version.pre.is_empty(), version.version.clone());
        if let Some(latest) = usable.max_by_key(rank) {
            self.latest = latest.version.clone();
        }
    }
}

/// Lists a release, and signs the index anew.
///
/// # Errors
///
/// When the index cannot be read or written.
pub(super) fn list(
    index: &dyn Transport,
    reference: &str,
    release: &Release,
    key: Option<&SecretKey>,
) -> Result<(), Error> {
    change(index, key, |index| index.add(reference, release))
}

/// Marks a version so that nobody begins to use it, or takes the mark away if `why` is none.
/// Locks that hold it go on working.
///
/// # Errors
///
/// [`Error::Absent`] if the index does not list it.
pub fn yank(
    index: &dyn Transport,
    reference: &str,
    version: &Version,
    why: Option<&str>,
    key: Option<&SecretKey>,
) -> Result<(), Error> {
    change(index, key, |index| index.yank(reference, version, why)).map_err(|error| match error {
        Error::Absent { place, .. } => {
            Error::Absent { place, what: format!("{reference} {version}") }
        }
        error => error,
    })
}

/// Reads, changes and writes the index, and looks whether the change is still there: two who
/// publish at once would else lose one.
fn change(
    at: &dyn Transport,
    key: Option<&SecretKey>,
    mut change: impl FnMut(&mut Index) -> Option<()>,
) -> Result<(), Error> {
    for _ in 0..5 {
        let before = read_index(at, &[])?.map(|(index, _)| index).unwrap_or_default();
        let mut index = before.clone();
        change(&mut index)
            .ok_or_else(|| Error::Absent { place: at.place(), what: String::new() })?;
        if index == before {
            return Ok(());
        }
        index.serial += 1;
        write(at, &index, key)?;
    }
    let why = "someone else keeps changing it: try again later";
    Err(Error::document(&at.place(), "index", why))
}

fn write(at: &dyn Transport, index: &Index, key: Option<&SecretKey>) -> Result<(), Error> {
    let bytes = to_json(index);
    let comment = format!("index of {}, serial {}", at.place(), index.serial);
    let signature = key.map(|key| key.sign(&bytes, &comment)).transpose()?;
    let mut layers = vec![Descriptor::of(INDEX, &bytes)];
    let mut blobs = vec![EMPTY_BYTES, &bytes];
    if let Some(signature) = &signature {
        layers.push(Descriptor::of(MINISIGN, signature.as_bytes()));
        blobs.push(signature.as_bytes());
    }
    put_artifact(at, Some(TAG), &OciManifest::artifact(INDEX, layers), &blobs).map(drop)
}
