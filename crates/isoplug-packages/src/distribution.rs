//! Distributions as data: their archives, suites, keys, and where all this is public.
//!
//! ```text
//! debian   Debian: suites and pockets, mirrors, archive keys, what serves its packages as an image's own source
//! ```
//!
//! One function tells the suites of a source, for whoever reads the archive and for apt of the image.
//! Fetches nothing; a new distribution is a file here and its line in [`ALL`].

pub mod debian;

use isoplug_manifest::Source;

/// A distribution.
#[derive(Debug)]
pub struct Distribution {
    /// Its name, and that of a source that is its.
    pub name: &'static str,
    /// Its archives.
    pub archives: &'static [Archive],
    /// The public keys of its archives, armored.
    pub keys: &'static [&'static str],
    /// The file of a running system that has the same keys.
    pub keyring: &'static str,
    /// Part of the path of that file, by which apt's configuration of a build machine tells it.
    pub keyring_package: &'static str,
    /// Where each archive can be had as it was at any moment.
    pub snapshots: &'static str,
    /// The suites that a source stands for, that which it names first.
    pub suites: fn(&Source) -> Vec<Suite>,
}

/// One of a distribution's archives.
#[derive(Debug)]
pub struct Archive {
    /// Its key in locks and lists of mirrors, and the last part of its addresses.
    pub key: &'static str,
    /// Its public addresses, the first for a running system.
    pub mirrors: &'static [&'static str],
}

/// A suite of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name below `dists`.
    pub name: String,
    /// Key of the archive that has it.
    pub archive: &'static str,
    /// Whether its packages are chosen without being asked for.
    pub automatic: bool,
}

/// All distributions; the first is that of sources that do not say where they are.
const ALL: [&Distribution; 1] = [&debian::DEBIAN];

/// Returns the distribution that a source of the manifest is of: it is called so, or it says nothing
/// else of where it is.
pub fn of(name: &str, source: &Source) -> Option<&'static Distribution> {
    if source.suite.ends_with('/') {
        return None;
    }
    let named = ALL.into_iter().find(|distribution| distribution.name == name);
    let silent = source.mirrors.is_empty() && source.keyring.is_none() && source.keys.is_none();
    named.or(ALL.first().copied().filter(|_| silent))
}

/// Returns the distribution that has an archive, and the archive.
pub fn archive(key: &str) -> Option<(&'static Distribution, &'static Archive)> {
    let archives = ALL.into_iter().flat_map(|all| all.archives.iter().map(move |one| (all, one)));
    { archives }.find(|(_, archive)| archive.key == key)
}
