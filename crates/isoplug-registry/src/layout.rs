//! A folder with an OCI image layout, as a repository: a mirror that needs no server.
//!
//! OCI image specification, image-layout.md: `oci-layout`, `index.json`, `blobs/sha256/…`. Tags
//! are `org.opencontainers.image.ref.name` in the index: `1.2.0`, or `ghcr.io/acme/x:1.2.0` in a
//! folder of several plugins. Referrers stand in the index without a name. Other processes may
//! use the folder meanwhile: files appear by renaming, and one at a time changes the index.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::oci::{Descriptor, MANIFEST_LIMIT, OciIndex, OciManifest, to_json};
use super::transport::{At, Fetched, Transport, check, check_digest, check_limit, too_large};
use isoplug_engine::Digest;

/// Where the index keeps a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// One plugin in a folder.
#[derive(Debug, Clone)]
pub struct Layout {
    folder: PathBuf,
    name: Option<String>,
}

impl Layout {
    /// Opens a folder, which may be empty or absent if something will be written to it.
    ///
    /// # Errors
    ///
    /// When something else is there.
    pub fn open(folder: &Path, name: Option<&str>) -> Result<Self, Error> {
        let layout = Self { folder: folder.to_owned(), name: name.map(str::to_owned) };
        match fs::read_to_string(folder.join("oci-layout")) {
            Ok(text) => layout.check_marker(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => layout.check_free()?,
            Err(source) => return Err(Error::read(&folder.join("oci-layout"))(source)),
        }
        Ok(layout)
    }

    fn check_marker(&self, text: &str) -> Result<(), Error> {
        let marker: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        match marker.get("imageLayoutVersion").and_then(|version| version.as_str()) {
            Some(version) if version.starts_with("1.") => Ok(()),
            _ => Err(Error::document(&self.place(), "file oci-layout", "it states no version 1")),
        }
    }

    fn check_free(&self) -> Result<(), Error> {
        match fs::symlink_metadata(self.folder.join("index.json")) {
            Ok(_) => {
                Err(Error::document(&self.place(), "index.json", "there is no file oci-layout"))
            }
            Err(_) => Ok(()),
        }
    }

    /// Returns the file of a blob, whether or not it is there.
    #[must_use]
    pub fn blob_path(&self, digest: Digest) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.hex())
    }

    /// Returns the names of all plugins in the folder, without tags.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn names(&self) -> Result<BTreeSet<String>, Error> {
        let index = self.index()?;
        let names = index.manifests.iter().filter_map(|entry| entry.annotation(REF_NAME));
        Ok(names.filter_map(|name| Some(name.rsplit_once(':')?.0.to_owned())).collect())
    }

    /// Returns what the index calls a tag.
    fn name_of(&self, tag: &str) -> String {
        match &self.name {
            Some(name) => format!("{name}:{tag}"),
            None => tag.to_owned(),
        }
    }

    fn index(&self) -> Result<OciIndex, Error> {
        match self.read(&self.folder.join("index.json"), "index.json", 16 * MANIFEST_LIMIT)? {
            Some(bytes) => OciIndex::read(&bytes, &self.place(), "index.json"),
            None => Ok(OciIndex::default()),
        }
    }

    fn read(&self, path: &Path, what: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let size = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::read(path)(source)),
        };
        match size <= limit {
            true => fs::read(path).map(Some).map_err(Error::read(path)),
            false => Err(too_large(&self.place(), what, limit, size)),
        }
    }

    /// Returns the tag that an entry of the index has for this plugin.
    fn tag_of<'a>(&self, entry: &'a Descriptor, only: Option<&str>) -> Option<&'a str> {
        let name = entry.annotation(REF_NAME)?;
        match (&self.name, name.rsplit_once(':')) {
            (Some(own), Some((other, tag))) => (own == other).then_some(tag),
            (Some(_), None) => None,
            (None, None) => Some(name),
            (None, Some((other, tag))) => (only == Some(other)).then_some(tag),
        }
    }

    /// A folder may be used without a name if it holds one plugin.
    fn only(&self) -> Result<Option<String>, Error> {
        if self.name.is_some() {
            return Ok(None);
        }
        let names: Vec<String> = self.names()?.into_iter().collect();
        match names.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            [one, ..] => {
                let why =
                    format!("say which, as {}#{one}: it has {}", self.place(), names.join(", "));
                Err(Error::document(&self.place(), "index.json", why))
            }
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::write(folder))?;
        file.write_all(bytes).map_err(Error::write(path))?;
        set_readable(file.as_file()).map_err(Error::write(path))?;
        file.persist(path).map(drop).map_err(|error| Error::write(path)(error.error))
    }

    /// Changes the index while nobody else does.
    fn change(&self, change: impl FnOnce(&mut OciIndex)) -> Result<(), Error> {
        fs::create_dir_all(&self.folder).map_err(Error::write(&self.folder))?;
        let path = self.folder.join(".lock");
        let guard = File::create(&path).map_err(Error::write(&path))?;
        guard.lock().map_err(Error::write(&path))?;
        let mut index = self.index()?;
        change(&mut index);
        self.write(&self.folder.join("oci-layout"), MARKER.as_bytes())?;
        self.write(&self.folder.join("index.json"), &to_json(&index))
    }

    /// Only manifests are listed, so a referrer of an index entry is one with that subject.
    fn is_about(&self, entry: &Descriptor, subject: Digest) -> bool {
        let Ok(Some(fetched)) = self.manifest(At::Digest(entry.digest)) else { return false };
        let manifest = OciManifest::read(&fetched.bytes, "", "");
        manifest.is_ok_and(|manifest| manifest.subject.is_some_and(|of| of.digest == subject))
    }
}

