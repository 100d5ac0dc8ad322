//! Lets apt find the packages that lie on the medium of a live system, or in an installed one. They give way to those of
//! archives.
//!
//! Knows no package.

use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::By;

use super::{Attrs, ContributeError, Contributor, Rootfs};
use crate::pool::SUITE;

const KEY: &str = "/etc/apt/keyrings/isoplug-pool.asc";
const SOURCE: &str = "/etc/apt/sources.list.d/isoplug-pool.sources";
const PREFERENCES: &str = "/etc/apt/preferences.d/isoplug-pool.pref";

/// Below the 500 that packages of an archive have, so that theirs are taken where there is a network.
const PRIORITY: u32 = 400;

/// Names the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The folder in which it lies.
    pub place: &'static str,
    /// What signs it: an armoured key.
    pub certificate: String,
}

/// Takes the key and the place; nothing if there is no archive.
#[must_use]
pub(super) fn of(certificate: Option<String>, place: &'static str) -> Option<Arc<dyn Contributor>> {
    certificate.map(|certificate| Arc::new(Part { place, certificate }) as _)
}

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("pool")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        [KEY, SOURCE, PREFERENCES].map(str::to_owned).to_vec()
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { place, certificate } = self;
        key.value("place", place);
        key.value("certificate", certificate);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let place = self.place;
        let source = format!(
            "Types: deb\nURIs: file:{place}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEY}\n"
        );
        let preferences =
            format!("Package: *\nPin: release o={SUITE},n={SUITE}\nPin-Priority: {PRIORITY}\n");
        for (path, text) in
            [(KEY, &self.certificate), (SOURCE, &source), (PREFERENCES, &preferences)]
        {
            rootfs.file(path, text.as_bytes(), Attrs::mode(0o644))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    #[test]
    fn apt_finds_the_packages_of_the_medium_and_prefers_others() {
        let mut rootfs = TestRootfs::with(&[]);
        let (place, certificate) = ("/run/live/medium", "the key\n".to_owned());
        rootfs.add(&Part { place, certificate }).unwrap();
        insta::assert_snapshot!(rootfs.text(SOURCE), @r"
        Types: deb
        URIs: file:/run/live/medium
        Suites: isoplug
        Components: main
        Signed-By: /etc/apt/keyrings/isoplug-pool.asc
        ");
        insta::assert_snapshot!(rootfs.text(PREFERENCES), @r"
        Package: *
        Pin: release o=isoplug,n=isoplug
        Pin-Priority: 400
        ");
        assert_eq!(rootfs.text(KEY), "the key\n");
        assert!(of(None, place).is_none());
    }
}
