//! A device as `lsblk` shows it, with what lies on it.

use serde::{Deserialize, Deserializer};

use crate::machine::Call;
use crate::{Error, Machine};

/// A disk, or what lies on one: a partition, an array, a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Device {
    /// Its name: `sda`, or that of the device mapper.
    pub name: String,
    /// Its name in the kernel: `dm-0`.
    pub kname: String,
    /// Its path.
    pub path: String,
    /// What it is: `disk`, `part`, `lvm`, `crypt`, `raid1`, `rom`, `loop`, `mpath`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is read-only.
    pub ro: bool,
    /// Whether the kernel says that it can be taken out.
    pub rm: bool,
    /// Whether it turns.
    pub rota: bool,
    /// How it is connected.
    pub tran: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// World wide name.
    pub wwn: Option<String>,
    /// Vendor.
    pub vendor: Option<String>,
    /// Bytes of a sector.
    pub log_sec: u32,
    /// What blkid finds on it: `ext4`, `LVM2_member`, `crypto_LUKS`.
    pub fstype: Option<String>,
    /// Label of that.
    pub label: Option<String>,
    /// UUID of that.
    pub uuid: Option<String>,
    /// Kind of its partition table.
    pub pttype: Option<String>,
    /// Name of the partition in a GPT.
    pub partlabel: Option<String>,
    /// Type of the partition.
    pub parttype: Option<String>,
    /// Where it is mounted; `[SWAP]` for swap.
    #[serde(deserialize_with = "mountpoints")]
    pub mountpoints: Vec<String>,
    /// Subsystems of the kernel on the way to it: `block:scsi:usb:pci`.
    pub subsystems: Option<String>,
    /// What lies on it.
    pub children: Vec<Device>,
}

fn mountpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let points = Vec::<Option<String>>::deserialize(deserializer)?;
    Ok(points.into_iter().flatten().collect())
}

/// Asks `lsblk`.
pub(crate) fn read(machine: &dyn Machine) -> Result<Vec<Device>, Error> {
    #[derive(Deserialize)]
    struct Said {
        blockdevices: Vec<Device>,
    }
    let said = machine.run(&Call::new("/usr/bin/lsblk").words("-J -b -O"))?.out;
    // Where there is no block device at all, it prints nothing.
    if said.trim().is_empty() {
        return Ok(Vec::new());
    }
    let said: Said = serde_json::from_str(&said).map_err(|error| {
        Error::Unexpected(format!("lsblk printed what cannot be read: {error}"))
    })?;
    Ok(said.blockdevices)
}

/// Returns a device and all that lies on it, each before what lies on it.
pub fn tree(device: &Device) -> Box<dyn Iterator<Item = &Device> + '_> {
    Box::new(std::iter::once(device).chain(device.children.iter().flat_map(tree)))
}

impl Device {
    /// Returns where anything of it is mounted or used as swap.
    #[must_use]
    pub fn in_use(&self) -> Vec<String> {
        let used = tree(self).flat_map(|device| {
            device.mountpoints.iter().map(|point| format!("{} at {point}", device.path))
        });
        used.collect()
    }

    /// Tells whether no signature and no partition table is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.children.is_empty() && self.fstype.is_none() && self.pttype.is_none()
    }
}
