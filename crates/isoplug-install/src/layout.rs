//! Partitions and their file systems, made by systemd-repart from the definitions of the plan.
//!
//! The name of a partition is never put together from that of its disk: repart says it, and the kernel confirms it.

use isoplug_install_plan::{Partition, Partitioning};
use serde::Deserialize;

use crate::inventory::Device;
use crate::machine::{Call, Mount};
use crate::{Error, Machine, RUN, TARGET};

/// A partition that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What the plan says of it.
    pub partition: Partition,
    /// Path of the partition.
    pub node: String,
    /// Its number in the table.
    pub number: u32,
    /// UUID of its LUKS header, if it is encrypted.
    pub luks_uuid: Option<String>,
    /// Path of its file system: the partition, or what was opened on it.
    pub device: String,
    /// UUID of its file system.
    pub uuid: String,
}

#[derive(Deserialize)]
struct Row {
    file: String,
    node: Option<String>,
}

/// Makes the partitions on a disk that holds nothing any more.
///
/// # Errors
///
/// If repart fails, or the kernel does not show what it says.
pub fn partition(
    machine: &dyn Machine,
    disk: &Device,
    partitioning: &Partitioning,
    passphrase: Option<&str>,
) -> Result<Vec<Made>, Error> {
    let said = repart(machine, disk, partitioning, passphrase)?;
    machine.run(&Call::new("/usr/bin/udevadm").words("settle --timeout=60"))?;
    let rows: Vec<Row> = serde_json::from_str(said.trim()).map_err(|error| {
        Error::Unexpected(format!("systemd-repart printed what cannot be read: {error}"))
    })?;
    let made = partitioning.partitions.iter().map(|partition| {
        let is_it = |row: &&Row| row.file.rsplit('/').next() == Some(&partition.definition);
        let node = rows.iter().find(is_it).and_then(|row| row.node.clone());
        let node = node.ok_or_else(|| {
            let text = "systemd-repart does not say where it made";
            Error::Unexpected(format!("{text} {}", partition.definition))
        })?;
        made(machine, disk, partition, node, passphrase)
    });
    made.collect()
}

fn repart(
    machine: &dyn Machine,
    disk: &Device,
    partitioning: &Partitioning,
    passphrase: Option<&str>,
) -> Result<String, Error> {
    let folder = format!("{RUN}/repart.d");
    definitions(machine, &folder, partitioning)?;
    // Without --seed=random the UUIDs follow from the live system's machine-id.
    let mut call = Call::new("/usr/bin/systemd-repart")
        .words("--dry-run=no --empty=force --seed=random --json=short --no-pager")
        .with([format!("--definitions={folder}")]);
    let key = format!("{RUN}/key");
    if let Some(passphrase) = passphrase {
        let written = machine.write(&key, passphrase.as_bytes(), 0o600);
        written.map_err(Error::file("write", key.as_str()))?;
        call = call.with([format!("--key-file={key}")]);
    }
    let result = machine.run(&call.with([&disk.path]));
    machine.remove(&key).map_err(Error::file("remove", key.as_str()))?;
    Ok(result?.out)
}

/// Writes the definitions to a folder of their own, where no others are.
fn definitions(
    machine: &dyn Machine,
    folder: &str,
    partitioning: &Partitioning,
) -> Result<(), Error> {
    for name in machine.list(folder).unwrap_or_default() {
        let path = format!("{folder}/{name}");
        machine.remove(&path).map_err(Error::file("remove", path.as_str()))?;
    }
    for (name, text) in &partitioning.definitions {
        let path = format!("{folder}/{name}");
        machine
            .write(&path, text.as_bytes(), 0o644)
            .map_err(Error::file("write", path.as_str()))?;
    }
    Ok(())
}

