//! udev: the daemon, its helpers, and the rules by which devices get their names.

use isoplug_formats::tree;

use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::Release;

const RULES: [&str; 10] = [
    "50-firmware.rules",
    "50-udev-default.rules",
    "60-block.rules",
    "60-persistent-storage.rules",
    "61-persistent-storage-android.rules",
    "71-seat.rules",
    "73-special-net-names.rules",
    "75-net-description.rules",
    "80-net-setup-link.rules",
    "80-drivers.rules",
];

pub(super) fn run(release: Release, draft: &mut Draft) -> Result<(), Error> {
    draft.program("usr/lib/systemd/systemd-udevd")?;
    draft.program("usr/bin/udevadm")?;
    if release == Release::Trixie {
        // It is loaded by name, so nothing says that it is needed.
        draft.programs(draft.libraries("libkmod.so."))?;
        draft.copy("usr/lib/udev/hwdb.bin", "usr/lib/udev/hwdb.bin");
    }
    settings(release, draft)?;
    for name in ["ata_id", "scsi_id"] {
        draft.program(format!("usr/lib/udev/{name}"))?;
    }
    draft.program("usr/sbin/blkid")
}

/// Its settings, the names of network devices, and its rules.
fn settings(release: Release, draft: &mut Draft) -> Result<(), Error> {
    draft.folder("etc/udev");
    draft.copy("etc/udev/udev.conf", "etc/udev/udev.conf");
    draft.folder("usr/lib/systemd/network");
    for folder in ["usr/lib/systemd/network", "etc/systemd/network"] {
        links(release, folder, draft)?;
    }
    draft.folder("usr/lib/udev/rules.d");
    for name in RULES {
        rules(name, draft);
    }
    own_rules(draft);
    Ok(())
}

/// Copies rules by name, those of the machine rather than those of packages. Returns whether there are any.
pub(super) fn rules(name: &str, draft: &mut Draft) -> bool {
    let folders = ["etc/udev/rules.d", "usr/lib/udev/rules.d"];
    let paths = folders.map(|folder| format!("{folder}/{name}"));
    let Some(path) = paths.into_iter().find(|path| draft.is_file(path)) else { return false };
    draft.copy_followed(path.as_bytes(), "usr/lib/udev/rules.d");
    true
}

/// Rules of the machine that take the place of none in a package.
fn own_rules(draft: &mut Draft) {
    for path in draft.named("etc/udev/rules.d", |name| name.ends_with(".rules")) {
        let name = String::from_utf8_lossy(tree::file_name(&path)).into_owned();
        if !draft.is_file(format!("usr/lib/udev/rules.d/{name}")) {
            draft.copy_followed(&path, "usr/lib/udev/rules.d");
        }
    }
}

/// How network interfaces get their names.
fn links(release: Release, folder: &str, draft: &mut Draft) -> Result<(), Error> {
    let is_link = |name: &[u8]| match release {
        Release::Bookworm => name.ends_with(b".link"),
        Release::Trixie => name.windows(5).any(|part| part == b".link"),
    };
    for path in draft.below(folder) {
        if !is_link(tree::file_name(&path)) {
            continue;
        }
        if !draft.is_file(&path) || tree::parent(&path) != Some(folder.as_bytes()) {
            return Err(unknown(path, "only its own mkinitramfs knows where it belongs"));
        }
        draft.copy_followed(&path, "usr/lib/systemd/network");
    }
    Ok(())
}
