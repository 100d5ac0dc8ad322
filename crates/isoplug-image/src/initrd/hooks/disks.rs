//! Disks of several parts: file systems, arrays and volumes that have to be put together.

use super::udev;
use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::Hooks;

/// The program that finds the devices of a file system, and its rules for udev.
pub(super) fn btrfs(hooks: &Hooks, draft: &mut Draft) -> Result<(), Error> {
    if !draft.is_file("usr/bin/btrfs") {
        return Ok(());
    }
    draft.program("usr/bin/btrfs")?;
    if !hooks.contains_key("hooks/fsck") {
        draft.program("usr/sbin/fsck.btrfs")?;
    }
    for name in ["64-btrfs.rules", "64-btrfs-dm.rules"] {
        for folder in ["usr/lib/udev/rules.d", "etc/udev/rules.d"] {
            let rules = format!("{folder}/{name}");
            if draft.is_file(&rules) {
                draft.folder(folder);
                draft.copy_followed(rules.as_bytes(), folder);
            }
        }
    }
    Ok(())
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
