//! What an apt source is: its suites, where each is, and the keys that may sign them.

use std::path::PathBuf;

use isoplug_manifest::lock::LockedSource;
use isoplug_manifest::manifest;

use super::{Error, folder};
use crate::keyring::{self, Keyring};
use crate::mirrors::{MirrorList, Mirrors, snapshots};
use isoplug_manifest::distribution::{self, Distribution};

/// apt's priority of any other suite (apt_preferences(5)).
const AUTOMATIC: i32 = 500;
/// apt's priority of a suite that is not chosen by itself (apt_preferences(5)).
const NOT_AUTOMATIC: i32 = 100;

/// An archive of Debian packages, ready to be read.
#[derive(Debug, Clone)]
pub struct AptSource {
    /// The name that the manifest gives it.
    pub name: String,
    /// Its suites. Of two offers of one version, that of the earlier suite counts.
    pub suites: Vec<Suite>,
    /// The keys that may sign it.
    pub keys: Keyring,
    /// What to do about a Release file that has expired.
    pub valid_until: ValidUntil,
    /// What its Release file is called inside, if that is not the suite's name.
    pub codename: Option<String>,
    /// The distribution that it is of.
    pub distribution: Option<&'static Distribution>,
    /// The moment at which it is read, if the manifest names one; so it may go back in time.
    pub snapshot: Option<String>,
    /// Services of snapshots that are asked last for what is locked.
    pub services: Vec<String>,
    /// Whether the image's own apt reads it.
    pub in_image: bool,
    /// Its priority, where it is not the one that apt gives by itself.
    pub priority: Option<i32>,
    /// The folder that it is, in place of an archive.
    pub folder: Option<PathBuf>,
}

/// One suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name below `dists`; that of a flat repository ends with a slash.
    pub name: String,
    /// Key of the archive that has it: `debian`, `debian-security`, or the source's name.
    pub archive: String,
    /// Its components; a flat repository has none.
    pub components: Vec<String>,
    /// Its priority as in apt_preferences(5).
    pub pin: i32,
    /// Where to fetch it.
    pub mirrors: Vec<String>,
}

/// What to do about a Release file that has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidUntil {
    /// It is an error.
    Checked,
    /// It does not matter.
    Ignored,
}

impl Suite {
    /// Tells whether all files lie in one folder, without `dists` and components.
    pub fn is_flat(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Returns the path of one of its files below a mirror.
    pub(super) fn path(&self, file: &str) -> String {
        match self.is_flat() {
            true => format!("{}{file}", self.name.trim_start_matches("./").trim_start_matches('/')),
            false => format!("dists/{}/{file}", self.name),
        }
    }
}

/// A snapshot has long expired; that is what it is for.
fn valid_until(source: &manifest::Source) -> ValidUntil {
    let is_checked = source.check_valid_until && source.snapshot.is_none();
    if is_checked { ValidUntil::Checked } else { ValidUntil::Ignored }
}

impl AptSource {
    /// Makes a source of what the manifest says. `keyring` is the content of its `keyring` file.
    ///
    /// # Errors
    ///
    /// When no mirror is known, or the keys cannot be used.
    pub fn new(
        name: &str,
        source: &manifest::Source,
        keyring: Option<&[u8]>,
        mirrors: &Mirrors,
    ) -> Result<Self, Error> {
        let distribution = distribution::of(name, source);
        let suites = suites(name, source, mirrors, distribution);
        if suites.iter().any(|suite| suite.mirrors.is_empty()) {
            return Err(Error::NoMirror { source_name: name.to_owned() });
        }
        let keys = keys(source, keyring, distribution)
            .map_err(|source| Error::Keyring { source_name: name.to_owned(), source })?;
        Ok(Self {
            name: name.to_owned(),
            suites,
            keys,
            valid_until: valid_until(source),
            codename: source.codename.clone(),
            distribution,
            snapshot: source.snapshot.clone(),
            services: services(source, mirrors, distribution),
            in_image: source.in_image.unwrap_or(distribution.is_some()),
            priority: Some(source.priority).filter(|priority| *priority != AUTOMATIC),
            folder: None,
        })
    }

