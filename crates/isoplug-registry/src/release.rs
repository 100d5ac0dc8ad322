//! One version of a plugin as an OCI artifact: makes its configuration and manifest, and reads
//! those that this or another tool made.
//!
//! The layout is that of the CNCF Wasm OCI artifact, which `wkg` and `oci-wasm` use: a
//! configuration `application/vnd.wasm.config.v0+json` and exactly one layer `application/wasm`.
//! A shared module is an artifact of a kind of its own whose one layer is an archive of its folder.
//! What `describe` says stands in an annotation, so that nobody fetches a component to show it.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical::canonical;
use super::component::{Outline, outline};
use super::error::Error;
use super::oci::{Descriptor, EMPTY_BYTES, OciManifest, to_json};
use super::transport::{At, Fetched, Transport, must};
use isoplug_engine::Digest;
use isoplug_manifest::plain::{is_plain_line, unplain};

/// The media type of the configuration.
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The media type of the component; the second is that of older tools.
const COMPONENT: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];
/// The kind of artifact that a shared module is.
const MODULE: &str = "application/vnd.isoplug.module.v1";
/// The media type of its layer: a POSIX tar archive of its folder.
const FOLDER: &str = "application/vnd.isoplug.module.v1.tar";
/// The contract of a shared module: a folder whose `isoplug.toml` has profiles.
pub(super) const MODULE_API: &str = "isoplug:module@1";
/// The annotation with the document of `describe`, in canonical form.
const DESCRIBE: &str = "dev.isoplug.describe";
/// The annotation with the contract that the component was built against.
const API: &str = "dev.isoplug.api";
/// The annotation with the version (OCI image specification, annotations.md).
const VERSION: &str = "org.opencontainers.image.version";
/// The annotation with a name; that of a layer is the file that `oras pull` writes.
const TITLE: &str = "org.opencontainers.image.title";
/// The most bytes of what `describe` says: it goes into the manifest, which is small.
const DESCRIBE_LIMIT: usize = 256 << 10;

/// What a registry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A component.
    Plugin,
    /// A folder with profiles for the manifests of others, as an archive.
    Module,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Its name, unique in the world: `acme.hardening`.
    pub id: String,
    /// Its version.
    #[serde(with = "super::text")]
    pub version: Version,
    /// What it does, in one line.
    #[serde(default)]
    pub summary: String,
    /// Its licence, as SPDX writes it.
    #[serde(default, alias = "license")]
    pub licence: String,
    /// Where to read more.
    #[serde(default)]
    pub homepage: Option<String>,
    /// The schema of its options.
    #[serde(default)]
    pub options: Value,
    /// What it asks to be granted.
    #[serde(default)]
    pub requests: Value,
    /// The whole document.
    #[serde(skip)]
    pub document: Value,
}

impl Description {
    /// Reads the document of `describe`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
        let mut description: Self =
            serde_json::from_value(document.clone()).map_err(|why| why.to_string())?;
        description.document = document;
        let unfit = description.texts().into_iter().find(|(_, text)| !is_plain_line(text));
        let unfit = unfit.map(|(name, _)| name.to_owned());
        match unfit.or_else(|| unplain(&description.document)) {
            Some(place) => {
                let place = place.trim_start_matches('.');
                Err(format!("its {place} holds control or format characters"))
            }
            None => Ok(description),
        }
    }

    fn texts(&self) -> [(&'static str, &str); 4] {
        let homepage = self.homepage.as_deref().unwrap_or_default();
        let (id, summary, licence) = (&self.id, &self.summary, &self.licence);
        [("id", id), ("summary", summary), ("licence", licence), ("homepage", homepage)]
    }

    /// Returns the digest that the lock and signatures hold: of the canonical form, so that it
    /// does not depend on how the document was written.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(canonical(&self.document).as_bytes())
    }
}

/// One version of a plugin in a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// Its version, if the artifact says one.
    pub version: Option<Version>,
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The component.
    pub component: Descriptor,
    /// What `describe` says; none if another tool published it.
    pub description: Option<Description>,
    /// The contract it was built against; none if another tool published it.
    pub api: Option<String>,
}

/// A release that is not yet stored.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) config: Vec<u8>,
    pub(super) manifest: OciManifest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: String,
    author: Option<&'a str>,
    architecture: &'a str,
    os: &'a str,
    layer_digests: [Digest; 1],
    component: World,
}

