//! Lets apt of a live system find the packages that lie on its medium. They give way to those of archives.
//!
//! Knows no package, and where the medium is mounted by live-boot's word alone.

use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::By;

use super::{Attrs, ContributeError, Contributor, Rootfs};
use crate::pool::SUITE;

const KEY: &str = "/etc/apt/keyrings/isoplug-pool.asc";
const SOURCE: &str = "/etc/apt/sources.list.d/isoplug-pool.sources";
const PREFERENCES: &str = "/etc/apt/preferences.d/isoplug-pool.pref";

/// Where live-boot mounts the medium.
const MEDIUM: &str = "/run/live/medium";

/// Below the 500 that packages of an archive have, so that theirs are taken where there is a network.
const PRIORITY: u32 = 400;

/// Names the archive on the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What signs it: an armoured key.
    pub certificate: String,
}

/// Takes the key; nothing if there is no archive on the medium.
#[must_use]
pub(super) fn of(certificate: Option<String>) -> Option<Arc<dyn Contributor>> {
    certificate.map(|certificate| Arc::new(Part { certificate }) as _)
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
        key.value("certificate", &self.certificate);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let source = format!(
            "Types: deb\nURIs: file:{MEDIUM}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEY}\n"
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
        rootfs.add(&Part { certificate: "the key\n".to_owned() }).unwrap();
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
        assert!(of(None).is_none());
    }
}
