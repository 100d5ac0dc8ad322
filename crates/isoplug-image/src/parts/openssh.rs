//! Sets up the SSH server: its configuration and its start. Its host keys come with it however it
//! came (`first_boot.rs`).

use std::collections::BTreeMap;

use isoplug_engine::Key;
use isoplug_manifest::By;
use serde::Serialize;

use super::services;
use super::{Attrs, ContributeError, Contributor, Host};

/// The SSH server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OpenSsh {
    /// The TCP ports it listens on; none: what Debian says, which is 22.
    pub ports: Vec<u16>,
    /// Settings by their name in sshd_config(5): `PermitRootLogin`, `no`.
    pub settings: BTreeMap<String, String>,
}

const SETTINGS: &str = "/etc/ssh/sshd_config.d/10-isoplug.conf";

impl Contributor for OpenSsh {
    fn by(&self) -> By {
        By::Part("openssh")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        vec![SETTINGS.to_owned()]
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("openssh", self);
    }

    fn contribute(&self, host: &mut dyn Host) -> Result<(), ContributeError> {
        if host.stat("/usr/sbin/sshd").is_none() {
            let reason = "the image has no SSH server; install the package `openssh-server`";
            return Err(ContributeError::refused("services.openssh", reason));
        }
        host.file(SETTINGS, self.text()?.as_bytes(), Attrs::mode(0o644))?;
        services::enable(host, "ssh.service")
    }
}

impl OpenSsh {
    /// Returns the text of the file that sshd reads before its own defaults.
    fn text(&self) -> Result<String, ContributeError> {
        let mut text: String = self.ports.iter().map(|port| format!("Port {port}\n")).collect();
        for (name, value) in &self.settings {
            if !name.chars().all(|c| c.is_ascii_alphanumeric()) || value.contains(['\n', '\0']) {
                let reason = format!("`{name}` or its value cannot stand in sshd_config");
                return Err(ContributeError::refused("services.openssh", reason));
            }
            text += &format!("{name} {value}\n");
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::Rootfs;
    use super::*;

    fn rootfs() -> Rootfs {
        let ssh = "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n";
        Rootfs::with(&[("/usr/sbin/sshd", ""), ("/usr/lib/systemd/system/ssh.service", ssh)])
    }

    fn open_ssh() -> OpenSsh {
        let settings =
            [("PermitRootLogin", "prohibit-password"), ("PasswordAuthentication", "yes")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        OpenSsh { ports: vec![22, 2222], settings }
    }

    #[test]
    fn the_server_is_set_up_and_starts() {
        let mut rootfs = rootfs();
        rootfs.add(&open_ssh()).unwrap();
        insta::assert_snapshot!(rootfs.text(SETTINGS), @r"
        Port 22
        Port 2222
        PasswordAuthentication yes
        PermitRootLogin prohibit-password
        ");
        let link = "etc/systemd/system/multi-user.target.wants/ssh.service";
        assert!(rootfs.merged().get(link).is_some());
    }

    #[test]
    fn without_a_server_the_package_is_named() {
        let error = Rootfs::with(&[]).add(&open_ssh()).unwrap_err();
        insta::assert_snapshot!(error, @"services.openssh: the image has no SSH server; install the package `openssh-server`");
    }
}