#[derive(Serialize)]
struct World {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// Makes a release: the same bytes for the same component, document and epoch.
///
/// # Errors
///
/// Why it cannot be made.
pub(super) fn make(
    kind: Kind,
    component: &[u8],
    description: &Description,
    epoch: u64,
) -> Result<Made, String> {
    match kind {
        Kind::Plugin => make_plugin(component, description, epoch),
        Kind::Module => make_module(component, description, epoch),
    }
}

fn make_module(archive: &[u8], description: &Description, epoch: u64) -> Result<Made, String> {
    let mut layer = Descriptor::of(FOLDER, archive);
    layer.annotations = Some([(TITLE.to_owned(), file_name(&description.id, "tar"))].into());
    let mut manifest = OciManifest::artifact(MODULE, vec![layer]);
    manifest.annotations = Some(annotations(description, MODULE_API.to_owned(), rfc3339(epoch))?);
    Ok(Made { config: EMPTY_BYTES.to_vec(), manifest })
}

fn make_plugin(component: &[u8], description: &Description, epoch: u64) -> Result<Made, String> {
    let outline = outline(component)?;
    let api = outline.api().ok_or("it exports nothing of isoplug:plugin")?;
    let mut layer = Descriptor::of(COMPONENT[0], component);
    layer.annotations = Some([(TITLE.to_owned(), file_name(&description.id, "wasm"))].into());
    let created = rfc3339(epoch);
    let config = to_json(&Config {
        created: created.clone(),
        author: None,
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [layer.digest],
        component: world(outline),
    });
    let mut manifest = OciManifest::new(Descriptor::of(CONFIG, &config), vec![layer]);
    manifest.annotations = Some(annotations(description, api, created)?);
    Ok(Made { config, manifest })
}

/// An id is any text, and a file name must not lead anywhere.
fn file_name(id: &str, ending: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    format!("{}.{ending}", id.chars().map(plain).collect::<String>().trim_start_matches('.'))
}

fn world(outline: Outline) -> World {
    World { exports: outline.exports, imports: outline.imports, target: None }
}

fn annotations(
    description: &Description,
    api: String,
    created: String,
) -> Result<BTreeMap<String, String>, String> {
    let document = canonical(&description.document);
    if document.len() > DESCRIBE_LIMIT {
        return Err(format!(
            "describe returns {} bytes, at most {DESCRIBE_LIMIT} are published",
            document.len()
        ));
    }
    let oci = |name: &str| format!("org.opencontainers.image.{name}");
    let mut annotations = BTreeMap::from([
        (DESCRIBE.to_owned(), document),
        (API.to_owned(), api),
        (VERSION.to_owned(), description.version.to_string()),
        (TITLE.to_owned(), description.id.clone()),
        (oci("description"), description.summary.clone()),
        (oci("licenses"), description.licence.clone()),
        (oci("created"), created),
    ]);
    annotations.extend(description.homepage.iter().map(|url| (oci("url"), url.clone())));
    Ok(annotations)
}

/// Writes seconds since 1970 as `2026-11-22T14:00:00Z` (days to dates after Howard Hinnant).
fn rfc3339(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * shifted + 2) / 5 + 1, (shifted + 2) % 12 + 1);
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

impl Release {
    /// Tells what it is; a component if another tool published it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.api.as_deref() {
            Some(MODULE_API) => Kind::Module,
            _ => Kind::Plugin,
        }
    }

    /// Fetches the manifest of a release.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], or [`Error::Document`] if it is no plugin.
    pub fn fetch(from: &dyn Transport, at: At<'_>) -> Result<Self, Error> {
        Self::read(&must(from, at)?, &from.place(), at)
    }

    /// Reads a manifest that was fetched.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] if it is no plugin.
    pub fn read(fetched: &Fetched, place: &str, at: At<'_>) -> Result<Self, Error> {
        let wrong = |why: String| Error::document(place, &at.to_string(), why);
        let manifest = OciManifest::read(&fetched.bytes, place, &at.to_string())?;
        let component = component(&manifest).map_err(wrong)?;
        let annotations = manifest.annotations.unwrap_or_default();
        let description = annotations.get(DESCRIBE).map(|text| Description::read(text)).transpose();
        let description =
            description.map_err(|why| wrong(format!("annotation {DESCRIBE}: {why}")))?;
        let tag = if let At::Tag(tag) = at { Some(tag) } else { None };
        let version = annotations.get(VERSION).map(String::as_str).or(tag);
        let version = version.and_then(version_of_tag);
        if let (Some(description), Some(version)) = (&description, &version)
            && description.version != *version
        {
            let own = &description.version;
            return Err(wrong(format!("it says that it is version {own} and version {version}")));
        }
        let api = annotations.get(API).cloned();
        Ok(Self { version, manifest: fetched.digest, component, description, api })
    }
}

/// Returns what an artifact holds; one must say that it is what it is.
fn component(manifest: &OciManifest) -> Result<Descriptor, String> {
    let api = manifest.annotations.as_ref().and_then(|all| all.get(API));
    if (manifest.kind() == MODULE) != api.is_some_and(|api| api == MODULE_API) {
        return Err(format!("annotation {API} says another kind of artifact"));
    }
    if manifest.kind() == MODULE {
        return match manifest.layers.as_slice() {
            [only] if only.media_type == FOLDER => Ok(only.clone()),
            _ => Err("it is a shared module without one archive".to_owned()),
        };
    }
    let is_component = |layer: &&Descriptor| COMPONENT.contains(&layer.media_type.as_str());
    let found: Vec<_> = manifest.layers.iter().filter(is_component).collect();
    match (found.as_slice(), manifest.layers.as_slice()) {
        ([only], _) => Ok((*only).clone()),
        ([], [only]) if manifest.kind() == CONFIG => Ok(only.clone()),
        ([], _) => Err(format!("it is not WebAssembly, but {:?}", manifest.kind())),
        _ => Err(format!("it has {} components, expected one", found.len())),
    }
}

/// Reads the version that a tag stands for. A tag cannot hold `+`, so tools write `_` for it, and
/// some begin with a `v`.
pub(super) fn version_of_tag(tag: &str) -> Option<Version> {
    let text = tag.strip_prefix('v').unwrap_or(tag).replacen('_', "+", 1);
    Version::parse(&text).ok()
}

/// Returns the tag of a version.
pub(super) fn tag_of_version(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

#[cfg(test)]
mod tests;
