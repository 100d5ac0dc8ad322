//! What disks a machine has, what lies on them, and which of them carry the boot medium.
//!
//! Decides nothing: `choose` does.

use std::collections::{BTreeMap, BTreeSet};

use crate::machine::Call;
use crate::{Error, Machine};

mod device;
mod holds;
mod medium;

pub use device::{Device, tree};
pub(crate) use holds::INSTALLED_ON_ESP;
pub use holds::describe;

/// A machine's disks.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The disks and what lies on them, as `lsblk` shows it.
    pub devices: Vec<Device>,
    /// Volume group of each LVM member, by path.
    pub groups: BTreeMap<String, String>,
    /// Links in `/dev/disk/by-path` to each device, by its kernel name.
    pub by_path: BTreeMap<String, Vec<String>>,
    /// Kernel names of the disks that carry the boot medium.
    pub medium: BTreeSet<String>,
    /// What small FAT file systems hold, by path of the device: their names and texts.
    pub found: BTreeMap<String, BTreeMap<String, String>>,
}

/// Looks at a machine.
///
/// # Errors
///
/// If `lsblk` fails or says what cannot be read.
pub fn take(machine: &dyn Machine, image_id: &str) -> Result<Inventory, Error> {
    let devices = device::read(machine)?;
    let groups = groups(machine, &devices)?;
    let by_path = by_path(machine);
    let mut inventory = Inventory { devices, groups, by_path, ..Inventory::default() };
    inventory.found = holds::peek(machine, &inventory.devices, image_id);
    inventory.medium = medium::disks(machine, &inventory, image_id);
    Ok(inventory)
}

/// Asks LVM which group its members are of; where there are none, it is not asked.
fn groups(machine: &dyn Machine, devices: &[Device]) -> Result<BTreeMap<String, String>, Error> {
    let is_member = |device: &&Device| device.fstype.as_deref() == Some("LVM2_member");
    if !devices.iter().flat_map(tree).any(|device| is_member(&device)) {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("/usr/sbin/pvs").words("--reportformat json -o pv_name,vg_name");
    let said = machine.run(&call)?.out;
    let said: serde_json::Value = serde_json::from_str(&said)
        .map_err(|error| Error::Unexpected(format!("pvs printed what cannot be read: {error}")))?;
    let rows = said["report"].as_array().into_iter().flatten();
    let rows = rows.flat_map(|report| report["pv"].as_array().into_iter().flatten());
    let row = |row: &serde_json::Value| {
        Some((row["pv_name"].as_str()?.to_owned(), row["vg_name"].as_str()?.to_owned()))
    };
    Ok(rows.filter_map(row).collect())
}

fn by_path(machine: &dyn Machine) -> BTreeMap<String, Vec<String>> {
    let folder = "/dev/disk/by-path";
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in machine.list(folder).unwrap_or_default() {
        if let Ok(target) = machine.resolve(&format!("{folder}/{name}")) {
            let kernel_name = target.rsplit('/').next().unwrap_or_default().to_owned();
            found.entry(kernel_name).or_default().push(name);
        }
    }
    found
}

impl Inventory {
    /// Returns the device of a kernel name, a path, or a name of `/dev/mapper`.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<&Device> {
        let name = name.strip_prefix("/dev/").unwrap_or(name);
        let is_it = |device: &&Device| {
            device.kname == name || device.path.strip_prefix("/dev/") == Some(name)
        };
        self.devices.iter().flat_map(tree).find(is_it)
    }

    /// Returns the disks at the top on which a device lies.
    #[must_use]
    pub fn disks_below(&self, kernel_name: &str) -> Vec<&Device> {
        let lies = |disk: &&Device| tree(disk).any(|device| device.kname == kernel_name);
        self.devices.iter().filter(lies).collect()
    }
}
