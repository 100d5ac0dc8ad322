//! Publishes files of a folder as one artifact, and lays them out again from it.
//!
//! A layer is a file; its title is the path, as other clients of OCI registries take it. A folder that is laid out
//! appears by one rename, with nothing in it that the manifest does not name by its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

use isoplug_engine::Digest;

use super::error::Error;
use super::http::Registries;
use super::image::ImageFile;
use super::image::{TITLE, check_same, put, tag};
use super::oci::{Descriptor, OciManifest, to_json};
use super::reference::Reference;
use super::transport::{At, Transport, must};

/// What kind of artifact a folder is.
const KIND: &str = "application/vnd.isoplug.folder.v1";
const FILE: &str = "application/octet-stream";
/// How a layer says that its file is a program.
const MODE: &str = "org.isoplug.file.mode";
const PROGRAM: &str = "755";
/// The most bytes of a file; it is in memory on its way out of a registry.
const LARGEST: u64 = 1 << 30;
/// The most files.
const MOST: usize = 20_000;

/// Publishes files of a folder under a tag; returns the reference with its digest. `files` are paths in it.
///
/// # Errors
///
/// [`Error::Reference`] without a tag, [`Error::Unfit`] if the tag has something else; else as the registry answers, or
/// when a file cannot be read.
pub fn put_folder(
    registries: &Registries,
    reference: &Reference,
    folder: &Path,
    files: &BTreeSet<String>,
) -> Result<Reference, Error> {
    let tag = tag(reference)?;
    let to = registries.open_origin(reference)?;
    let layers = files.iter().map(|name| described(folder, name)).collect::<Result<_, _>>()?;
    let manifest = OciManifest::artifact(KIND, layers);
    let digest = Digest::of(&to_json(&manifest));
    check_same(reference, to.manifest(At::Tag(tag))?.map(|there| there.digest), digest)?;
    let media_type = FILE.to_owned();
    let file = |name| ImageFile { path: folder.join(name), media_type: media_type.clone() };
    put(to.as_ref(), Some(tag), &manifest, &files.iter().map(file).collect::<Vec<_>>())?;
    Ok(Reference { digest: Some(digest), ..reference.tagged(tag) })
}

fn described(folder: &Path, name: &str) -> Result<Descriptor, Error> {
    let path = folder.join(name);
    let opened = File::open(&path).map_err(Error::read(&path))?;
    let found = opened.metadata().map_err(Error::read(&path))?;
    let mut annotations = BTreeMap::from([(TITLE.to_owned(), name.to_owned())]);
    if found.permissions().mode() & 0o100 != 0 {
        annotations.insert(MODE.to_owned(), PROGRAM.to_owned());
    }
    Ok(Descriptor {
        media_type: FILE.to_owned(),
        digest: Digest::of_file(&opened).map_err(Error::read(&path))?,
        size: found.len(),
        artifact_type: None,
        annotations: Some(annotations),
    })
}

/// Lays a folder out that is not there yet; returns the digest of what it was made of.
///
/// # Errors
///
/// When the folder is there, the artifact is none of a folder or names a path that leads out of it, or as the registry
/// answers.
pub fn get_folder(
    registries: &Registries,
    reference: &Reference,
    folder: &Path,
) -> Result<Digest, Error> {
    let from = registries.open(reference)?;
    let at = at(reference)?;
    let fetched = must(from.as_ref(), at)?;
    let manifest = OciManifest::read(&fetched.bytes, &from.place(), &at.to_string())?;
    let files = checked(&manifest, &from.place(), &at.to_string())?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let new = tempfile::tempdir_in(parent.unwrap_or(Path::new(".")));
    let new = new.map_err(Error::write(folder))?;
    for (name, layer) in files {
        lay_out(from.as_ref(), layer, &new.path().join(name))?;
    }
    let shown = fs::set_permissions(new.path(), Permissions::from_mode(0o755));
    // What is there already is never touched: only an empty folder gives way.
    shown.and_then(|()| fs::rename(new.path(), folder)).map_err(Error::write(folder))?;
    drop(new.keep());
    Ok(fetched.digest)
}

/// Returns which artifact is meant; a digest counts more than a tag.
fn at(reference: &Reference) -> Result<At<'_>, Error> {
    let tag = reference.tag.as_deref().map(At::Tag);
    reference.digest.map(At::Digest).or(tag).ok_or_else(|| Error::Reference {
        text: reference.to_string(),
        why: "it has neither a tag nor a digest".to_owned(),
    })
}

