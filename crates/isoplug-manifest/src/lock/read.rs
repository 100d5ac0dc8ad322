//! Reads a lock from TOML text, and says what is wrong with a damaged one.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::package::{Arch, ArchivePath, BadField, PackageName, Version};

use super::{Lock, LockedImage, LockedPackage, LockedPlugin, LockedRelease, LockedSource, VERSION};

/// Why a lock cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no TOML, or a key is missing, unknown or of the wrong type.
    #[error("the lock is damaged: {0}")]
    Damaged(String),
    /// It has no version, so it is probably no lock.
    #[error("the lock is damaged: it has no `version`")]
    NoVersion,
    /// It was written by a newer program.
    #[error(
        "the lock has format version {0}, but this isoplug reads up to {VERSION}: use a newer one"
    )]
    Newer(i64),
    /// An image names a package that is not listed.
    #[error(
        "the lock is damaged: `{image}` names the package \"{package}\", which it does not list"
    )]
    UnknownPackage {
        /// The image.
        image: String,
        /// The package as the image names it.
        package: String,
    },
    /// A package's name is not `name version architecture`.
    #[error("the lock is damaged: \"{0}\" is not `name version architecture`")]
    BadName(String),
    /// A digest is not 64 hexadecimal digits.
    #[error("the lock is damaged: invalid sha256 digest: {0:?}")]
    BadDigest(String),
    /// A field of a package is not what such a field may be.
    #[error("the lock is damaged: {0}")]
    BadField(#[from] BadField),
}

/// Reads a lock.
pub(super) fn lock(text: &str) -> Result<Lock, Error> {
    let table: toml::Table = text.parse().map_err(|error| damaged(&error))?;
    match table.get("version").and_then(toml::Value::as_integer) {
        None => return Err(Error::NoVersion),
        Some(version) if version > i64::from(VERSION) => return Err(Error::Newer(version)),
        Some(_) => {}
    }
    let written: WrittenLock = toml::from_str(text).map_err(|error| damaged(&error))?;
    written.lock()
}

fn damaged(error: &toml::de::Error) -> Error {
    Error::Damaged(error.to_string().trim_end().to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLock {
    version: u32,
    #[serde(default)]
    sources: BTreeMap<String, WrittenSource>,
    #[serde(default)]
    images: BTreeMap<String, WrittenImage>,
    #[serde(default)]
    packages: BTreeMap<String, WrittenPackage>,
    #[serde(default, rename = "plugin")]
    plugins: Vec<LockedPlugin>,
    #[serde(default, rename = "module")]
    modules: Vec<LockedPlugin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSource {
    releases: Vec<WrittenRelease>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenRelease {
    suite: String,
    archive: String,
    sha256: String,
    date: u64,
    #[serde(default)]
    release_suite: String,
    #[serde(default)]
    release_codename: String,
    signers: Vec<String>,
}

impl WrittenRelease {
    fn release(self) -> Result<LockedRelease, Error> {
        Ok(LockedRelease {
            suite: self.suite,
            archive: self.archive,
            sha256: digest(self.sha256)?,
            date: self.date,
            release_suite: self.release_suite,
            release_codename: self.release_codename,
            signers: self.signers,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenImage {
    request: String,
    /// Locks of early versions have none.
    epoch: Option<u64>,
    groups: Vec<Vec<String>>,
    boot: Vec<String>,
    /// Locks of images without drivers have none.
    #[serde(default)]
    drivers: Vec<String>,
    /// Locks of images with nothing more on their media have none.
    #[serde(default)]
    offline: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPackage {
    source: String,
    path: String,
    size: u64,
    sha256: String,
}

impl WrittenLock {
    fn lock(self) -> Result<Lock, Error> {
        let Self { version, sources, images, packages, plugins, modules } = self;
        let package = |(name, package): (String, WrittenPackage)| {
            let package = package.package(&name)?;
            Ok((name, package))
        };
        let packages = packages.into_iter().map(package).collect::<Result<_, Error>>()?;
        let source = |(name, source): (String, WrittenSource)| Ok((name, source.source()?));
        let mut lock = Lock {
            version,
            sources: sources.into_iter().map(source).collect::<Result<_, Error>>()?,
            images: BTreeMap::new(),
            plugins: plugins.into_iter().map(plugin).collect::<Result<_, Error>>()?,
            modules: modules.into_iter().map(plugin).collect::<Result<_, Error>>()?,
        };
        let newest = lock.newest();
        for (name, image) in images {
            let image = image.image(&name, &packages, newest)?;
            lock.images.insert(name, image);
        }
        Ok(lock)
    }
}

fn plugin(plugin: LockedPlugin) -> Result<(String, LockedPlugin), Error> {
    for text in [&plugin.component, &plugin.manifest, &plugin.describe, &plugin.grants] {
        let Some(hex) = text.strip_prefix("sha256:") else {
            return Err(Error::BadDigest(text.clone()));
        };
        digest(hex.to_owned())?;
    }
    Ok((plugin.name.clone(), plugin))
}

impl WrittenSource {
    fn source(self) -> Result<LockedSource, Error> {
        let releases = self.releases.into_iter().map(WrittenRelease::release);
        Ok(LockedSource { releases: releases.collect::<Result<_, Error>>()? })
    }
}

impl WrittenImage {
    fn image(
        self,
        image: &str,
        packages: &BTreeMap<String, LockedPackage>,
        newest: u64,
    ) -> Result<LockedImage, Error> {
        let list = |names: Vec<String>| -> Result<Vec<LockedPackage>, Error> {
            let find = |package: String| match packages.get(&package) {
                Some(found) => Ok(found.clone()),
                None => Err(Error::UnknownPackage { image: image.to_owned(), package }),
            };
            names.into_iter().map(find).collect()
        };
        let groups = self.groups.into_iter().map(list).collect::<Result<_, Error>>()?;
        let (request, epoch) = (digest(self.request)?, self.epoch.unwrap_or(newest));
        let [boot, drivers, offline] = [list(self.boot)?, list(self.drivers)?, list(self.offline)?];
        Ok(LockedImage { request, epoch, groups, boot, drivers, offline })
    }
}

impl WrittenPackage {
    fn package(self, full_name: &str) -> Result<LockedPackage, Error> {
        let words: Vec<&str> = full_name.split(' ').collect();
        let ([name, version, architecture] | [name, version, architecture, _, _]) = words[..]
        else {
            return Err(Error::BadName(full_name.to_owned()));
        };
        let Self { source, path, size, sha256 } = self;
        Ok(LockedPackage {
            name: PackageName::new(name)?,
            version: Version::new(version)?,
            architecture: Arch::new(architecture)?,
            source,
            path: ArchivePath::new(&path)?,
            size,
            sha256: digest(sha256)?,
        })
    }
}

fn digest(text: String) -> Result<String, Error> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 64 && text.bytes().all(hex) { Ok(text) } else { Err(Error::BadDigest(text)) }
}
