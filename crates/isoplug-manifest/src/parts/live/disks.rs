//! How a live system leaves the machine's disks alone: what puts them together by itself is told not to.

use crate::file::File;
use crate::option::option;
use crate::part::Contribution;

/// Rules of udev that put disks together, each with what does it by hand (`/usr/lib/udev/rules.d` of mdadm, lvm2 and
/// btrfs-progs).
const RULES: [(&str, &str); 3] = [
    ("64-md-raid-assembly", "mdadm --assemble --scan --readonly"),
    ("69-lvm", "vgchange -ay"),
    ("64-btrfs", "btrfs device scan"),
];
/// No program mounts a disk because it is there.
const NO_MOUNTS: &str = "SUBSYSTEM==\"block\", ENV{UDISKS_AUTO}=\"0\"\n";
/// An array that somebody puts together is not written to before a file system on it is; nothing goes on from the memory of
/// another system, which would damage its file systems; no partition is mounted or swapped to for what its type says.
const PARAMS: [&str; 4] = ["md_mod.start_ro=1", "noresume", "systemd.gpt_auto=0", "systemd.swap=0"];

/// Asks for it.
pub(super) fn leave_alone(out: &mut Contribution) {
    let mut asked = out.because(option!(live.leave_disks_alone));
    for (rules, by_hand) in RULES {
        let text = format!("# Left to people, as `live.leave-disks-alone` says: {by_hand}\n");
        asked.file(File::text(&format!("/etc/udev/rules.d/{rules}.rules"), text));
    }
    asked.file(File::text("/etc/udev/rules.d/90-isoplug-disks.rules", NO_MOUNTS));
    let hint = File::text("/etc/update-motd.d/50-disks", include_str!("disks.sh"));
    asked.file(hint.executable());
    for param in PARAMS {
        asked.kernel_param(param);
    }
}
