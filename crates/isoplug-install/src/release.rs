//! What lies on a disk lets go of it, from the top down, and every layer of it is wiped.
//!
//! Measured: in this order all of it succeeds; once partitions were written first, nothing can be released any more.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::inventory::{Device, Inventory, tree};
use crate::machine::Call;
use crate::{Error, Machine};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// All signatures on a device are removed.
    Wipe(String),
    /// A volume group is switched off.
    GroupOff(String),
    /// An opened LUKS device is closed.
    Close(String),
    /// An array is stopped.
    Stop(String),
    /// A device of the device mapper is removed.
    Remove(String),
    /// Both ends of the disk are zeroed.
    Zero(String),
    /// The kernel reads the partitions anew, which fails while anybody uses one.
    Reread(String),
}

/// Plans what must be done, from the top down.
///
/// # Errors
///
/// If something on the disk has members on other disks, which would lose it, too.
pub fn plan(inventory: &Inventory, disk: &Device) -> Result<Vec<Action>, Error> {
    let others = shared(inventory, disk);
    if !others.is_empty() {
        let text = format!(
            "{} is not alone:\n  {}\n  Take it out of there first, or choose another disk.",
            disk.path,
            others.join("\n  ")
        );
        return Err(Error::Refused(text));
    }
    let mut actions = Vec::new();
    // Where only partitions are, the kernel can tell now whether anybody uses one, before anything is written.
    if tree(disk).all(|device| matches!(device.kind.as_str(), "disk" | "part")) {
        actions.push(Action::Reread(disk.path.clone()));
    }
    visit(inventory, disk, &mut BTreeSet::new(), &mut actions);
    actions.push(Action::Zero(disk.path.clone()));
    actions.push(Action::Reread(disk.path.clone()));
    Ok(actions)
}

fn visit(
    inventory: &Inventory,
    device: &Device,
    seen: &mut BTreeSet<String>,
    actions: &mut Vec<Action>,
) {
    if !seen.insert(device.kname.clone()) {
        return;
    }
    for child in &device.children {
        visit(inventory, child, seen, actions);
    }
    if let Some(group) = inventory.groups.get(&device.path).filter(|group| !group.is_empty()) {
        let off = Action::GroupOff(group.clone());
        if !actions.contains(&off) {
            actions.push(off);
        }
    }
    actions.push(Action::Wipe(device.path.clone()));
    actions.extend(let_go(device));
}

/// Returns how a device that is none of the disk itself goes away.
fn let_go(device: &Device) -> Option<Action> {
    match device.kind.as_str() {
        "disk" | "part" | "lvm" => None,
        "crypt" => Some(Action::Close(device.name.clone())),
        kind if kind.starts_with("raid") || kind == "linear" => {
            Some(Action::Stop(device.path.clone()))
        }
        _ => Some(Action::Remove(device.name.clone())),
    }
}

/// Kinds of members whose UUID is that of the whole, which may have other members.
const WHOLES: [&str; 4] = ["linux_raid_member", "zfs_member", "btrfs", "bcachefs"];

/// Says what of a disk lies on other disks, too.
fn shared(inventory: &Inventory, disk: &Device) -> Vec<String> {
    let mut found = BTreeSet::new();
    for other in inventory.devices.iter().filter(|other| other.kname != disk.kname) {
        for (ours, theirs) in
            tree(disk).flat_map(|ours| tree(other).map(move |theirs| (ours, theirs)))
        {
            if let Some(what) = same_whole(inventory, ours, theirs) {
                found.insert(format!("{what} is on {}, too", other.path));
            }
        }
    }
    found.into_iter().collect()
}

fn same_whole(inventory: &Inventory, ours: &Device, theirs: &Device) -> Option<String> {
    if ours.kname == theirs.kname {
        return Some(format!("{} ({})", ours.path, ours.kind));
    }
    let group =
        |device: &Device| inventory.groups.get(&device.path).filter(|name| !name.is_empty());
    if let (Some(group), Some(other)) = (group(ours), group(theirs))
        && group == other
    {
        return Some(format!("the volume group {group}"));
    }
    let kind = ours.fstype.as_deref().filter(|kind| WHOLES.contains(kind))?;
    let same = ours.uuid.is_some() && ours.uuid == theirs.uuid && ours.fstype == theirs.fstype;
    let name = ours.label.as_ref().or(ours.uuid.as_ref()).cloned().unwrap_or_default();
    same.then(|| format!("{} \"{name}\"", kind.trim_end_matches("_member")))
}

impl Action {
    fn call(&self) -> Option<Call> {
        let call = match self {
            Self::Wipe(path) => Call::new("/usr/sbin/wipefs").with(["-a", "-q", path]),
            Self::GroupOff(group) => Call::new("/usr/sbin/vgchange").with(["-an", group]),
            Self::Close(name) => Call::new("/usr/sbin/cryptsetup").with(["close", name]),
            Self::Stop(path) => Call::new("/usr/sbin/mdadm").with(["--stop", path]),
            Self::Remove(name) => Call::new("/usr/sbin/dmsetup").with(["remove", name]),
            Self::Reread(path) => Call::new("/usr/sbin/blockdev").with(["--rereadpt", path]),
            Self::Zero(_) => return None,
        };
        Some(call)
    }
}

/// Does what was planned; `wrote` is true from the first byte on that was written to the disk.
///
/// # Errors
///
/// If a step fails: the disk is in use by something that cannot be seen.
pub fn release(
    machine: &dyn Machine,
    disk: &Device,
    actions: &[Action],
    wrote: &Cell<bool>,
) -> Result<(), Error> {
    // Whoever partitions it at this moment, as udisks, has the lock; it is not kept, since repart takes it itself.
    drop(machine.lock(&disk.path).map_err(|error| {
        Error::Refused(format!("somebody else works on {}: {error}", disk.path))
    })?);
    for action in actions {
        match (action, action.call()) {
            (Action::Reread(_), Some(call)) => reread(machine, &call, &disk.path)?,
            (_, Some(call)) => {
                machine.run(&call)?;
                // A device that somebody uses is not wiped, and what is only switched off keeps its bytes.
                wrote.set(wrote.get() || matches!(action, Action::Wipe(_)));
            }
            (_, None) => {
                wrote.set(true);
                let zeroed = machine.zero_ends(&disk.path);
                zeroed.map_err(Error::file("write to", disk.path.as_str()))?;
            }
        }
    }
    Ok(())
}

/// udev looks at what was closed just now, so the first attempt may find the disk busy.
fn reread(machine: &dyn Machine, call: &Call, path: &str) -> Result<(), Error> {
    let settle = Call::new("/usr/bin/udevadm").words("settle --timeout=30");
    let mut last = None;
    for _ in 0..5 {
        machine.run(&settle)?;
        match machine.run(call) {
            Ok(_) => return Ok(()),
            Err(failed) => last = Some(failed),
        }
    }
    let said = last.map(|failed| failed.said).unwrap_or_default();
    Err(Error::Refused(format!("the kernel says that {path} is in use: {}", said.trim())))
}
