//! Sets up the SSH server: its configuration and its start. Its host keys come with it however it
//! came (`first_boot.rs`).

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::OpenSsh;

use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs, Trial, words};

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

    fn trial(&self) -> Option<Trial> {
        Some(Trial {
            programs: words(["usr/sbin/sshd", "usr/bin/ssh-keygen", "usr/bin/mkdir"]),
            reads: words(["etc/ssh", "etc/passwd", "etc/group", "usr/lib/openssh"]),
            // The image has no key yet, and sshd looks at nothing without one.
            run: vec![
                words(["/usr/bin/mkdir", "-p", "/run/sshd"]),
                words(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/tmp/key"]),
                words(["/usr/sbin/sshd", "-t", "-h", "/tmp/key"]),
            ],
            file: SETTINGS,
            lines: lines(&self.0),
        })
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

/// Returns the lines of the file that sshd reads before its own defaults, each with the option that it comes from;
/// without ports it is Debian's, 22.
fn lines(openssh: &OpenSsh) -> Vec<(String, String)> {
    let OpenSsh { enable: _, ports, settings, matches } = openssh;
    let port = |port| ("services.openssh.ports".to_owned(), format!("Port {port}"));
    let setting = |(option, line)| (format!("services.openssh.settings.{option}"), line);
    let mut lines: Vec<_> = ports.iter().map(port).chain(settings.lines().map(setting)).collect();
    for (index, block) in matches.iter().enumerate() {
        let of_block = |line| (format!("services.openssh.match.{index}"), line);
        lines.extend(block.line().map(of_block));
        lines.extend(block.settings.lines().map(|(_, line)| of_block(line)));
    }
    lines
}

fn text(openssh: &OpenSsh) -> String {
    lines(openssh).into_iter().map(|(_, line)| line + "\n").collect()
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
        Part(OpenSsh { enable: true, ports: vec![22, 2222], ..OpenSsh::default() })
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
    #[expect(clippy::too_many_lines, reason = "whole files")]
    fn blocks_stand_behind_what_holds_for_all() {
        let options = serde_json::json!({
            "settings": { "allow-users": ["ada", "bob"], "log-level": "VERBOSE" },
            "match": [
                { "users": ["ada"], "addresses": ["10.0.0.0/8", "!10.1.0.0/16"],
                  "settings": { "password-authentication": false } },
                { "local-ports": [2222], "settings": { "force-command": "internal-sftp" } },
            ],
        });
        let part = Part(serde_json::from_value(options).unwrap());
        let mut rootfs = rootfs();
        rootfs.add(&part).unwrap();
        insta::assert_snapshot!(rootfs.text(SETTINGS), @r"
        AllowUsers ada bob
        LogLevel VERBOSE
        PasswordAuthentication yes
        PermitRootLogin prohibit-password
        Match User ada Address 10.0.0.0/8,!10.1.0.0/16
        PasswordAuthentication no
        Match LocalPort 2222
        ForceCommand internal-sftp
        ");
        let lines: Vec<String> =
            part.trial().unwrap().lines.into_iter().map(|(option, _)| option).collect();
        assert_eq!(lines.len(), rootfs.text(SETTINGS).lines().count());
        assert_eq!(lines[1], "services.openssh.settings.log-level");
        assert_eq!(lines[4..6], ["services.openssh.match.0"; 2].map(str::to_owned));
        assert_eq!(lines[7], "services.openssh.match.1");
    }

    #[test]
    fn without_a_server_the_package_is_named() {
        let error = TestRootfs::with(&[]).add(&open_ssh()).unwrap_err();
        insta::assert_snapshot!(error, @"services.openssh: the image has no SSH server; install the package `openssh-server`");
    }
}
