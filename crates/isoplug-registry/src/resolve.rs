//! Finds the version of a plugin that meets a requirement, and sees whether a tag moved.

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};

use super::error::Error;
use super::pin::Pin;
use super::reference::Reference;
use super::release::{Release, tag_of_version, version_of_tag};
use super::transport::{At, Transport, must};
use super::trust::Verdict;
use isoplug_engine::Digest;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The version.
    pub version: Version,
    /// The release.
    pub release: Release,
    /// How it relates to the lock.
    pub standing: Standing,
}

/// How what was found relates to the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is not locked.
    New,
    /// It is what is locked.
    Same,
    /// Another version is locked.
    Other {
        /// The locked version.
        locked: Version,
    },
    /// The tag of the locked version points elsewhere than when it was locked. Nothing may follow
    /// it unless the user was shown both digests and said so.
    Moved {
        /// The locked version.
        locked: Version,
        /// The digest of the manifest that is locked.
        was: Digest,
        /// The digest of the manifest that the tag points at now.
        now: Digest,
    },
}

impl Resolved {
    /// Returns this, unless the tag of what is locked moved.
    ///
    /// # Errors
    ///
    /// [`Error::Moved`] with both digests.
    pub fn unmoved(self, reference: &Reference) -> Result<Self, Error> {
        match self.standing {
            Standing::Moved { ref locked, was, now } => {
                let (place, tag) = (reference.place.to_string(), tag_of_version(locked));
                Err(Error::Moved { place, tag, was, now })
            }
            _ => Ok(self),
        }
    }

    /// Returns what to lock under a name of the manifest. `grants` is the digest of the requests
    /// that the user approved.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] if another tool published it without saying what it is.
    pub fn lock(
        &self,
        name: &str,
        reference: &Reference,
        requirement: &VersionReq,
        grants: Digest,
        verdict: &Verdict,
    ) -> Result<Pin, Error> {
        let release = &self.release;
        let (Some(description), Some(api)) = (&release.description, &release.api) else {
            let what = format!("manifest {}", release.manifest);
            let why =
                "it does not hold what `describe` says: publish it with `isoplug plugin publish`";
            return Err(Error::document(&reference.place.to_string(), &what, why));
        };
        Ok(Pin {
            name: name.to_owned(),
            source: Reference { tag: None, digest: None, ..reference.clone() },
            requirement: requirement.to_string(),
            version: self.version.clone(),
            component: release.component.digest,
            manifest: release.manifest,
            size: release.component.size,
            api: api.clone(),
            describe: description.digest(),
            grants,
            publisher: verdict.to_string(),
        })
    }
}

/// Returns the versions that a repository has, each with its tag.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn versions(from: &dyn Transport) -> Result<BTreeMap<Version, String>, Error> {
    let mut versions = BTreeMap::new();
    for tag in from.tags()? {
        if let Some(version) = version_of_tag(&tag) {
            let plain = tag_of_version(&version);
            let is_plain = tag == plain;
            // Of `1.0.0` and `v1.0.0` the plain one counts.
            match is_plain {
                true => drop(versions.insert(version, tag)),
                false => drop(versions.entry(version).or_insert(tag)),
            }
        }
    }
    Ok(versions)
}

/// Finds the newest version that meets the requirement and was not yanked, or the one that the
/// reference's own tag or digest names.
///
/// # Errors
///
/// [`Error::NoVersion`] if there is none.
pub fn resolve(
    from: &dyn Transport,
    reference: &Reference,
    requirement: &VersionReq,
    yanked: &BTreeSet<Version>,
    locked: Option<&Pin>,
) -> Result<Resolved, Error> {
    let (version, release) = match (reference.digest, &reference.tag) {
        (Some(digest), _) => named(from, At::Digest(digest), requirement)?,
        (None, Some(tag)) => named(from, At::Tag(tag), requirement)?,
        (None, None) => newest(from, requirement, yanked)?,
    };
    let standing = match locked {
        Some(locked) => standing(from, &version, &release, locked)?,
        None => Standing::New,
    };
    Ok(Resolved { version, release, standing })
}

fn named(
    from: &dyn Transport,
    at: At<'_>,
    requirement: &VersionReq,
) -> Result<(Version, Release), Error> {
    let release = Release::fetch(from, at)?;
    let unknown = || Error::document(&from.place(), &at.to_string(), "it does not say its version");
    let version = release.version.clone().ok_or_else(unknown)?;
    match requirement.matches(&version) {
        true => Ok((version, release)),
        false => Err(no_version(from, requirement, format!("{at} is {version}"))),
    }
}

fn newest(
    from: &dyn Transport,
    requirement: &VersionReq,
    yanked: &BTreeSet<Version>,
) -> Result<(Version, Release), Error> {
    let versions = versions(from)?;
    let fits = |version: &&Version| requirement.matches(version) && !yanked.contains(version);
    let Some(version) = versions.keys().rev().find(fits) else {
        return Err(no_version(from, requirement, seen(&versions, yanked)));
    };
    let release = Release::fetch(from, At::Tag(&versions[version]))?;
    match release.version {
        Some(ref own) if own != version => {
            let what = format!("tag {}", versions[version]);
            Err(Error::document(&from.place(), &what, format!("it is version {own}")))
        }
        _ => Ok((version.clone(), release)),
    }
}

/// Lists the newest few.
fn seen(versions: &BTreeMap<Version, String>, yanked: &BTreeSet<Version>) -> String {
    let shown = |version: &Version| match yanked.contains(version) {
        true => format!("{version} (yanked)"),
        false => version.to_string(),
    };
    let newest: Vec<String> = versions.keys().rev().take(8).map(shown).collect();
    match newest.len() {
        0 => "it has none at all".to_owned(),
        _ if versions.len() > newest.len() => {
            format!("it has {}, and older ones", newest.join(", "))
        }
        _ => format!("it has {}", newest.join(", ")),
    }
}

fn no_version(from: &dyn Transport, requirement: &VersionReq, seen: String) -> Error {
    Error::NoVersion { place: from.place(), requirement: requirement.to_string(), seen }
}

fn standing(
    from: &dyn Transport,
    version: &Version,
    release: &Release,
    locked: &Pin,
) -> Result<Standing, Error> {
    let now = match *version == locked.version {
        true => Some(release.manifest),
        false => tagged(from, &locked.version)?,
    };
    Ok(match now {
        Some(now) if now != locked.manifest => {
            Standing::Moved { locked: locked.version.clone(), was: locked.manifest, now }
        }
        _ if *version == locked.version => Standing::Same,
        _ => Standing::Other { locked: locked.version.clone() },
    })
}

/// A version that was taken away did not move.
fn tagged(from: &dyn Transport, version: &Version) -> Result<Option<Digest>, Error> {
    let versions = versions(from)?;
    let Some(tag) = versions.get(version) else { return Ok(None) };
    Ok(Some(must(from, At::Tag(tag))?.digest))
}
