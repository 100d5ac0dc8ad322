//! Pins the packages of a profile: from its sources, through the solver, into the lock.
//!
//! Knows how long a lock stays good; takes the time, the mirrors and the old lock as values.

pub mod source_packages;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::{System, manifest};

use crate::apt::{self, AptSource, Stanza, Unread};
use crate::keyring;
use crate::mirrors::{MirrorList, Mirrors};
use crate::resolve::{self, resolve};
use crate::{Access, Index, Request, Resolvo, Universe};

/// The sources of a profile, ready to be read.
pub struct Sources(Vec<AptSource>);

/// Why a profile cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] apt::Error),
    /// The request has no answer.
    #[error(transparent)]
    Resolve(#[from] resolve::Error),
}

/// How to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Keep what the lock has, and read the sources as they were then, if that can be had.
    Keep,
    /// Read the sources as they are now and choose anew.
    Renew,
}

impl Sources {
    /// Prepares the sources that a manifest names. `keyring` reads a keyring file, if one is named.
    ///
    /// # Errors
    ///
    /// When a source cannot be understood or its keyring cannot be read: it is never read with other keys.
    pub fn new(
        system: &System,
        mirrors: &Mirrors,
        keyring: impl Fn(&manifest::Source) -> io::Result<Option<Vec<u8>>>,
    ) -> Result<Self, Error> {
        let source = |(name, source): (&String, &manifest::Source)| {
            if let Some(folder) = &source.folder {
                return Ok(AptSource::of_folder(name, source, folder));
            }
            let keyring = keyring(source).map_err(|error| apt::Error::Keyring {
                source_name: name.clone(),
                source: keyring::Error::Unreadable(error.to_string()),
            })?;
            AptSource::new(name, source, keyring.as_deref(), mirrors)
        };
        Ok(Self(system.sources.iter().map(source).collect::<Result<_, _>>()?))
    }

    /// Returns where each archive can be fetched from.
    pub fn mirror_list(&self) -> MirrorList {
        self.0.iter().flat_map(AptSource::mirror_list).collect()
    }

    /// Returns the folders of packages that are sources, each by its name.
    pub fn folders(&self) -> BTreeMap<String, PathBuf> {
        let folder = |source: &AptSource| Some((source.name.clone(), source.folder.clone()?));
        self.0.iter().filter_map(folder).collect()
    }

    /// Compares what is locked with the files of folders.
    ///
    /// # Errors
    ///
    /// When a file of a locked name has other bytes.
    pub fn compare(&self, image: &LockedImage) -> Result<(), Error> {
        let packages: Vec<_> = image.packages().collect();
        self.0.iter().try_for_each(|source| source.compare(&packages).map_err(Error::from))
    }

    /// Returns what apt of the image is to read: a distribution's own archives under their public names,
    /// others where the manifest says so.
    ///
    /// # Errors
    ///
    /// When the keys of a source cannot be written.
    pub fn for_image(&self, arch: &str) -> Result<Vec<Stanza>, Error> {
        let sources = self.0.iter().filter(|source| source.in_image);
        let all = sources.map(|source| source.for_image(arch)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.concat())
    }

    /// Returns their suites, one a line, for a request.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().flat_map(AptSource::lines).collect()
    }

    /// Returns the lock with the profile's packages pinned in it. An image that gets the same packages
    /// as before keeps its epoch, and so its bytes, whatever was locked for others since.
    ///
    /// # Errors
    ///
    /// When a source cannot be read, or its packages do not meet the request.
    pub fn lock(
        &self,
        system: &System,
        request: &Request,
        old: Lock,
        freshness: Freshness,
        access: &Access,
    ) -> Result<Lock, Error> {
        let mut lock = old;
        let indices = self.read(&mut lock, freshness, access)?;
        let universe = Universe::of(&indices, request);
        let name = image_name(system);
        let locked = lock.images.get(&name).filter(|_| freshness == Freshness::Keep);
        let image = resolve(request, &universe, &Resolvo, locked)
            .map_err(|error| self.explained(error, &lock, access))?;
        let epoch = match lock.images.get(&name) {
            Some(old) if is_same(old, &image) => old.epoch,
            _ => lock.newest(),
        };
        lock.images.insert(name, LockedImage { epoch, ..image });
        Ok(lock)
    }

    /// Adds to packages that no source has which component has them.
    fn explained(&self, error: resolve::Error, lock: &Lock, access: &Access) -> resolve::Error {
        let resolve::Error::Unknown(mut packages) = error else { return error };
        let unread: Vec<Unread> = self
            .0
            .iter()
            .filter_map(|source| Some((source, lock.sources.get(&source.name)?)))
            .flat_map(|(source, locked)| source.unread(locked, access))
            .collect();
        for package in packages.iter_mut().filter(|package| package.offered.is_empty()) {
            let having = unread.iter().filter(|unread| unread.has(&package.name));
            package.elsewhere =
                having.map(|one| (one.component.clone(), one.suite.clone())).collect();
        }
        resolve::Error::Unknown(packages)
    }

    /// Reads the indices and notes in the lock which they are.
    fn read(
        &self,
        lock: &mut Lock,
        freshness: Freshness,
        access: &Access,
    ) -> Result<Vec<Index>, Error> {
        let mut indices = Vec::new();
        for source in &self.0 {
            let locked = lock.sources.get(&source.name);
            let kept = locked.filter(|_| freshness == Freshness::Keep);
            let recalled = kept.map(|locked| source.recall(locked, access)).transpose()?;
            let snapshot = match recalled.flatten() {
                Some(snapshot) => snapshot,
                None => source.refresh(locked, access)?,
            };
            lock.sources.insert(source.name.clone(), snapshot.locked);
            indices.extend(snapshot.indices);
        }
        Ok(indices)
    }
}

/// Whether two images have the same packages.
fn is_same(old: &LockedImage, new: &LockedImage) -> bool {
    let lists = |image: &'_ LockedImage| {
        let LockedImage { request: _, epoch: _, groups, boot, drivers, offline } = image.clone();
        (groups, boot, drivers, offline)
    };
    lists(old) == lists(new)
}

/// Returns the name under which a lock has an image: its profile and architecture, and the variables that are not what they
/// are by default, so that each variant has packages of its own.
pub fn image_name(System { profile, arch, variant, .. }: &System) -> String {
    let variables = variant.iter().map(|(name, value)| format!("+{name}={value}"));
    format!("{profile}.{arch}{}", variables.collect::<String>())
}

/// Returns the locked packages of a profile, if they answer what it asks for now.
pub fn locked_image<'l>(
    lock: &'l Lock,
    system: &System,
    request: &Request,
) -> Option<&'l LockedImage> {
    let image = lock.images.get(&image_name(system))?;
    (image.request == request.digest()).then_some(image)
}
