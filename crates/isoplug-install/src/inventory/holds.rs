//! What a disk holds, in words, and which small files on it tell what they are.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_install_plan::Size;

use super::{Device, Inventory, tree};
use crate::Machine;

/// The boot loader of Windows on an ESP.
const WINDOWS: &str = "EFI/Microsoft/Boot/bootmgfw.efi";

/// Where an installed system says on its ESP which image and plan it came from.
pub(crate) const INSTALLED_ON_ESP: &str = "EFI/isoplug/installed";

/// Looks for known files in file systems of the kind that an ESP has.
pub(crate) fn peek(
    machine: &dyn Machine,
    devices: &[Device],
    image_id: &str,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let id = format!(".isoplug/{image_id}");
    let names = [WINDOWS, INSTALLED_ON_ESP, &id];
    let names = if image_id.is_empty() { &names[..2] } else { &names[..] };
    let is_one = |device: &&Device| device.fstype.as_deref() == Some("vfat");
    // Of a disk that is mounted as a whole, no partition can be.
    let disks = devices.iter().filter(|disk| disk.mountpoints.is_empty());
    let ones = disks.flat_map(tree).filter(is_one);
    let look = |device: &Device| {
        let files = machine.peek(&device.path, "vfat", names).ok()?;
        let found = names.iter().zip(files).filter_map(|(name, file)| Some((name, file?)));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).into();
        Some(found.map(|(name, file)| ((*name).to_owned(), text(file))).collect())
    };
    ones.filter_map(|device| Some((device.path.clone(), look(device)?))).collect()
}

/// Says in words what a disk holds.
#[must_use]
pub fn describe(inventory: &Inventory, disk: &Device) -> String {
    if disk.is_empty() {
        return "nothing".to_owned();
    }
    let has = |name: &str| {
        tree(disk).any(|device| {
            inventory.found.get(&device.path).is_some_and(|found| found.contains_key(name))
        })
    };
    let known = [(WINDOWS, "Windows"), (INSTALLED_ON_ESP, "an installation of such an image")];
    let known = known.into_iter().filter(|(name, _)| has(name));
    let mut words: Vec<String> = known.map(|(_, word)| word.to_owned()).collect();
    words.extend(contents(disk));
    if words.is_empty() {
        let table = disk.pttype.as_deref().unwrap_or("unknown");
        words.push(format!("a partition table ({table}) without file systems"));
    }
    words.join(", ")
}

/// Says what each device of a disk has on it; what lies on two members is told once.
fn contents(disk: &Device) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let devices = tree(disk).filter(|device| seen.insert(&device.kname));
    devices.filter_map(content).collect()
}

fn content(device: &Device) -> Option<String> {
    let kind = match device.fstype.as_deref()? {
        "LVM2_member" => "LVM",
        "linux_raid_member" => "RAID",
        "crypto_LUKS" => "LUKS",
        "zfs_member" => "ZFS",
        "ntfs" => "NTFS",
        "vfat" => "FAT",
        other => other,
    };
    let label = device.label.as_ref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    Some(format!("{} {kind}{label}", Size(device.size)))
}
