//! Writes sudo's rules, one file each below `/etc/sudoers.d` (sudoers(5)).

use super::super::{Attrs, ContributeError, Rootfs};
use isoplug_manifest::options::Sudo;

/// Allows a user to become root, as far as its option says.
pub(super) fn allow(
    rootfs: &mut dyn Rootfs,
    name: &str,
    sudo: Sudo,
) -> Result<(), ContributeError> {
    let tag = match sudo {
        Sudo::None => return Ok(()),
        Sudo::Password => "",
        Sudo::Nopasswd => "NOPASSWD: ",
    };
    let subject = format!("user `{name}`");
    rule(rootfs, &subject, name, &format!("{name} ALL=(ALL:ALL) {tag}ALL\n"))
}

/// Allows the members of the group `sudo` to become root without a password.
pub(super) fn allow_group(rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
    let rule_text = "%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n";
    rule(rootfs, "sudo without a password", GROUP, rule_text)
}

/// What the rule of the group `sudo` is called.
pub(super) const GROUP: &str = "group-sudo";

/// Returns where a rule is.
pub(super) fn path(name: &str) -> String {
    format!("/etc/sudoers.d/isoplug-{name}")
}

/// Writes one rule. sudo reads no file that has a dot in its name, which names of users cannot have.
fn rule(
    rootfs: &mut dyn Rootfs,
    subject: &str,
    name: &str,
    text: &str,
) -> Result<(), ContributeError> {
    let installed = ["/usr/bin/sudo", "/usr/bin/sudo-rs"].iter().any(|p| rootfs.stat(p).is_some());
    if !installed {
        let reason = "it needs sudo, which the image does not have; install the package `sudo`";
        return Err(ContributeError::refused(subject, reason));
    }
    rootfs.file(&path(name), text.as_bytes(), Attrs::mode(0o440))
}
