//! Adds each file, folder and link of what the user gives, with its owner and mode.

use super::super::{Attrs, ContributeError, Rootfs, users};
use super::home::Homes;
use super::source::{Item, Source, What};
use super::volatile::Volatile;
use super::{FileContent, NewFile, is_looked_at, template};
use isoplug_formats::tree::Kind;

/// Adds a file of the manifest, or all that its folder holds.
pub(super) fn add(
    rootfs: &mut dyn Rootfs,
    file: &NewFile,
    homes: &Homes,
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    let owner = (users::uid(rootfs, &file.user)?, users::gid(rootfs, &file.group)?);
    let attrs = |mode: u16| Attrs::mode(file.mode.unwrap_or(mode)).owned_by(owner.0, owner.1);
    let path = &file.target;
    if file.from.is_one() {
        homes.make_way(rootfs, path)?;
    }
    match &file.from {
        FileContent::Bytes(bytes) => add_bytes(rootfs, path, bytes, attrs(0o644), volatile),
        FileContent::Template(template) => {
            let text = template::filled(rootfs, path, template)?;
            add_bytes(rootfs, path, text.as_bytes(), attrs(0o644), volatile)
        }
        FileContent::Link(to) => add_link(rootfs, path, to, volatile),
        FileContent::Folder => add_folder(rootfs, path, attrs(0o755), volatile),
        FileContent::Removed => remove(rootfs, path),
        FileContent::Source(source) => add_source(rootfs, (file, source), owner, (homes, volatile)),
    }
}

fn add_source(
    rootfs: &mut dyn Rootfs,
    (file, source): (&NewFile, &Source),
    (uid, gid): (u32, u32),
    (homes, volatile): (&Homes, &mut Volatile),
) -> Result<(), ContributeError> {
    source.items.iter().try_for_each(|item| {
        let path = item.path_in(&file.target);
        homes.make_way(rootfs, &path)?;
        let attrs = Attrs::mode(mode(file.mode, &item.what)).owned_by(uid, gid);
        add_item(rootfs, (source, item), (&path, attrs), volatile)
    })
}

fn add_folder(
    rootfs: &mut dyn Rootfs,
    path: &str,
    attrs: Attrs,
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    volatile.folder(path, attrs);
    rootfs.directory(path, attrs)
}

fn add_link(
    rootfs: &mut dyn Rootfs,
    path: &str,
    to: &str,
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    volatile.link(path, to);
    rootfs.symlink(path, to)
}

fn add_bytes(
    rootfs: &mut dyn Rootfs,
    path: &str,
    bytes: &[u8],
    attrs: Attrs,
    volatile: &mut Volatile,
) -> Result<(), ContributeError> {
    rootfs.file(path, bytes, attrs)?;
    match volatile.file(path, attrs) {
        Some(copy) => rootfs.file(&copy, bytes, attrs),
        None => Ok(()),
    }
}

/// What is not there may have a name that was mistyped. What others look at was removed before them.
fn remove(rootfs: &mut dyn Rootfs, path: &str) -> Result<(), ContributeError> {
    if rootfs.entry(path).is_none() && !is_looked_at(path) {
        rootfs.tell(&format!("{path} is to be removed, and nothing puts it there"));
    }
    rootfs.remove(path)
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
        What::Link { target } => add_link(rootfs, path, target, volatile),
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