fn made(
    machine: &dyn Machine,
    disk: &Device,
    partition: &Partition,
    node: String,
    passphrase: Option<&str>,
) -> Result<Made, Error> {
    let number = number(machine, disk, &node)?;
    let mut device = node.clone();
    let mut luks_uuid = None;
    if let Some(name) = &partition.luks {
        let passphrase = passphrase.unwrap_or_default();
        luks_uuid = Some(uuid(machine, &node)?);
        open(machine, &node, name, passphrase)?;
        device = format!("/dev/mapper/{name}");
    }
    let uuid = uuid(machine, &device)?;
    Ok(Made { partition: partition.clone(), node, number, luks_uuid, device, uuid })
}

/// Opens a LUKS device. The passphrase goes through standard input.
///
/// # Errors
///
/// If it does not open.
pub fn open(machine: &dyn Machine, node: &str, name: &str, passphrase: &str) -> Result<(), Error> {
    let call = Call::new("/usr/sbin/cryptsetup");
    let call = call.words("open --type luks2 --key-file -").with([node, name]).input(passphrase);
    machine.run(&call)?;
    Ok(())
}

/// Returns the number of a partition, which must be one of the disk.
fn number(machine: &dyn Machine, disk: &Device, node: &str) -> Result<u32, Error> {
    let name = node.rsplit('/').next().unwrap_or_default();
    let path = format!("/sys/class/block/{name}");
    let number = machine.text(&format!("{path}/partition")).and_then(|text| text.parse().ok());
    let lies = machine.resolve(&path).unwrap_or_default();
    match number.filter(|_| lies.split('/').any(|part| part == disk.kname)) {
        Some(number) => Ok(number),
        None => Err(Error::Unexpected(format!(
            "the kernel does not know {node} as a partition of {}",
            disk.path
        ))),
    }
}

fn uuid(machine: &dyn Machine, device: &str) -> Result<String, Error> {
    let call = Call::new("/usr/sbin/blkid").words("-p -s UUID -o value").with([device]);
    let uuid = machine.run(&call)?.out.trim().to_owned();
    if uuid.is_empty() {
        return Err(Error::Unexpected(format!("{device} has no UUID")));
    }
    Ok(uuid)
}

/// Returns the partitions in the order of mounting: those above before those below.
fn in_order(made: &[Made]) -> Vec<(&Made, &str)> {
    let mounts = made.iter().filter_map(|each| Some((each, each.partition.mount.as_deref()?)));
    let mut mounts: Vec<(&Made, &str)> = mounts.collect();
    mounts.sort_by_key(|(_, mount)| *mount);
    mounts
}

/// Mounts what can keep owners and modes (`late` = false), or what cannot, as an ESP (`late` = true).
///
/// # Errors
///
/// What the kernel says.
pub fn mount(machine: &dyn Machine, made: &[Made], late: bool) -> Result<(), Error> {
    for (each, mount) in in_order(made) {
        if (each.partition.format == "vfat") == late {
            let target = format!("{TARGET}{}", mount.trim_end_matches('/'));
            let Partition { format, options, .. } = &each.partition;
            let (source, subvolume) = (each.device.as_str(), subvolume(options));
            let mount = Mount { source, target: &target, format, subvolume, read_only: false };
            machine.mount(&mount).map_err(Error::file("mount", each.device.as_str()))?;
        }
    }
    Ok(())
}

/// Returns the subvolume that options of a mount name, as fstab has them.
pub(crate) fn subvolume(options: &str) -> Option<&str> {
    options.split(',').find_map(|option| option.strip_prefix("subvol="))
}

/// Unmounts everything and closes what was opened.
///
/// # Errors
///
/// What the kernel says.
pub fn put_away(machine: &dyn Machine, partitioning: &Partitioning) -> Result<(), Error> {
    machine.unmount(TARGET).map_err(Error::file("unmount", TARGET))?;
    for name in partitioning.partitions.iter().filter_map(|each| each.luks.as_ref()) {
        if machine.exists(&format!("/dev/mapper/{name}")) {
            machine.run(&Call::new("/usr/sbin/cryptsetup").with(["close", name]))?;
        }
    }
    Ok(())
}
