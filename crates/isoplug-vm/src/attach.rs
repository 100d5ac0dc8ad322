//! How a disk hangs in a machine: one row for each way, in QEMU's words.

use serde::{Deserialize, Serialize};

/// What a disk is connected by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bus {
    /// A virtual machine's own.
    #[default]
    Virtio,
    /// NVM Express.
    Nvme,
    /// Serial ATA; on a machine with a BIOS its predecessor.
    Sata,
    /// SCSI.
    Scsi,
    /// USB, as a disk that is not called removable.
    Usb,
}

/// How a disk is connected, and what it says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attach {
    /// What it is connected by.
    pub bus: Bus,
    /// Its serial number; QEMU's without one.
    pub serial: Option<String>,
    /// The size of its sectors in bytes; 512 without one.
    pub sector: Option<u32>,
}

/// Each with the device of the disk and that of what it is plugged into, if QEMU's machine has none.
const ROWS: [(Bus, &str, Option<&str>); 5] = [
    (Bus::Virtio, "virtio-blk-pci", None),
    (Bus::Nvme, "nvme", None),
    (Bus::Sata, "ide-hd", None),
    (Bus::Scsi, "scsi-hd", Some("virtio-scsi-pci")),
    (Bus::Usb, "usb-storage,removable=off", None),
];

impl Attach {
    /// Returns the devices of the disk that has this number, in the order in which they are made.
    pub(crate) fn devices(&self, number: usize) -> Vec<String> {
        let row = ROWS.iter().find(|(bus, ..)| *bus == self.bus).unwrap_or(&ROWS[0]);
        let (_, disk, above) = row;
        let above = above.map(|above| format!("{above},id=above{number}"));
        let place = if above.is_some() { format!(",bus=above{number}.0") } else { String::new() };
        // The serial number of an NVMe disk is not optional.
        let serial = self
            .serial
            .clone()
            .or_else(|| (self.bus == Bus::Nvme).then(|| format!("ISOPLUG{number}")));
        let serial = serial.map(|serial| format!(",serial={}", serial.replace(',', ",,")));
        let sector = self
            .sector
            .map(|size| format!(",logical_block_size={size},physical_block_size={size}"));
        let more = serial.unwrap_or_default() + &sector.unwrap_or_default();
        let disk = format!("{disk},drive=disk{number}{place}{more}");
        above.into_iter().chain([disk]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_devices() {
        let attach = |bus| Attach { bus, ..Attach::default() }.devices(1).join(" ");
        let all = ROWS.map(|(bus, ..)| attach(bus)).join("\n");
        insta::assert_snapshot!(all, @r"
        virtio-blk-pci,drive=disk1
        nvme,drive=disk1,serial=ISOPLUG1
        ide-hd,drive=disk1
        virtio-scsi-pci,id=above1 scsi-hd,drive=disk1,bus=above1.0
        usb-storage,removable=off,drive=disk1
        ");
        let own = Attach { bus: Bus::Nvme, serial: Some("S,1".to_owned()), sector: Some(4096) };
        assert_eq!(
            own.devices(0),
            ["nvme,drive=disk0,serial=S,,1,logical_block_size=4096,physical_block_size=4096"]
        );
    }
}
