//! Reads inputs from folders of the build machine, for those who implement `Surroundings`.
//!
//! Symbolic links inside an input are not followed, so nothing outside it is read.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use isoplug_formats::tree::sorted_names;

use crate::surroundings::{is_inside, join};
use crate::{Content, InputEntry, Unseen};

/// Lists an input: the folder or file itself, then all below it in byte order.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn list(place: &Path) -> Result<Vec<InputEntry>, Unseen> {
    let mut entries = Vec::new();
    walk(place, String::new(), &mut entries)?;
    entries.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(entries)
}

/// Opens one file of an input; an empty path for an input that is a file.
///
/// # Errors
///
/// When the file is not there, or leads out of the folder.
pub fn open(place: &Path, path: &str) -> Result<Content, Unseen> {
    if !is_inside(path) {
        return Err(Unseen::NotFound);
    }
    let mut way = place.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        way.push(part);
        if fs::symlink_metadata(&way)?.is_symlink() {
            return Err(Unseen::Failed(format!("{path}: a symbolic link, which is not followed")));
        }
    }
    let found = fs::metadata(&way)?;
    if found.is_dir() {
        return Err(Unseen::Failed(format!("{path}: a folder")));
    }
    // Opening a pipe would wait for who writes into it, and a device may have no end.
    if !found.is_file() {
        return Err(Unseen::Failed(format!("{path}: neither a file nor a folder")));
    }
    Ok(Content::file(&way)?)
}

fn walk(place: &Path, path: String, entries: &mut Vec<InputEntry>) -> Result<(), Unseen> {
    let at = join(place, &path);
    let metadata = if path.is_empty() { fs::metadata(&at)? } else { fs::symlink_metadata(&at)? };
    if metadata.is_symlink() {
        return Ok(());
    }
    entries.push(entry(path.clone(), &metadata));
    if !metadata.is_dir() {
        return Ok(());
    }
    for name in sorted_names(&at)? {
        let name = name.into_string().map_err(|name| {
            Unseen::Failed(format!("{}: a name that is not UTF-8", name.to_string_lossy()))
        })?;
        let below = if path.is_empty() { name } else { format!("{path}/{name}") };
        walk(place, below, entries)?;
    }
    Ok(())
}

fn entry(path: String, metadata: &Metadata) -> InputEntry {
    let is_folder = metadata.is_dir();
    InputEntry {
        path,
        is_folder,
        executable: !is_folder && metadata.permissions().mode() & 0o100 != 0,
        size: if is_folder { 0 } else { metadata.len() },
    }
}
