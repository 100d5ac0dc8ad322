//! What an apt source is: its suites, where each is, and the keys that may sign them.

use isoplug_manifest::{Pocket, manifest};

use super::Error;
use crate::sources::keyring::Keyring;
use crate::sources::mirrors::{MirrorList, Mirrors};

/// Suites that have no pockets: what is uploaded is there at once.
const ROLLING: [&str; 4] = ["sid", "unstable", "experimental", "rc-buggy"];
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
}

/// One suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name below `dists`.
    pub name: String,
    /// Key of the archive that has it: `debian`, `debian-security`, or the source's name.
    pub archive: String,
    /// Its components.
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

impl AptSource {
    /// Makes a source of what the manifest says. `keyring` is the content of its `keyring` file.
    pub fn new(
        name: &str,
        source: &manifest::Source,
        keyring: Option<&[u8]>,
        mirrors: &Mirrors,
    ) -> Result<Self, Error> {
        let debian = is_debian(name, source);
        let suites = suites(name, source, mirrors, debian);
        if suites.iter().any(|suite| suite.mirrors.is_empty()) {
            return Err(Error::NoMirror { source_name: name.to_owned() });
        }
        let keys = keyring.map_or_else(|| Ok(Keyring::debian()), Keyring::parse);
        let keys =
            keys.map_err(|source| Error::Keyring { source_name: name.to_owned(), source })?;
        // A snapshot has long expired; that is what it is for.
        let valid_until = match source.check_valid_until && source.snapshot.is_none() {
            true => ValidUntil::Checked,
            false => ValidUntil::Ignored,
        };
        Ok(Self { name: name.to_owned(), suites, keys, valid_until })
    }

    /// Returns the addresses of each of its archives.
    pub fn mirror_list(&self) -> MirrorList {
        let suites = self.suites.iter();
        suites.map(|suite| (suite.archive.clone(), suite.mirrors.clone())).collect()
    }

    /// Returns one line for each suite, for [`Request::suites`].
    ///
    /// [`Request::suites`]: crate::sources::Request::suites
    pub fn lines(&self) -> Vec<String> {
        let line = |suite: &Suite| {
            let Suite { name, archive, components, pin, mirrors: _ } = suite;
            format!("{archive} {name} {} {pin}", components.join(" "))
        };
        self.suites.iter().map(line).collect()
    }
}

/// A source is Debian's if it is called so, or if it says nothing else of where it is.
fn is_debian(name: &str, source: &manifest::Source) -> bool {
    name == "debian" || (source.mirrors.is_empty() && source.keyring.is_none())
}

fn suites(name: &str, source: &manifest::Source, mirrors: &Mirrors, debian: bool) -> Vec<Suite> {
    let suite = |suite: String, archive: &str, pin: i32| {
        let mirrors = match (&source.snapshot, debian) {
            (Some(moment), true) => vec![snapshot(archive, moment)],
            _ => mirrors.of(archive, &source.mirrors),
        };
        let (archive, components) = (archive.to_owned(), source.components.clone());
        Suite { name: suite, archive, components, pin, mirrors }
    };
    let pin = source.priority;
    if !debian {
        return vec![suite(source.suite.clone(), name, pin)];
    }
    let mut suites = vec![suite(source.suite.clone(), "debian", pin)];
    if ROLLING.contains(&source.suite.as_str()) || source.suite.contains('-') {
        return suites;
    }
    suites.extend(source.pockets.iter().map(|pocket| match pocket {
        Pocket::Updates => suite(format!("{}-updates", source.suite), "debian", pin),
        Pocket::Security => suite(format!("{}-security", source.suite), "debian-security", pin),
        Pocket::Backports => {
            suite(format!("{}-backports", source.suite), "debian", pin.min(NOT_AUTOMATIC))
        }
    }));
    suites
}

/// snapshot.debian.org has every archive as it was at any moment.
fn snapshot(archive: &str, moment: &str) -> String {
    format!("https://snapshot.debian.org/archive/{archive}/{moment}")
}
