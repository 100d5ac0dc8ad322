//! Takes packages out of a vendor folder: by digest, or by the name they have in the archive.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use isoplug_engine::{Context, Digest};
use isoplug_manifest::lock::LockedPackage;

use super::{Error, digest};

/// What a folder has not.
#[derive(Default)]
pub(super) struct Missing<'p> {
    /// The packages that it does not have.
    pub(super) packages: Vec<&'p LockedPackage>,
    /// Files that are called like one of them, and have other bytes.
    pub(super) others: Vec<PathBuf>,
}

/// Puts what the folder has into the store and returns what it has not.
pub(super) fn take<'p>(
    folder: &Path,
    packages: Vec<&'p LockedPackage>,
    cx: &Context,
) -> Result<Missing<'p>, Error> {
    let mut missing = Missing::default();
    for package in packages {
        cx.check_cancelled()?;
        if !take_one(folder, package, &mut missing.others, cx)? {
            missing.packages.push(package);
        }
    }
    Ok(missing)
}

/// Opens a file; `None` if there is no regular one.
fn regular(path: &Path, cx: &Context) -> io::Result<Option<File>> {
    match open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => {
            cx.log(&format!("{} is not a regular file: passed over", path.display()));
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn take_one(
    folder: &Path,
    package: &LockedPackage,
    others: &mut Vec<PathBuf>,
    cx: &Context,
) -> Result<bool, Error> {
    let digest = digest(package)?;
    for path in candidates(folder, package) {
        let read = |source| Error::Read { path: path.clone(), source };
        let Some(mut file) = regular(&path, cx).map_err(read)? else { continue };
        let blob = cx.create()?;
        io::copy(&mut (&mut file).take(package.size + 1), &mut blob.file()).map_err(read)?;
        if Digest::of_file(blob.file()).map_err(read)? == digest {
            cx.put(blob, Some(digest))?;
            return Ok(true);
        }
        cx.log(&format!("{} is not {} of the lock: passed over", path.display(), package.title()));
        others.push(path);
    }
    Ok(false)
}

/// Opening a pipe would wait for who writes into it.
fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

fn candidates(folder: &Path, package: &LockedPackage) -> Vec<PathBuf> {
    let name = package.path.rsplit('/').next().unwrap_or_default();
    let names = [package.sha256.clone(), format!("{}.deb", package.sha256), name.to_owned()];
    let names = names.iter().filter(|name| !name.is_empty()).map(|name| folder.join(name));
    // Source packages lie as in their archives.
    let is_source = *package.architecture == *"source";
    let source = folder.join("sources").join(&package.source).join(&*package.path);
    names.chain(is_source.then_some(source)).collect()
}