    /// Makes one of a folder, which nobody signs and no apt of an image can read.
    pub fn of_folder(name: &str, source: &manifest::Source, folder: &str) -> Self {
        let (suite, archive, pin) = (folder::SUITE.to_owned(), name.to_owned(), source.priority);
        let (components, mirrors) = (Vec::new(), Vec::new());
        Self {
            name: name.to_owned(),
            suites: vec![Suite { name: suite, archive, components, pin, mirrors }],
            keys: Keyring::default(),
            valid_until: ValidUntil::Ignored,
            codename: None,
            distribution: None,
            snapshot: None,
            services: Vec::new(),
            in_image: false,
            priority: None,
            folder: Some(PathBuf::from(folder)),
        }
    }

    /// Returns the addresses of each of its archives.
    pub fn mirror_list(&self) -> MirrorList {
        let suites = self.suites.iter();
        suites.map(|suite| (suite.archive.clone(), suite.mirrors.clone())).collect()
    }

    /// Returns where services of snapshots may have what its archives had when it was locked.
    pub fn snapshot_list(&self, locked: &LockedSource) -> MirrorList {
        let of = |suite: &Suite| {
            let releases = locked.releases.iter().filter(|it| it.archive == suite.archive);
            let mut dates: Vec<u64> = releases.map(|release| release.date).collect();
            dates.sort_by_key(|date| std::cmp::Reverse(*date));
            dates.dedup();
            let addresses = snapshots::addresses(&self.services, &suite.archive, &dates);
            (suite.archive.clone(), addresses)
        };
        self.suites.iter().map(of).collect()
    }

    /// Returns one line for each suite, for [`Request::suites`].
    ///
    /// [`Request::suites`]: crate::Request::suites
    pub fn lines(&self) -> Vec<String> {
        let line = |suite: &Suite| {
            let Suite { name, archive, components, pin, mirrors: _ } = suite;
            format!("{archive} {name} {} {pin}", components.join(" "))
        };
        self.suites.iter().map(line).collect()
    }
}

/// What the manifest names stands in place of what the command was given, which is for distributions alone.
fn services(
    source: &manifest::Source,
    mirrors: &Mirrors,
    distribution: Option<&Distribution>,
) -> Vec<String> {
    match distribution {
        Some(_) if source.snapshot_services.is_empty() => mirrors.services.clone(),
        _ => source.snapshot_services.clone(),
    }
}

/// Keys that the manifest names stand in place of those of the distribution.
fn keys(
    source: &manifest::Source,
    keyring: Option<&[u8]>,
    distribution: Option<&Distribution>,
) -> Result<Keyring, keyring::Error> {
    if source.keyring.is_some() && keyring.is_none() {
        return Err(keyring::Error::NoKeys("it cannot be read".to_owned()));
    }
    let named = keyring.into_iter().chain(source.keys.as_deref().map(str::as_bytes));
    let mut keys = named.map(Keyring::parse).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        keys.extend(distribution.map(|distribution| Keyring::of(distribution.keys)));
    }
    Keyring::joined(keys).only(&source.fingerprints)?.allowing(&source.allow_weak_keys)
}

fn suites(
    name: &str,
    source: &manifest::Source,
    mirrors: &Mirrors,
    distribution: Option<&Distribution>,
) -> Vec<Suite> {
    let suite = |name: &str, archive: &str, pin: i32, mirrors: Vec<String>| {
        let components = if name.ends_with('/') { Vec::new() } else { source.components.clone() };
        Suite { name: name.to_owned(), archive: archive.to_owned(), components, pin, mirrors }
    };
    let pin = source.priority;
    let places = |archive: &str, service: &[String]| match &source.snapshot {
        Some(moment) if source.mirrors.is_empty() => at_moment(service, archive, moment),
        Some(moment) => at_moment(&source.mirrors, archive, moment),
        None => mirrors.of(archive, &source.mirrors),
    };
    let Some(distribution) = distribution else {
        return vec![suite(&source.suite, name, pin, places(name, &[]))];
    };
    let service = [distribution.snapshots.to_owned()];
    let suites = (distribution.suites)(source).into_iter().map(|one| {
        let pin = if one.automatic { pin } else { pin.min(NOT_AUTOMATIC) };
        suite(&one.name, one.archive, pin, places(one.archive, &service))
    });
    suites.collect()
}

/// Returns where services keep an archive as it was at a moment, by the paths of snapshot.debian.org.
fn at_moment(services: &[String], archive: &str, moment: &str) -> Vec<String> {
    let service =
        |service: &String| format!("{}/{archive}/{moment}", service.trim_end_matches('/'));
    services.iter().map(service).collect()
}