/// A temporary file is its owner's alone; a mirror is for all.
#[cfg(unix)]
fn set_readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_readable(_: &File) -> std::io::Result<()> {
    Ok(())
}

impl Transport for Layout {
    fn place(&self) -> String {
        let name = self.name.as_ref().map(|name| format!("#{name}")).unwrap_or_default();
        format!("oci-layout:{}{name}", self.folder.display())
    }

    fn tags(&self) -> Result<Vec<String>, Error> {
        let only = self.only()?;
        let index = self.index()?;
        let tags = index.manifests.iter().filter_map(|entry| self.tag_of(entry, only.as_deref()));
        Ok(tags.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect())
    }

    fn manifest(&self, at: At<'_>) -> Result<Option<Fetched>, Error> {
        let index = self.index()?;
        let digest = match at {
            At::Digest(digest) => digest,
            At::Tag(tag) => {
                let only = self.only()?;
                let tagged = |entry: &&Descriptor| self.tag_of(entry, only.as_deref()) == Some(tag);
                let Some(entry) = index.manifests.iter().find(tagged) else { return Ok(None) };
                entry.digest
            }
        };
        let what = at.to_string();
        let Some(bytes) = self.read(&self.blob_path(digest), &what, MANIFEST_LIMIT)? else {
            return Ok(None);
        };
        check_digest(&self.place(), &what, digest, &bytes)?;
        let known = index.manifests.iter().find(|entry| entry.digest == digest);
        let media_type = known.map_or(super::oci::MANIFEST, |entry| &entry.media_type).to_owned();
        Ok(Some(Fetched { digest, media_type, bytes }))
    }

    fn blob(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        let (place, what) = (self.place(), format!("blob {}", blob.digest));
        check_limit(&place, blob, limit)?;
        let bytes = self.read(&self.blob_path(blob.digest), &what, limit)?;
        let absent = || Error::Absent { place: place.clone(), what: what.clone() };
        let bytes = bytes.ok_or_else(absent)?;
        check(&place, &what, blob, &bytes)?;
        Ok(bytes)
    }

    /// A damaged blob is as good as none: it is written anew.
    fn has_blob(&self, digest: Digest) -> Result<bool, Error> {
        let path = self.blob_path(digest);
        match File::open(&path).and_then(|file| Digest::of_file(&file)) {
            Ok(found) => Ok(found == digest),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::read(&path)(source)),
        }
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write(&self.blob_path(Digest::of(bytes)), bytes)
    }

    fn put_file(&self, file: &Path, blob: &Descriptor) -> Result<(), Error> {
        let target = self.blob_path(blob.digest);
        let folder = target.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let new = tempfile::NamedTempFile::new_in(folder).map_err(Error::write(folder))?;
        let mut from = File::open(file).map_err(Error::read(file))?;
        std::io::copy(&mut from, &mut new.as_file()).map_err(Error::write(&target))?;
        set_readable(new.as_file()).map_err(Error::write(&target))?;
        new.persist(&target).map(drop).map_err(|error| Error::write(&target)(error.error))
    }

    fn put_manifest(&self, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put_blob(bytes)?;
        let mut entry = Descriptor::of(media_type, bytes);
        if let Ok(manifest) = OciManifest::read(bytes, "", "") {
            entry.artifact_type = manifest.artifact_type;
        }
        let name = tag.map(|tag| self.name_of(tag));
        entry.annotations = name.clone().map(|name| [(REF_NAME.to_owned(), name)].into());
        self.change(|index| {
            let same = |other: &Descriptor| match &name {
                Some(name) => other.annotation(REF_NAME) == Some(name),
                None => other.digest == entry.digest && other.annotation(REF_NAME).is_none(),
            };
            index.manifests.retain(|other| !same(other));
            index.manifests.push(entry);
            index
                .manifests
                .sort_by_key(|entry| (entry.annotation(REF_NAME).map(str::to_owned), entry.digest));
        })
    }

    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, Error> {
        let index = self.index()?;
        let about = |entry: &Descriptor| entry.digest != subject && self.is_about(entry, subject);
        Ok(index.manifests.into_iter().filter(about).collect())
    }
}
