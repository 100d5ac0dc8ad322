//! Disks of several parts: file systems, arrays and volumes that have to be put together.

use super::udev;
use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::{Hooks, Release};

/// The program that finds the devices of a file system, and its rules for udev.
pub(super) fn btrfs(hooks: &Hooks, draft: &mut Draft) -> Result<(), Error> {
    if !draft.is_file("usr/bin/btrfs") {
        return Ok(());
    }
    draft.program("usr/bin/btrfs")?;
    if !hooks.contains_key("hooks/fsck") {
        draft.program("usr/sbin/fsck.btrfs")?;
    }
    all_rules(&["64-btrfs.rules", "64-btrfs-dm.rules"], draft);
    Ok(())
}

/// What checks a root file system before it is mounted, of each kind that the system has a program for.
pub(in crate::initrd) fn fsck(draft: &mut Draft) -> Result<(), Error> {
    let programs = ["fsck", "logsave", "fsck.ext4", "fsck.btrfs", "fsck.xfs"];
    programs.into_iter().try_for_each(|name| draft.program(format!("usr/sbin/{name}")))
}

/// Copies rules both of packages and of the machine to where they are.
fn all_rules(names: &[&str], draft: &mut Draft) {
    for name in names {
        for folder in ["usr/lib/udev/rules.d", "etc/udev/rules.d"] {
            let rules = format!("{folder}/{name}");
            if draft.is_file(&rules) {
                draft.folder(folder);
                draft.copy_followed(rules.as_bytes(), folder);
            }
        }
    }
}

pub(super) fn dmsetup(draft: &mut Draft) -> Result<(), Error> {
    for name in ["55-dm.rules", "60-persistent-storage-dm.rules", "95-dm-notify.rules"] {
        required_rules(name, draft)?;
    }
    draft.program("usr/sbin/dmsetup")?;
    draft.ask(&["dm_mod"]);
    Ok(())
}

/// Logical volumes: the one program under its names, its settings and rules.
pub(super) fn lvm2(draft: &mut Draft) -> Result<(), Error> {
    draft.copy_all("etc/lvm", "etc/lvm");
    for name in ["56-lvm.rules", "69-lvm.rules"] {
        required_rules(name, draft)?;
    }
    draft.program("usr/sbin/dmsetup")?;
    draft.program("usr/sbin/lvm")?;
    draft.symlink("usr/sbin/vgchange", "lvm");
    draft.ask(&["dm_mod", "dm_snapshot", "dm_mirror", "dm_raid"]);
    draft.ask(&["raid0", "raid1", "raid10", "raid456"]);
    Ok(())
}

fn required_rules(name: &str, draft: &mut Draft) -> Result<(), Error> {
    match udev::rules(name, draft) {
        true => Ok(()),
        false => Err(unknown(name, "its package has no such rules")),
    }
}

/// Arrays: what puts them together and watches them. Which arrays there are, nobody knows before
/// the machine does: `mkconf` would list those of the build machine.
pub(super) fn mdadm(release: Release, draft: &mut Draft) -> Result<(), Error> {
    draft.program("usr/sbin/mdadm")?;
    draft.program("usr/sbin/mdmon")?;
    all_rules(&["63-md-raid-arrays.rules", "64-md-raid-assembly.rules"], draft);
    draft.load(&["linear", "multipath", "raid0", "raid1", "raid456", "raid5", "raid6", "raid10"]);
    if release == Release::Bookworm {
        draft.load(&["efivarfs"]);
    }
    let settings = draft.read(MDADM_SETTINGS)?;
    let settings = settings.ok_or_else(|| unknown(MDADM_SETTINGS, "there is no such file"))?;
    draft.copy_changed(MDADM_SETTINGS, without_create(&settings));
    Ok(())
}

const MDADM_SETTINGS: &str = "etc/mdadm/mdadm.conf";

/// The names of owners and groups in lines `CREATE` mean nothing in an initrd.
fn without_create(settings: &[u8]) -> Vec<u8> {
    let lines = settings.split_inclusive(|&byte| byte == b'\n');
    let line = |line: &[u8]| {
        if line.starts_with(b"CREATE") { [b"#", line].concat() } else { line.to_vec() }
    };
    lines.flat_map(line).collect()
}

/// What mounts a file system by a program of its own.
pub(super) fn fuse(draft: &mut Draft) -> Result<(), Error> {
    draft.ask(&["fuse"]);
    draft.program("usr/sbin/mount.fuse3")
}

pub(super) fn ntfs_3g(release: Release, draft: &mut Draft) -> Result<(), Error> {
    draft.program("usr/bin/ntfs-3g")?;
    let program = match release {
        Release::Bookworm => "/bin/ntfs-3g",
        Release::Trixie => "/usr/bin/ntfs-3g",
    };
    for name in ["mount.ntfs-3g", "mount.ntfs"] {
        draft.symlink(&format!("usr/sbin/{name}"), program);
    }
    Ok(())
}
