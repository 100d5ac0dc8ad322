//! Pins the packages of a profile: from its sources, through the solver, into the lock.
//!
//! Knows how long a lock stays good; takes the time, the mirrors and the old lock as values.

mod older;
pub mod source_packages;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::{System, manifest};

use crate::apt::{self, AptSource, Stanza, Unread};
use crate::keyring;
use crate::mirrors::{MirrorList, Mirrors};
use crate::resolve::{self, Held, Part, Reason, reasons, renew, resolve};
use crate::universe::SECURITY;
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
pub enum Freshness<'p> {
    /// Keep what the lock has, and read the sources as they were then, if that can be had.
    Keep,
    /// Read the sources as they are now and choose anew.
    Renew,
    /// Read the sources as they are now, and choose anew for a part of what is locked.
    Part(&'p Part),
}

/// A lock that was made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The lock.
    pub lock: Lock,
    /// What was to be renewed and stays behind.
    pub held: Vec<Held>,
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

    /// Returns where services of snapshots may have what mirrors no longer do, by what is locked.
    pub fn snapshot_list(&self, lock: &Lock) -> MirrorList {
        let of = |source: &AptSource| Some(source.snapshot_list(lock.sources.get(&source.name)?));
        self.0.iter().filter_map(of).flatten().collect()
    }

    /// Returns the folders of packages that are sources, each by its name.
    pub fn folders(&self) -> BTreeMap<String, PathBuf> {
        let folder = |source: &AptSource| Some((source.name.clone(), source.folder.clone()?));
        self.0.iter().filter_map(folder).collect()
    }

    /// Returns who brings each locked package, but those of `roots`; `None` where the sources cannot be read any more as
    /// they were.
    ///
    /// # Errors
    ///
    /// When what is there is not what was locked.
    pub fn reasons(
        &self,
        request: &Request,
        lock: &Lock,
        (image, roots): (&LockedImage, &BTreeSet<String>),
        access: &Access,
    ) -> Result<Option<BTreeMap<String, Reason>>, Error> {
        let mut indices = Vec::new();
        for source in &self.0 {
            let locked = lock.sources.get(&source.name);
            let recalled = locked.map(|locked| source.recall(locked, access)).transpose()?;
            let Some(snapshot) = recalled.flatten() else { return Ok(None) };
            indices.extend(snapshot.indices);
        }
        Ok(Some(reasons(&Universe::of(&indices, request), image, roots)))
    }

    /// Tells whether a source, suite or pocket is called so.
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|source| source.has(word))
    }

    /// Tells whether there is a suite of security updates.
    pub fn has_security(&self) -> bool {
        let mut suites = self.0.iter().flat_map(|source| &source.suites);
        suites.any(|suite| suite.name.ends_with(SECURITY))
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
    ) -> Result<Made, Error> {
        let before = old.sources.clone();
        let mut lock = old;
        let indices = self.read(&mut lock, freshness, access)?;
        let universe = Universe::of(&indices, request);
        let name = image_name(system);
        let chosen = choose(request, &universe, lock.images.get(&name), freshness);
        let (image, held) = chosen.map_err(|error| self.explained(error, &lock, access))?;
        let epoch = match lock.images.get(&name) {
            Some(old) if is_same(old, &image) => old.epoch,
            _ => lock.newest(),
        };
        lock.images.insert(name, LockedImage { epoch, ..image });
        for source in &self.0 {
            let before = before.get(&source.name);
            before.into_iter().for_each(|before| older::keep(source, before, &mut lock, access));
        }
        Ok(Made { lock, held })
    }

    /// Adds to packages that no source has which component, or which architecture, has them.
    fn explained(&self, error: resolve::Error, lock: &Lock, access: &Access) -> resolve::Error {
        let resolve::Error::Unknown(mut packages) = error else { return error };
        let known = || self.0.iter().filter_map(|one| Some((one, lock.sources.get(&one.name)?)));
        let unread: Vec<Unread> =
            known().flat_map(|(source, locked)| source.unread(locked, access)).collect();
        let others: Vec<Unread> =
            known().flat_map(|(source, locked)| source.of_others(locked, access)).collect();
        for package in packages.iter_mut().filter(|package| package.offered.is_empty()) {
            let having = unread.iter().filter(|unread| unread.has(&package.name));
            package.elsewhere =
                having.map(|one| (one.component.clone(), one.suite.clone())).collect();
            let having = others.iter().filter(|unread| unread.has(&package.name));
            let architectures: BTreeSet<String> =
                having.map(|one| one.architecture.clone()).collect();
            package.architectures = architectures.into_iter().collect();
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
            let snapshot = match freshness {
                Freshness::Keep => source.kept(locked, access)?,
                Freshness::Renew => source.refresh(locked, access)?,
                Freshness::Part(part) if source.is_of(part) => source.beside(locked, access)?,
                Freshness::Part(_) => source.kept(locked, access)?,
            };
            lock.sources.insert(source.name.clone(), snapshot.locked);
            indices.extend(snapshot.indices);
        }
        Ok(indices)
    }
}

fn choose(
    request: &Request,
    universe: &Universe,
    locked: Option<&LockedImage>,
    freshness: Freshness,
) -> Result<(LockedImage, Vec<Held>), resolve::Error> {
    let part = match freshness {
        Freshness::Keep => {
            let image = resolve(request, universe, &Resolvo, locked)?;
            return Ok((image, Vec::new()));
        }
        Freshness::Renew => None,
        Freshness::Part(part) => locked.map(|locked| (locked, part)),
    };
    renew(request, universe, &Resolvo, part)
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
