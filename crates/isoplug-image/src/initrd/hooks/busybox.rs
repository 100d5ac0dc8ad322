//! busybox: one program under the names of all commands that nothing else brought.

use std::collections::BTreeSet;

use isoplug_formats::tree::{Kind, TreePath};

use crate::initrd::draft::{Draft, Error, unknown};

const BUSYBOX: &str = "usr/bin/busybox";

pub(super) fn run(draft: &mut Draft) -> Result<(), Error> {
    let Some(bytes) = draft.read(BUSYBOX)? else {
        return Err(unknown(BUSYBOX, "there is no such file"));
    };
    let commands = commands(&bytes).ok_or_else(|| unknown(BUSYBOX, "it names no commands"))?;
    draft.program(BUSYBOX)?;
    let path = |command: &&str| {
        let folder = if SBIN.contains(command) { "sbin" } else { "bin" };
        format!("usr/{folder}/{command}").into_bytes()
    };
    let mut names: BTreeSet<TreePath> = commands.iter().map(path).collect();
    names.retain(|name| !draft.has(name));
    let Some(mut program) = draft.tree.entries.remove(BUSYBOX.as_bytes()) else { return Ok(()) };
    names.insert(BUSYBOX.into());
    // A tree has the bytes at the name that comes first.
    let first = names.first().cloned().unwrap_or_default();
    for name in names {
        draft.tree.insert(name, program.clone());
        program.kind = Kind::HardLink(first.clone());
    }
    Ok(())
}

/// Returns the names in busybox's table of commands: sorted, each with a NUL after it, an empty one
/// at the end (its applets/applet_tables.c).
fn commands(busybox: &[u8]) -> Option<Vec<&str>> {
    let begin = b"\0[\0[[\0";
    let at = busybox.windows(begin.len()).position(|window| window == begin)? + 1;
    let names = busybox[at..].split(|&byte| byte == 0).take_while(|name| !name.is_empty());
    let names = names.map(std::str::from_utf8).collect::<Result<Vec<_>, _>>().ok()?;
    let usual = ["cat", "mount", "sh", "switch_root"];
    let is_table = names.is_sorted() && usual.iter().all(|name| names.contains(name));
    is_table.then_some(names)
}

/// The commands that busybox puts into `/sbin` or `/usr/sbin` (`busybox --list-long`).
const SBIN: &[&str] = &[
    "acpid",
    "adjtimex",
    "arp",
    "arping",
    "blkid",
    "blockdev",
    "brctl",
    "chroot",
    "crond",
    "depmod",
    "devmem",
    "fdisk",
    "findfs",
    "freeramdisk",
    "fsfreeze",
    "fstrim",
    "getty",
    "halt",
    "httpd",
    "hwclock",
    "i2cdetect",
    "i2cdump",
    "i2cget",
    "i2cset",
    "i2ctransfer",
    "ifconfig",
    "ifdown",
    "ifup",
    "init",
    "insmod",
    "ip",
    "ipneigh",
    "klogd",
    "loadfont",
    "loadkmap",
    "logread",
    "losetup",
    "lsmod",
    "mdev",
    "mim",
    "mkdosfs",
    "mke2fs",
    "mkswap",
    "modinfo",
    "modprobe",
    "nameif",
    "nbd-client",
    "nologin",
    "partprobe",
    "pivot_root",
    "poweroff",
    "rdate",
    "reboot",
    "rmmod",
    "route",
    "run-init",
    "start-stop-daemon",
    "sulogin",
    "swapoff",
    "swapon",
    "switch_root",
    "sysctl",
    "syslogd",
    "tc",
    "tunctl",
    "ubirename",
    "udhcpc",
    "udhcpd",
    "uevent",
    "vconfig",
    "watchdog",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_commands_is_found() {
        let table = b"x\0[\0[[\0cat\0mount\0sh\0switch_root\0\0more";
        let found = commands(table).unwrap();
        assert_eq!(found, ["[", "[[", "cat", "mount", "sh", "switch_root"]);
        assert!(commands(b"x\0[\0[[\0sh\0cat\0\0").is_none());
        assert!(commands(b"nothing").is_none());
    }
}
