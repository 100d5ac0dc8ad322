//! Sets up the SSH server: its configuration, its host keys at first boot, its start.
//!
//! Host keys are never in an image, since every copy would have the same. Debian's own unit that
//! makes them waits for systemd's first boot, which an empty `/etc/machine-id` is not; so a unit
//! of ours makes those that are missing.

use std::collections::BTreeMap;

use isoplug_engine::Key;
use serde::Serialize;

use super::services::{self, UnitFile};
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

const KEYS: &str = "isoplug-ssh-keys.service";
const KEYS_TEXT: &str = "[Unit]
Description=Make the host keys of the SSH server
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key
Before=ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=ssh.service
";

impl Contributor for OpenSsh {
    fn name(&self) -> &str {
        "openssh"
    }

    fn places(&self) -> Vec<String> {
        vec![SETTINGS.to_owned(), format!("/etc/systemd/system/{KEYS}")]
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
        remove_host_keys(host)?;
        services::write(host, &UnitFile { name: KEYS.into(), text: KEYS_TEXT.into() })?;
        services::enable(host, KEYS)?;
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

fn remove_host_keys(host: &mut dyn Host) -> Result<(), ContributeError> {
    let keys = host.list("/etc/ssh").into_iter().filter(|name| name.starts_with("ssh_host_"));
    keys.into_iter().try_for_each(|name| host.remove(&format!("/etc/ssh/{name}")))
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::{Rootfs, has_tool};
    use super::*;

    fn rootfs() -> Rootfs {
        let ssh = "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n";
        Rootfs::with(&[
            ("/usr/sbin/sshd", ""),
            ("/usr/lib/systemd/system/ssh.service", ssh),
            ("/etc/ssh/ssh_host_rsa_key", "secret"),
            ("/etc/ssh/ssh_host_rsa_key.pub", "public"),
            ("/etc/ssh/ssh_config", ""),
        ])
    }

    fn open_ssh() -> OpenSsh {
        let settings =
            [("PermitRootLogin", "prohibit-password"), ("PasswordAuthentication", "yes")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        OpenSsh { ports: vec![22, 2222], settings }
    }

    #[test]
    fn the_server_starts_with_keys_of_its_own() {
        let mut rootfs = rootfs();
        rootfs.add(&open_ssh()).unwrap();
        insta::assert_snapshot!(rootfs.text(SETTINGS), @r"
        Port 22
        Port 2222
        PasswordAuthentication yes
        PermitRootLogin prohibit-password
        ");
        let tree = rootfs.merged();
        for path in
            ["multi-user.target.wants/ssh.service", "ssh.service.wants/isoplug-ssh-keys.service"]
        {
            assert!(tree.get(format!("etc/systemd/system/{path}")).is_some(), "{path}");
        }
        let keys = tree.entries.keys().filter(|path| path.starts_with(b"etc/ssh/ssh_host_"));
        assert_eq!(keys.count(), 0);
        assert!(tree.get("etc/ssh/ssh_config").is_some());
    }

    #[test]
    fn systemd_accepts_the_unit() {
        if !has_tool("systemd-analyze") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let unit = folder.path().join(KEYS);
        std::fs::write(&unit, KEYS_TEXT.replace("/usr/bin/ssh-keygen", "/bin/true")).unwrap();
        let command =
            std::process::Command::new("systemd-analyze").arg("verify").arg(&unit).output();
        let output = command.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains(KEYS), "{said}");
    }

    #[test]
    fn without_a_server_the_package_is_named() {
        let error = Rootfs::with(&[]).add(&open_ssh()).unwrap_err();
        insta::assert_snapshot!(error, @"services.openssh: the image has no SSH server; install the package `openssh-server`");
    }
}
