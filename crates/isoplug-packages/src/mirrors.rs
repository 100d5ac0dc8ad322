//! Where an archive may be fetched from: what the manifest, the command and the build machine name.
//!
//! Mirrors that someone named are used alone. Without any, those of the build machine's own apt
//! come first, then the public ones. No mirror ever reaches a key or a lock.

mod host;
pub(crate) mod snapshots;

use std::collections::BTreeMap;
use std::path::Path;

use isoplug_manifest::distribution::{self, Distribution};

/// The addresses that are known before a source is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    named: Vec<String>,
    host: Vec<host::HostSource>,
    /// Services of snapshots that are asked last.
    pub(crate) services: Vec<String>,
}

/// The addresses of each archive by its key, in the order to try them.
pub type MirrorList = BTreeMap<String, Vec<String>>;

impl Mirrors {
    /// Takes the mirrors that the command was given: addresses of the distribution's archive, separated by
    /// blanks. That of the security archive stands beside each, as on every full mirror.
    pub fn new(named: Option<String>) -> Self {
        let named = named.unwrap_or_default();
        let named = named.split([' ', ',', '\n', '\t']).filter(|url| !url.is_empty());
        Self { named: named.map(trimmed).collect(), ..Self::default() }
    }

    /// Adds a service of snapshots that is asked last for what the distribution's mirrors no longer have.
    pub fn with_snapshot_service(mut self, service: Option<String>) -> Self {
        self.services.extend(service);
        self
    }

    /// Adds what the build machine's own apt is set up with. The one function here that reads
    /// the machine; a configuration that cannot be read is passed over.
    pub fn with_host_configuration(self) -> Self {
        let text = host::read(Path::new("/etc/apt"));
        self.with_host_text(&text)
    }

    /// Adds the text of files of apt's configuration: name and content (sources.list(5)).
    pub fn with_host_text(mut self, files: &[(String, String)]) -> Self {
        self.host = files.iter().flat_map(|(name, text)| host::parse(name, text)).collect();
        self
    }

    /// Returns the addresses of an archive, given those that the manifest names for its source.
    pub fn of(&self, archive: &str, manifest: &[String]) -> Vec<String> {
        let named = manifest.iter().map(|url| trimmed(url)).chain(self.named.iter().cloned());
        let known = distribution::archive(archive);
        let mut found: Vec<String> = match known {
            Some((whose, _)) => named.map(|url| beside(&url, archive, whose)).collect(),
            // What the command names are mirrors of Debian, not of somebody's own archive.
            None => manifest.iter().map(|url| trimmed(url)).collect(),
        };
        if found.is_empty() {
            let Some((whose, archive)) = known else { return Vec::new() };
            found.extend(host::of_archive(&self.host, whose, archive.key));
            found.extend(archive.mirrors.iter().map(|url| (*url).to_owned()));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|url| seen.insert(url.clone()));
        found
    }
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// Replaces the archive's name at the end: `…/debian` to `…/debian-security` and back.
fn beside(url: &str, archive: &str, whose: &Distribution) -> String {
    let mut archives = whose.archives.iter();
    let base = archives.find_map(|one| url.strip_suffix(one.key)?.strip_suffix('/'));
    base.map_or_else(|| url.to_owned(), |base| format!("{base}/{archive}"))
}

#[cfg(test)]
mod tests;
