//! How a source stands in the image, for apt that runs there.
//!
//! The suites are those that the image was made from; the addresses of a distribution are the public ones.

use super::{AptSource, Error, Suite};
use crate::contribute::live::{self, SignedBy};
use crate::distribution;

impl AptSource {
    /// Returns one entry for each archive of the source, in the order of its suites.
    ///
    /// # Errors
    ///
    /// When its keys cannot be written.
    pub fn for_image(&self) -> Result<Vec<live::AptSource>, Error> {
        let mut written: Vec<(&str, live::AptSource)> = Vec::new();
        for suite in &self.suites {
            match written.iter_mut().find(|(archive, _)| *archive == suite.archive) {
                Some((_, entry)) => entry.suites.push(suite.name.clone()),
                None => written.push((&suite.archive, self.entry(suite)?)),
            }
        }
        Ok(written.into_iter().map(|(_, entry)| entry).collect())
    }

    fn entry(&self, suite: &Suite) -> Result<live::AptSource, Error> {
        let public = distribution::archive(&suite.archive).filter(|_| self.distribution.is_some());
        let (uris, signed_by) = match public {
            Some((distribution, archive)) => {
                let first = archive.mirrors.iter().take(1).map(|url| (*url).to_owned());
                (first.collect(), SignedBy::Keyring(distribution.keyring.to_owned()))
            }
            None => (suite.mirrors.clone(), SignedBy::Key(self.armored()?)),
        };
        Ok(live::AptSource {
            name: self.name.clone(),
            uris,
            suites: vec![suite.name.clone()],
            components: suite.components.clone(),
            signed_by,
        })
    }

    fn armored(&self) -> Result<String, Error> {
        let name = self.name.clone();
        self.keys.armored().map_err(|source| Error::Keyring { source_name: name, source })
    }
}
