//! Copies everything that a lock names into one folder, so that a build needs no network.
//!
//! The folder is an OCI image layout: components, manifests, signatures and indices, byte for
//! byte. It needs no trust: the lock's digests and the signatures are checked on the way out.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::Error;
use super::http::Registries;
use super::index::{TAG, index_reference};
use super::layout::Layout;
use super::pin::Pin;
use super::reference::{Place, Reference};
use super::release::tag_of_version;
use super::transport::{At, copy};

/// Copies what the lock names to a folder, and returns the references that it then serves.
///
/// # Errors
///
/// When something cannot be had, or is not what is locked.
pub fn mirror(
    registries: &Registries,
    locked: &[Pin],
    folder: &Path,
) -> Result<Vec<Reference>, Error> {
    let mut served = Vec::new();
    let mut indices = BTreeSet::new();
    for plugin in locked {
        served.push(copy_plugin(registries, plugin, folder)?);
        indices.extend(index_reference(&plugin.source));
    }
    for index in indices {
        copy_index(registries, &index, folder)?;
    }
    Ok(served)
}

/// Copies a plugin, and returns the reference by which the folder has it.
fn copy_plugin(registries: &Registries, plugin: &Pin, folder: &Path) -> Result<Reference, Error> {
    let from = registries.open(&plugin.source)?;
    let name = plugin.source.name().unwrap_or_else(|| plugin.name.clone());
    let to = Layout::open(folder, Some(&name))?;
    plugin.release(from.as_ref())?;
    let tag = tag_of_version(&plugin.version);
    copy(from.as_ref(), &to, plugin.manifest, Some(&tag))?;
    let place = Place::Layout { folder: folder.to_owned(), name: Some(name) };
    Ok(Reference { place, tag: Some(tag), digest: Some(plugin.manifest) })
}

/// Not every registry has an index.
fn copy_index(registries: &Registries, index: &Reference, folder: &Path) -> Result<(), Error> {
    let (from, name) = (registries.open(index)?, index.name());
    match from.manifest(At::Tag(TAG))? {
        Some(found) => {
            let to = Layout::open(folder, name.as_deref())?;
            copy(from.as_ref(), &to, found.digest, Some(TAG))
        }
        None => Ok(()),
    }
}
