//! Writes the settings of the running kernel for sysctl.d(5).

use std::collections::BTreeMap;

use isoplug_engine::Key;
use isoplug_manifest::By;

use super::{Attrs, ContributeError, Contributor, Rootfs};

/// Settings of the running kernel by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sysctl(pub BTreeMap<String, String>);

/// After Debian's own files, before `99-sysctl.conf`, which is an administrator's.
const PATH: &str = "/etc/sysctl.d/60-isoplug.conf";

impl Contributor for Sysctl {
    fn by(&self) -> By {
        By::Part("sysctl")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        vec![PATH.to_owned()]
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("sysctl", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if name.contains(['\n', '=']) || value.contains('\n') {
                let reason = format!("the value of `{name}` is not a single line");
                return Err(ContributeError::refused("kernel.sysctl", reason));
            }
            text += &format!("{name} = {value}\n");
        }
        rootfs.file(PATH, text.as_bytes(), Attrs::mode(0o644))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn sysctl(name: &str, value: &str) -> Sysctl {
        Sysctl(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn each_setting_is_a_line() {
        let mut rootfs = TestRootfs::with(&[]);
        rootfs.add(&sysctl("net.ipv4.ip_forward", "1")).unwrap();
        assert_eq!(rootfs.text(PATH), "net.ipv4.ip_forward = 1\n");
        let broken = TestRootfs::with(&[]).add(&sysctl("a.b", "1\nc.d = 2")).unwrap_err();
        insta::assert_snapshot!(broken, @"kernel.sysctl: the value of `a.b` is not a single line");
    }
}
