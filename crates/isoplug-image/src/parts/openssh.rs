//! Sets up the SSH server: its configuration and its start. Its host keys come with it however it
//! came (`first_boot.rs`).

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{OpenSsh, OpenSshSettings, PermitRootLogin};

use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs};

const SETTINGS: &str = "/etc/ssh/sshd_config.d/10-isoplug.conf";

/// Sets the SSH server up.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(pub OpenSsh);

impl Contributor for Part {
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
        key.value("openssh", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        if rootfs.stat("/usr/sbin/sshd").is_none() {
            let reason = "the image has no SSH server; install the package `openssh-server`";
            return Err(ContributeError::refused("services.openssh", reason));
        }
        rootfs.file(SETTINGS, text(&self.0).as_bytes(), Attrs::mode(0o644))?;
        services::enable(rootfs, "ssh.service")
    }
}

/// Returns the text of the file that sshd reads before its own defaults; without ports it is Debian's, 22.
fn text(openssh: &OpenSsh) -> String {
    let OpenSsh { enable: _, ports, settings } = openssh;
    let OpenSshSettings { permit_root_login, password_authentication } = settings;
    let root = match permit_root_login {
        PermitRootLogin::Yes => "yes",
        PermitRootLogin::ProhibitPassword => "prohibit-password",
        PermitRootLogin::ForcedCommandsOnly => "forced-commands-only",
        PermitRootLogin::No => "no",
    };
    let passwords = if *password_authentication { "yes" } else { "no" };
    let ports: String = ports.iter().map(|port| format!("Port {port}\n")).collect();
    format!("{ports}PasswordAuthentication {passwords}\nPermitRootLogin {root}\n")
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn rootfs() -> TestRootfs {
        let ssh = "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n";
        TestRootfs::with(&[("/usr/sbin/sshd", ""), ("/usr/lib/systemd/system/ssh.service", ssh)])
    }

    fn open_ssh() -> Part {
        let settings = OpenSshSettings::default();
        Part(OpenSsh { enable: true, ports: vec![22, 2222], settings })
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
        let error = TestRootfs::with(&[]).add(&open_ssh()).unwrap_err();
        insta::assert_snapshot!(error, @"services.openssh: the image has no SSH server; install the package `openssh-server`");
    }
}
