//! What lies on a disk lets go from the top down, and what other disks share is refused.

use std::cell::Cell;

use isoplug_install::inventory::{Device, tree};
use isoplug_install::machine::Recorded;
use isoplug_install::release::{self, Action};

use super::{NAMES, inventory, machine};

/// Returns the place of the first action that is about a device.
fn wiped(actions: &[Action], device: &Device) -> usize {
    let is_it = |action: &Action| *action == Action::Wipe(device.path.clone());
    actions.iter().position(is_it).unwrap_or_else(|| panic!("{} is not wiped", device.path))
}

#[test]
fn every_layer_is_wiped_before_what_it_lies_on() {
    let mut seen = 0;
    for name in NAMES {
        let inventory = inventory(name);
        for disk in inventory.devices.iter().filter(|device| device.kind == "disk") {
            let Ok(actions) = release::plan(&inventory, disk) else { continue };
            for device in tree(disk) {
                for child in &device.children {
                    seen += 1;
                    let (above, below) = (wiped(&actions, child), wiped(&actions, device));
                    assert!(above < below, "{name}: {} after {}", child.path, device.path);
                }
            }
            assert_eq!(actions.last(), Some(&Action::Reread(disk.path.clone())));
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "calls in order")]
fn a_soiled_disk_is_released_in_this_order() {
    let inventory = inventory("soiled");
    let disk = inventory.device("nvme0n1").unwrap();
    let machine = machine("soiled");
    let actions = release::plan(&inventory, disk).unwrap();
    release::release(&machine, disk, &actions, &Cell::new(false)).unwrap();
    let done = machine.done.borrow().clone();
    let done: Vec<&str> =
        done.iter().map(String::as_str).filter(|call| !call.contains("settle")).collect();
    assert_eq!(
        done,
        [
            "lock /dev/nvme0n1",
            "/usr/sbin/wipefs -a -q /dev/nvme0n1p1",
            "/usr/sbin/wipefs -a -q /dev/mapper/sys-root",
            "/usr/sbin/wipefs -a -q /dev/mapper/sys-swap",
            "/usr/sbin/vgchange -an sys",
            "/usr/sbin/wipefs -a -q /dev/mapper/luks-x",
            "/usr/sbin/cryptsetup close luks-x",
            "/usr/sbin/wipefs -a -q /dev/nvme0n1p2",
            "/usr/sbin/wipefs -a -q /dev/nvme0n1",
            "zero /dev/nvme0n1",
            "/usr/sbin/blockdev --rereadpt /dev/nvme0n1",
        ]
    );
}

#[test]
fn what_other_disks_share_is_refused_and_named() {
    for (name, disk, named) in [
        ("raid-lvm", "sda", "/dev/md0 (raid1) is on /dev/sdb, too"),
        ("lvm-closed", "sda", "the volume group data is on /dev/sdb, too"),
        ("left-overs", "sdb", "zfs \"tank\" is on /dev/sdc, too"),
    ] {
        let inventory = inventory(name);
        let error = release::plan(&inventory, inventory.device(disk).unwrap()).unwrap_err();
        assert_eq!(error.code(), 4);
        assert!(error.to_string().contains(named), "{error}");
    }
    let inventory = inventory("raid-lvm");
    release::plan(&inventory, inventory.device("sdc").unwrap()).unwrap();
}

#[test]
fn a_disk_of_partitions_is_asked_before_anything_is_written() {
    let inventory = inventory("windows");
    let disk = inventory.device("nvme0n1").unwrap();
    let actions = release::plan(&inventory, disk).unwrap();
    assert_eq!(actions[0], Action::Reread("/dev/nvme0n1".into()));
    let call = "fail /usr/sbin/blockdev --rereadpt /dev/nvme0n1";
    let machine = Recorded::default().with(call, "Device or resource busy");
    let told = Cell::new(false);
    let error = release::release(&machine, disk, &actions, &told).unwrap_err();
    assert_eq!((error.code(), told.get()), (4, false));
    let wrote = |call: &String| call.contains("wipefs") || call.starts_with("zero");
    assert!(!machine.done.borrow().iter().any(wrote), "{:?}", machine.done);
}
