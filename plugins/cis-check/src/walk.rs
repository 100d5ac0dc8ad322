//! Looks at owner and mode of every entry (CIS Debian Linux Benchmark, section 7.1).

use isoplug_sdk::prelude::*;

use crate::{Breach, Options};

/// What Debian's own packages bring with the bits setuid or setgid.
const DEBIAN: &[&str] = &[
    "/usr/bin/chage",
    "/usr/bin/chfn",
    "/usr/bin/chsh",
    "/usr/bin/crontab",
    "/usr/bin/dotlockfile",
    "/usr/bin/expiry",
    "/usr/bin/fusermount",
    "/usr/bin/fusermount3",
    "/usr/bin/gpasswd",
    "/usr/bin/mount",
    "/usr/bin/newgidmap",
    "/usr/bin/newgrp",
    "/usr/bin/newuidmap",
    "/usr/bin/ntfs-3g",
    "/usr/bin/passwd",
    "/usr/bin/pkexec",
    "/usr/bin/ssh-agent",
    "/usr/bin/su",
    "/usr/bin/sudo",
    "/usr/bin/umount",
    "/usr/bin/wall",
    "/usr/bin/write.ul",
    "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
    "/usr/lib/openssh/ssh-keysign",
    "/usr/lib/polkit-1/polkit-agent-helper-1",
    "/usr/lib/x86_64-linux-gnu/utempter/utempter",
    "/usr/sbin/mount.cifs",
    "/usr/sbin/mount.nfs",
    "/usr/sbin/pam_extrausers_chkpwd",
    "/usr/sbin/pppd",
    "/usr/sbin/unix_chkpwd",
];

/// What the running system fills.
const NOT_LOOKED_AT: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

const SETUID: u32 = 0o6000;
const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;

/// Returns the breaches of the rules about owner and mode, in the order of paths.
pub(crate) fn breaches(options: &Options, rootfs: Rootfs) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for top in rootfs.names("/")? {
        let path = format!("/{top}");
        if NOT_LOOKED_AT.contains(&path.as_str()) {
            continue;
        }
        let Some(entry) = rootfs.look(&path)? else { continue };
        look(options, &path, &entry, &mut breaches);
        if entry.kind == Kind::Folder {
            rootfs.walk(&path, &mut |path, entry| {
                look(options, path, entry, &mut breaches);
                Ok(())
            })?;
        }
    }
    Ok(breaches)
}

fn look(options: &Options, path: &str, entry: &Entry, breaches: &mut Vec<Breach>) {
    let mode = entry.mode & 0o7777;
    let is_listed = |list: &[String]| list.iter().any(|listed| listed == path);
    if entry.kind == Kind::File
        && mode & SETUID != 0
        && !DEBIAN.contains(&path)
        && !is_listed(&options.setuid)
    {
        let bits = if mode & 0o4000 != 0 { "setuid" } else { "setgid" };
        let message = format!("{path} is {bits} ({mode:04o})");
        let help = "take the bit away, or list the path in `setuid`";
        breaches.push(Breach { rule: "setuid-file", message, help });
    }
    // A folder with the sticky bit, such as /tmp, lets nobody touch what is another's.
    let is_open = match entry.kind {
        Kind::File => mode & OTHERS_WRITE != 0,
        Kind::Folder => mode & (OTHERS_WRITE | STICKY) == OTHERS_WRITE,
        _ => false,
    };
    if is_open && !is_listed(&options.world_writable) {
        let message = format!("everyone may write to {path} ({mode:04o})");
        let help = "change its mode, or list the path in `world-writable`";
        breaches.push(Breach { rule: "world-writable", message, help });
    }
}
