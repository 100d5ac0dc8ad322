//! Chooses, among the source packages of all sources, those that packages of an image were built of.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_manifest::lock::Lock;

use super::{Error, Sources};
use crate::Access;
use crate::apt::{AptSource, NameAndVersion, SourcePackage};

/// An archive, and a source package of which one of its packages was built.
pub type Wanted = (String, NameAndVersion);

impl Sources {
    /// Returns the source packages that there are. One of the archive that has the package counts before another of the
    /// same source of packages, and that before all others: what an archive builds of a distribution's sources it need not
    /// have itself.
    ///
    /// # Errors
    ///
    /// When a source cannot be read.
    pub fn source_packages(
        &self,
        wanted: &BTreeSet<Wanted>,
        lock: &Lock,
        access: &Access,
    ) -> Result<BTreeMap<Wanted, SourcePackage>, Error> {
        let names = wanted.iter().map(|(_, name)| name.clone()).collect();
        let mut all: Vec<(&AptSource, SourcePackage)> = Vec::new();
        for source in &self.0 {
            let found = source.source_packages(&names, lock.sources.get(&source.name), access)?;
            all.extend(found.into_iter().map(|package| (source, package)));
        }
        let chosen = |wanted: &Wanted| Some((wanted.clone(), choose(wanted, &all)?));
        Ok(wanted.iter().filter_map(chosen).collect())
    }
}

fn choose(
    (archive, (name, version)): &Wanted,
    all: &[(&AptSource, SourcePackage)],
) -> Option<SourcePackage> {
    let same = all.iter().filter(|(_, one)| one.name == *name && one.version == *version);
    let has = |source: &AptSource| source.suites.iter().any(|suite| suite.archive == *archive);
    let rank =
        |(source, one): &&(&AptSource, SourcePackage)| (one.archive != *archive, !has(source));
    same.min_by_key(rank).map(|(_, package)| package.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyring;
    use crate::apt::{Suite, ValidUntil};

    fn source(archives: &[&str]) -> AptSource {
        let suite = |archive: &&str| Suite {
            name: "stable".into(),
            archive: (*archive).to_owned(),
            components: Vec::new(),
            pin: 500,
            mirrors: Vec::new(),
        };
        AptSource {
            name: archives[0].to_owned(),
            suites: archives.iter().map(suite).collect(),
            keys: Keyring::default(),
            valid_until: ValidUntil::Checked,
            codename: None,
            distribution: None,
            snapshot: None,
            services: Vec::new(),
            in_image: false,
            priority: None,
            folder: None,
        }
    }

    fn package(archive: &str) -> SourcePackage {
        let (name, version) = ("linux".to_owned(), "6.12-1".to_owned());
        SourcePackage { name, version, archive: archive.to_owned(), files: Vec::new() }
    }

    #[test]
    fn the_own_archive_counts_first_then_the_own_source() {
        let [debian, acme] = [&source(&["debian", "debian-security"]), &source(&["acme"])];
        let of = |archive: &str, all: &[(&AptSource, SourcePackage)]| {
            let wanted = (archive.to_owned(), ("linux".to_owned(), "6.12-1".to_owned()));
            choose(&wanted, all).map(|package| package.archive)
        };
        let all = [(acme, package("acme")), (debian, package("debian"))];
        assert_eq!(of("acme", &all).as_deref(), Some("acme"));
        assert_eq!(of("debian-security", &all).as_deref(), Some("debian"));
        assert_eq!(of("acme", &all[1..]).as_deref(), Some("debian"));
        assert_eq!(of("acme", &[]), None);
    }
}
