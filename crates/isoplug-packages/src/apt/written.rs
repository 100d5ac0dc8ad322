//! How a source stands in the image, for apt that runs there.
//!
//! The suites are those that the image was made from; the addresses of a distribution are the public ones.

use std::collections::BTreeMap;

use super::stanza::{SignedBy, Stanza};
use super::{AptSource, Error, Suite};
use isoplug_manifest::distribution;

impl AptSource {
    /// Returns one entry for each archive of the source, in the order of its suites.
    ///
    /// # Errors
    ///
    /// When its keys cannot be written.
    pub fn for_image(&self, arch: &str) -> Result<Vec<Stanza>, Error> {
        let mut written: Vec<(&str, Stanza)> = Vec::new();
        for suite in &self.suites {
            // apt itself takes what is not automatic only where it is asked for.
            let priority = self.priority.filter(|priority| *priority == suite.pin);
            let priority = priority.map(|priority| (suite.name.clone(), priority));
            match written.iter_mut().find(|(archive, _)| *archive == suite.archive) {
                Some((_, entry)) => {
                    entry.suites.push(suite.name.clone());
                    entry.priorities.extend(priority);
                }
                None => {
                    let mut entry = self.entry(suite, arch)?;
                    entry.priorities.extend(priority);
                    written.push((&suite.archive, entry));
                }
            }
        }
        Ok(written.into_iter().map(|(_, entry)| entry).collect())
    }

    fn entry(&self, suite: &Suite, arch: &str) -> Result<Stanza, Error> {
        let public = distribution::archive(&suite.archive).filter(|_| self.distribution.is_some());
        let (uris, signed_by) = match public {
            Some((distribution, archive)) => {
                let ports =
                    distribution.ports.filter(|_| !distribution.architectures.contains(&arch));
                let first = ports.as_ref().or(archive.mirrors.first());
                let first = first.map(|url| (*url).to_owned()).into_iter();
                (first.collect(), SignedBy::Keyring(distribution.keyring.to_owned()))
            }
            None => (suite.mirrors.clone(), SignedBy::Key(self.armored()?)),
        };
        Ok(Stanza {
            name: self.name.clone(),
            uris,
            suites: vec![suite.name.clone()],
            components: suite.components.clone(),
            signed_by,
            priorities: BTreeMap::new(),
        })
    }

    fn armored(&self) -> Result<String, Error> {
        let name = self.name.clone();
        self.keys.armored().map_err(|source| Error::Keyring { source_name: name, source })
    }
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::{Pocket, Source};

    use super::*;
    use crate::Mirrors;
    use isoplug_manifest::distribution::debian::DEBIAN;

    /// Shows what is written: `addresses: suites / components`.
    fn written(name: &str, source: &Source) -> Vec<String> {
        written_for("amd64", name, source)
    }

    fn written_for(arch: &str, name: &str, source: &Source) -> Vec<String> {
        let source = AptSource::new(name, source, None, &Mirrors::default()).unwrap();
        let shown = |entry: Stanza| {
            let Stanza { uris, suites, components, .. } = entry;
            format!("{}: {} / {}", uris.join(" "), suites.join(" "), components.join(" "))
        };
        source.for_image(arch).unwrap().into_iter().map(shown).collect()
    }

    fn of(suite: &str) -> Source {
        Source { suite: suite.to_owned(), ..Source::default() }
    }

    #[test]
    fn the_image_reads_the_suites_it_was_made_from() {
        assert_eq!(
            written("debian", &of("trixie")),
            [
                "http://deb.debian.org/debian: trixie trixie-updates / main",
                "http://deb.debian.org/debian-security: trixie-security / main",
            ]
        );
    }

    #[test]
    fn the_image_reads_other_suites_as_they_are() {
        for suite in ["sid", "experimental", "trixie-backports"] {
            let only = format!("http://deb.debian.org/debian: {suite} / main");
            assert_eq!(written("debian", &of(suite)), std::slice::from_ref(&only));
            assert_eq!(written("base", &of(suite)), [only], "by any name");
        }
        assert_eq!(
            written("ubuntu", &of("noble")),
            ["http://archive.ubuntu.com/ubuntu: noble noble-updates noble-security / main"]
        );
        assert_eq!(
            written_for("arm64", "ubuntu", &of("noble")),
            ["http://ports.ubuntu.com/ubuntu-ports: noble noble-updates noble-security / main"]
        );
        assert_eq!(written_for("arm64", "debian", &of("sid")), written("debian", &of("sid")));
    }

    #[test]
    fn the_image_reads_the_archive_and_not_the_mirror() {
        let mirrors = vec!["http://mirror.example/debian".to_owned()];
        let pockets = vec![Pocket::Backports];
        let mirrored = Source { mirrors, pockets, ..of("forky") };
        assert_eq!(
            written("debian", &mirrored),
            ["http://deb.debian.org/debian: forky forky-backports / main"]
        );
    }

    #[test]
    fn a_priority_of_ones_own_is_that_of_the_image_too() {
        let priorities = |source: &Source| {
            let source = AptSource::new("debian", source, None, &Mirrors::default()).unwrap();
            let entries = source.for_image("amd64").unwrap();
            entries.into_iter().flat_map(|entry| entry.priorities).collect::<Vec<_>>()
        };
        assert_eq!(priorities(&of("sid")), []);
        let sid = Source { priority: 100, ..of("sid") };
        assert_eq!(priorities(&sid), [("sid".to_owned(), 100)]);
        // apt gives backports 100 by itself.
        let pockets = vec![Pocket::Updates, Pocket::Backports];
        let low = Source { priority: 400, pockets, ..of("trixie") };
        let both = ["trixie", "trixie-updates"].map(|suite| (suite.to_owned(), 400));
        assert_eq!(priorities(&low), both);
    }

    #[test]
    fn others_keep_their_addresses_and_keys() {
        let source = Source {
            suite: "./".to_owned(),
            mirrors: vec!["https://acme.example/apt/".to_owned()],
            keys: Some(DEBIAN.keys[0].to_owned()),
            in_image: Some(true),
            ..Source::default()
        };
        assert_eq!(written("acme", &source), ["https://acme.example/apt: ./ / "]);
        let acme = AptSource::new("acme", &source, None, &Mirrors::default()).unwrap();
        let SignedBy::Key(key) = &acme.for_image("amd64").unwrap()[0].signed_by else {
            panic!("a key")
        };
        assert!(key.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        assert!(acme.in_image && acme.distribution.is_none());
        let silent = Source { in_image: None, ..source };
        assert!(!AptSource::new("acme", &silent, None, &Mirrors::default()).unwrap().in_image);
    }
}
