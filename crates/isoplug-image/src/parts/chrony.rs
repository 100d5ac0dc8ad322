//! Tells chrony whom to ask for the time: in place of those that its package names.

use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::Chrony;

use super::{Attrs, ContributeError, Contributor, Rootfs};

const SETTINGS: &str = "/etc/chrony/chrony.conf";
const SOURCES: &str = "/etc/chrony/sources.d/isoplug.sources";

/// Names the servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(pub Chrony);

/// Takes its options; nothing if the distribution's servers are asked.
#[must_use]
pub(super) fn of(chrony: &Chrony) -> Option<Arc<dyn Contributor>> {
    let is_own = chrony.enable && !chrony.servers.is_empty();
    is_own.then(|| Arc::new(Part(chrony.clone())) as _)
}

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("chrony")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        vec![SETTINGS.to_owned(), SOURCES.to_owned()]
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("chrony", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let Some(settings) = rootfs.read(SETTINGS)? else {
            let reason =
                "the image has no /etc/chrony/chrony.conf; is the package `chrony` installed?";
            return Err(ContributeError::refused("services.chrony.servers", reason));
        };
        let settings = without_sources(&String::from_utf8_lossy(&settings));
        rootfs.file(SETTINGS, settings.as_bytes(), Attrs::mode(0o644))?;
        let servers: String =
            self.0.servers.iter().map(|server| format!("server {server} iburst\n")).collect();
        rootfs.file(SOURCES, servers.as_bytes(), Attrs::mode(0o644))
    }
}

/// Returns the settings without the lines that name whom to ask. What DHCP names is asked, too.
fn without_sources(settings: &str) -> String {
    let names = |line: &&str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        ["pool", "server", "peer"].iter().any(|source| word.eq_ignore_ascii_case(source))
    };
    settings.lines().filter(|line| !names(line)).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    /// What chrony 4.6 of Debian has in it.
    const DEBIANS: &str = "# Use Debian vendor zone.\npool 2.debian.pool.ntp.org iburst\n\
                           sourcedir /run/chrony-dhcp\nsourcedir /etc/chrony/sources.d\nmakestep 1 3\n";

    fn part() -> Part {
        Part(Chrony { enable: true, servers: vec!["ntp.example.org".into(), "192.0.2.1".into()] })
    }

    #[test]
    fn the_servers_take_the_place_of_debians() {
        let mut rootfs = TestRootfs::with(&[(SETTINGS, DEBIANS)]);
        rootfs.add(&part()).unwrap();
        let sources = "server ntp.example.org iburst\nserver 192.0.2.1 iburst\n";
        assert_eq!(rootfs.text(SOURCES), sources);
        let settings = rootfs.text(SETTINGS);
        assert_eq!(settings, DEBIANS.replace("pool 2.debian.pool.ntp.org iburst\n", ""));
    }

    #[test]
    fn without_chrony_the_package_is_named() {
        let error = TestRootfs::with(&[]).add(&part()).unwrap_err().to_string();
        assert!(error.contains("is the package `chrony` installed?"), "{error}");
    }
}
