//! Adds each file, folder and link of what the user gives, with its owner and mode.

use super::super::{Attrs, ContributeError, Rootfs, users};
use super::home::Homes;
use super::source::{Item, Source, What};
use super::volatile::Volatile;
use super::{FileContent, NewFile};
use isoplug_formats::tree::Kind;

/// Adds a file of the manifest, or all that its folder holds.
pub(super) fn add(
    rootfs: &mut dyn Rootfs,
    file: &NewFile,
    homes: &Homes,
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    let owner = (users::uid(rootfs, &file.user)?, users::gid(rootfs, &file.group)?);
    match &file.from {
        FileContent::Bytes(bytes) => {
            let attrs = Attrs::mode(file.mode.unwrap_or(0o644)).owned_by(owner.0, owner.1);
            homes.make_way(rootfs, &file.target)?;
            rootfs.file(&file.target, bytes, attrs)?;
            match volatile.file(&file.target, attrs) {
                Some(copy) => rootfs.file(&copy, bytes, attrs),
                None => Ok(()),
            }
        }
        FileContent::Source(source) => source.items.iter().try_for_each(|item| {
            let path = item.path_in(&file.target);
            homes.make_way(rootfs, &path)?;
            let attrs = Attrs::mode(mode(file.mode, &item.what)).owned_by(owner.0, owner.1);
            add_item(rootfs, (source, item), (&path, attrs), volatile)
        }),
    }
}

fn add_item(
    rootfs: &mut dyn Rootfs,
    (source, item): (&Source, &Item),
    (path, attrs): (&str, Attrs),
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    match &item.what {
        What::Folder => {
            volatile.folder(path, attrs);
            match rootfs.stat(path).is_some_and(|entry| entry.kind == Kind::Directory) {
                true => Ok(()),
                false => rootfs.directory(path, attrs),
            }
        }
        What::Link { target } => {
            volatile.link(path, target);
            rootfs.symlink(path, target)
        }
        What::File { .. } => {
            copy(rootfs, source, item, (path, attrs))?;
            match volatile.file(path, attrs) {
                Some(place) => copy(rootfs, source, item, (&place, attrs)),
                None => Ok(()),
            }
        }
    }
}

fn copy(
    rootfs: &mut dyn Rootfs,
    source: &Source,
    item: &Item,
    (path, attrs): (&str, Attrs),
) -> Result<(), ContributeError> {
    let mut reader = source.open(item).map_err(|error| ContributeError::Io {
        path: error.path.display().to_string(),
        source: error.source,
    })?;
    rootfs.file_from(path, &mut reader, attrs)
}

/// Returns the mode of an item.
fn mode(wanted: Option<u16>, what: &What) -> u16 {
    match (wanted, what) {
        (Some(mode), What::Folder) => mode | (mode & 0o444) >> 2,
        (Some(mode), _) => mode,
        (None, What::File { executable: false, .. }) => 0o644,
        (None, _) => 0o755,
    }
}
