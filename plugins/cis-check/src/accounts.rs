//! Looks at users and at the files that hold them (CIS Debian Linux Benchmark, section 7.2).

use std::collections::BTreeSet;

use isoplug_sdk::prelude::*;

use crate::Breach;

/// The most that each file's mode may have.
const MODES: [(&str, u32); 6] = [
    ("/etc/group", 0o644),
    ("/etc/gshadow", 0o640),
    ("/etc/passwd", 0o644),
    ("/etc/shadow", 0o640),
    ("/etc/ssh/sshd_config", 0o644),
    ("/etc/sudoers", 0o440),
];

/// Returns the breaches of the rules about users.
pub(crate) fn breaches(rootfs: Rootfs) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for line in rootfs.text("/etc/shadow")?.unwrap_or_default().lines() {
        if let Some((name, "")) = two(line, 1) {
            let message = format!("`{name}` has no password");
            let help = "give a hashed password, or lock the account";
            breaches.push(Breach { rule: "empty-password", message, help });
        }
    }
    let mut names = BTreeSet::new();
    for line in rootfs.text("/etc/passwd")?.unwrap_or_default().lines() {
        if let Some((name, "0")) = two(line, 2)
            && name != "root"
            && names.insert(name.to_owned())
        {
            let message = format!("`{name}` has the user id 0");
            let help = "only root has it; use sudo";
            breaches.push(Breach { rule: "second-root", message, help });
        }
    }
    for (path, most) in MODES {
        let Some(entry) = rootfs.look(path)? else { continue };
        let mode = entry.mode & 0o7777;
        if mode & !most != 0 {
            let message = format!("{path} has mode {mode:04o}, at most {most:04o} is right");
            let help = "change its mode";
            breaches.push(Breach { rule: "file-mode", message, help });
        }
        if entry.uid != 0 {
            let message = format!("{path} belongs to user {}", entry.uid);
            breaches.push(Breach { rule: "no-owner", message, help: "it should be root's" });
        }
    }
    Ok(breaches)
}

/// Returns the name in a line of a database such as passwd(5), and another field of it.
fn two(line: &str, field: usize) -> Option<(&str, &str)> {
    let mut fields = line.split(':');
    Some((fields.next()?, fields.nth(field - 1)?))
}