/// Returns the files of an artifact by their paths, none of which leads out of a folder.
fn checked<'m>(
    manifest: &'m OciManifest,
    place: &str,
    what: &str,
) -> Result<BTreeMap<&'m str, &'m Descriptor>, Error> {
    let wrong = |why: String| Error::document(place, what, why);
    if manifest.kind() != KIND {
        return Err(wrong(format!("it is not a folder, but {}", manifest.kind())));
    }
    if manifest.layers.len() > MOST {
        return Err(wrong(format!("more than {MOST} files")));
    }
    let mut files = BTreeMap::new();
    for layer in &manifest.layers {
        let name = layer.annotation(TITLE).unwrap_or_default();
        if !stays_inside(name) {
            return Err(wrong(format!("invalid path of a file: \"{}\"", name.escape_debug())));
        }
        if files.insert(name, layer).is_some() {
            return Err(wrong(format!("two files are called \"{name}\"")));
        }
    }
    Ok(files)
}

fn stays_inside(name: &str) -> bool {
    let parts = || Path::new(name).components();
    let is_plain = parts().all(|part| matches!(part, Component::Normal(_)));
    is_plain && parts().next().is_some() && !name.ends_with('/') && !name.contains("//")
}

fn lay_out(from: &dyn Transport, layer: &Descriptor, target: &Path) -> Result<(), Error> {
    let folder = target.parent().unwrap_or(target);
    fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let bytes = from.blob(layer, LARGEST)?;
    let written = File::create_new(target).and_then(|mut file| {
        io::copy(&mut (&bytes[..]).take(bytes.len() as u64), &mut file)?;
        let mode = if layer.annotation(MODE) == Some(PROGRAM) { 0o755 } else { 0o644 };
        file.set_permissions(Permissions::from_mode(mode))
    });
    written.map_err(Error::write(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    fn reference(folder: &Path) -> Reference {
        format!("oci-layout:{}#r.example/kept/stick:1", folder.display()).parse().unwrap()
    }

    fn project(folder: &Path) -> BTreeSet<String> {
        fs::create_dir_all(folder.join("vendor/sources")).unwrap();
        fs::write(folder.join("isoplug.toml"), "[image]").unwrap();
        fs::write(folder.join("vendor/sources/a.dsc"), "a").unwrap();
        fs::write(folder.join("vendor/isoplug"), "program").unwrap();
        fs::set_permissions(folder.join("vendor/isoplug"), Permissions::from_mode(0o755)).unwrap();
        ["isoplug.toml", "vendor/sources/a.dsc", "vendor/isoplug"].map(str::to_owned).into()
    }

    #[test]
    fn a_folder_comes_out_as_it_went_in() {
        let space = tempfile::tempdir().unwrap();
        let (at, files) = (reference(&space.path().join("registry")), project(space.path()));
        let put = put_folder(&Registries::default(), &at, space.path(), &files).unwrap();
        let again = space.path().join("again");
        let got = get_folder(&Registries::default(), &put, &again).unwrap();
        assert_eq!(put.digest, Some(got));
        for name in &files {
            let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
            assert_eq!(read(&again), read(space.path()), "{name}");
        }
        let mode = |name: &str| again.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("vendor/isoplug"), mode("isoplug.toml")), (0o755, 0o644));
        // What is there stays.
        fs::write(again.join("isoplug.toml"), "mine").unwrap();
        assert!(get_folder(&Registries::default(), &put, &again).is_err());
        assert_eq!(fs::read(again.join("isoplug.toml")).unwrap(), b"mine");
    }

    #[test]
    fn a_changed_file_is_refused_and_leaves_nothing() {
        let space = tempfile::tempdir().unwrap();
        let registry = space.path().join("registry");
        let (at, files) = (reference(&registry), project(space.path()));
        put_folder(&Registries::default(), &at, space.path(), &files).unwrap();
        let layout = Layout::open(&registry, Some("r.example/kept/stick")).unwrap();
        fs::write(layout.blob_path(Digest::of(b"program")), "Program").unwrap();
        let again = space.path().join("again");
        let error = get_folder(&Registries::default(), &at, &again).unwrap_err();
        assert!(matches!(error, Error::WrongDigest { .. }), "{error}");
        assert!(!again.exists());
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for name in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "."] {
            assert!(!stays_inside(name), "{name}");
        }
        assert!(stays_inside("vendor/sources/debian/pool/a_1.dsc"));
        let layer = |name: &str| Descriptor {
            annotations: Some([(TITLE.to_owned(), name.to_owned())].into()),
            ..Descriptor::of(FILE, b"x")
        };
        let of = |names: [&str; 2]| OciManifest::artifact(KIND, names.map(layer).into());
        let refused = |names| checked(&of(names), "r", "tag 1").unwrap_err().to_string();
        assert!(refused(["a", "../b"]).contains("invalid path of a file: \"../b\""));
        assert!(refused(["a", "a"]).contains("two files are called \"a\""));
        let other = OciManifest::artifact("application/x-other", Vec::new());
        assert!(
            checked(&other, "r", "tag 1").unwrap_err().to_string().contains("it is not a folder")
        );
    }
}
