//! Puts finished artifacts from the store into the user's folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isoplug_engine::{Artifact, Blob, Outputs};
use isoplug_image::stages::output;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::Prepared;

/// Puts the ISO and what belongs beside it into a folder; returns the path of the ISO.
pub(crate) fn export(
    prepared: &Prepared,
    outputs: &Outputs,
    folder: &Path,
) -> Result<PathBuf, Failure> {
    let facts = &prepared.products.facts;
    let iso = folder.join(format!("{}.iso", prepared.name));
    let beside = |suffix: &str| folder.join(format!("{}.iso.{suffix}", prepared.name));
    let files: [(Artifact<Blob>, PathBuf); 5] = [
        (facts.packages, beside("packages")),
        (facts.lock, beside("lock")),
        (facts.sbom, beside("spdx.json")),
        (facts.checksum, beside("sha256")),
        (prepared.products.iso, iso.clone()),
    ];
    for (plugin, files) in &prepared.products.outputs {
        let beside = folder.join(format!("{}.{plugin}", prepared.name));
        let listed = std::fs::read(made(outputs, *files, &beside)?).ok();
        let listed = listed.and_then(|bytes| output::read(&bytes).ok()).ok_or_else(|| {
            Failure::new(
                Exit::Internal,
                format!("the list of files for {} is damaged", beside.display()),
            )
        })?;
        for (path, digest) in listed {
            put(&prepared.store.blob_path(&digest), &beside.join(path))?;
        }
    }
    for (artifact, target) in files {
        put(&made(outputs, artifact, &target)?, &target)?;
    }
    Ok(iso)
}

/// Returns where an artifact is.
fn made(outputs: &Outputs, artifact: Artifact<Blob>, target: &Path) -> Result<PathBuf, Failure> {
    outputs.path(artifact).ok_or_else(|| {
        Failure::new(Exit::Internal, format!("nothing was made for {}", target.display()))
    })
}

fn put(source: &Path, target: &Path) -> Result<(), Failure> {
    place(source, target).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", target.display()))
            .because(&error)
            .hint("choose another folder with --output DIR")
    })
}

/// Makes the target another name of the source, or a copy of it on another file system.
///
/// The new name takes the place of the old one by a rename, so that whoever reads the old file
/// goes on reading it.
fn place(source: &Path, target: &Path) -> io::Result<()> {
    if is_same_file(source, target) {
        return Ok(());
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = target.with_extension("new");
    if new.exists() {
        fs::remove_file(&new)?;
    }
    if fs::hard_link(source, &new).is_err() {
        fs::copy(source, &new)?;
    }
    fs::rename(&new, target)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_target_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["blob", "out/x.iso"].map(|name| folder.path().join(name));
        fs::write(&source, "new").unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(&target, "old").unwrap();
        place(&source, &target).unwrap();
        place(&source, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }
}
