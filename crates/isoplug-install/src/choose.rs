//! Which disk may be erased: hard rules first, then filters, and a reason for each disk that fell out.
//!
//! A disk is never taken for its place in a list, and the disk with the boot medium never at all.

use isoplug_install_plan::{DiskMatch, MediumRule, Pick, Target};

use crate::Error;
use crate::inventory::{Device, Inventory, tree};

mod matcher;
mod table;

pub use matcher::{held_labels, transport};
pub use table::{identity, table};

/// What a disk must do for an installation.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The filters; nothing if a person chooses.
    pub filters: Option<&'a DiskMatch>,
    /// The smallest disk that the target fits on.
    pub min_size: u64,
    /// The target, whose partitions tell an earlier installation of the same image.
    pub target: Option<&'a Target>,
    /// Whether the medium may be erased once nothing of it is in use.
    pub medium: MediumRule,
}

/// A disk, and why it cannot be taken; no reason if it can.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The disk.
    pub disk: &'a Device,
    /// Why not, the weightiest first.
    pub reasons: Vec<String>,
}

/// Judges every disk of a machine.
#[must_use]
pub fn judge<'a>(inventory: &'a Inventory, rules: &Rules<'_>) -> Vec<Judged<'a>> {
    let disks = inventory.devices.iter().filter(|device| !is_no_disk(device));
    let judged = disks.map(|disk| {
        let mut reasons: Vec<String> = hard(inventory, disk, rules).collect();
        if let (Some(filters), true) = (rules.filters, reasons.is_empty()) {
            reasons.extend(matcher::reasons(inventory, disk, filters, rules.target));
        }
        Judged { disk, reasons }
    });
    judged.collect()
}

/// What the kernel calls a disk though it is memory, a file or a reader: such a name is followed by a number.
const NO_DISKS: [&str; 7] = ["ram", "zram", "loop", "fd", "sr", "nbd", "mtdblock"];

fn is_no_disk(device: &Device) -> bool {
    let numbered = |kind: &&str| {
        let rest = device.kname.strip_prefix(*kind);
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|each| each.is_ascii_digit()))
    };
    device.kind != "disk" || NO_DISKS.iter().any(|kind| numbered(&kind))
}

/// The rules that no answer changes.
fn hard<'a>(
    inventory: &'a Inventory,
    disk: &'a Device,
    rules: &'a Rules<'_>,
) -> impl Iterator<Item = String> + 'a {
    let is_medium = inventory.medium.contains(&disk.kname);
    let medium = match rules.medium {
        MediumRule::Never => is_medium,
        // What is in use is a reason of its own, and its file systems are looked at for that.
        MediumRule::Ok => is_medium && !disk.in_use().is_empty(),
    };
    let part = ["boot0", "boot1", "rpmb"].iter().any(|part| disk.kname.ends_with(part));
    let is_path = tree(disk).any(|device| device.kind == "mpath")
        || disk.fstype.as_deref() == Some("mpath_member");
    let size = || {
        let needed = isoplug_install_plan::Size(rules.min_size);
        format!("it is too small: at least {needed} are needed")
    };
    let rules = [
        medium.then(|| "the boot medium is on it".to_owned()),
        (part && disk.kname.starts_with("mmcblk"))
            .then(|| "it is a part of an eMMC for firmware".to_owned()),
        (disk.size == 0).then(|| "there is nothing in the drive".to_owned()),
        disk.ro.then(|| "it is read-only".to_owned()),
        is_path.then(|| {
            "it is a path of a multipath device, which this installer cannot install on".to_owned()
        }),
        Some(disk.in_use())
            .filter(|used| !used.is_empty())
            .map(|used| format!("it is in use: {}", used.join(", "))),
        (disk.size > 0 && disk.size < rules.min_size).then(size),
    ];
    rules.into_iter().flatten()
}

/// Takes the one disk that is right.
///
/// # Errors
///
/// If none is, or several are and nothing says which of them.
pub fn pick<'a>(judged: &[Judged<'a>], pick: Pick) -> Result<&'a Device, Error> {
    let right: Vec<&Device> =
        judged.iter().filter(|each| each.reasons.is_empty()).map(|each| each.disk).collect();
    // Of two of the same size the one with the smaller serial number, so that every run takes the same.
    let order = |disk: &&&Device| (disk.size, disk.serial.clone(), disk.kname.clone());
    let taken = match (right.as_slice(), pick) {
        ([], _) => None,
        ([one], _) => Some(*one),
        (_, Pick::Only) => {
            let text = "more than one disk fits, and nothing says which is meant";
            return Err(Error::NoDisk(text.to_owned()));
        }
        (several, Pick::Smallest) => several.iter().min_by_key(order).copied(),
        (several, Pick::Largest) => {
            let size = several.iter().map(|disk| disk.size).max().unwrap_or_default();
            several.iter().filter(|disk| disk.size == size).min_by_key(order).copied()
        }
    };
    taken.ok_or_else(|| Error::NoDisk("no disk fits".to_owned()))
}
