//! Filters for disks, and why a disk does not pass them.

use isoplug_install_plan::{DiskMatch, Holds, Target, Transport, glob_matches};

use crate::inventory::{Device, Inventory, describe};

/// Returns why a disk does not pass.
pub(crate) fn reasons(
    inventory: &Inventory,
    disk: &Device,
    filters: &DiskMatch,
    target: Option<&Target>,
) -> Vec<String> {
    // Every field by its name: one more filter that is not looked at does not compile.
    let DiskMatch {
        serial,
        wwn,
        model,
        vendor,
        path,
        transport,
        min_size,
        max_size,
        removable,
        rotational,
        holds,
    } = filters;
    let texts = [
        differs("serial", serial.as_ref(), disk.serial.as_ref()),
        differs("wwn", wwn.as_ref(), disk.wwn.as_ref()),
        differs("model", model.as_ref(), disk.model.as_ref()),
        differs("vendor", vendor.as_ref(), disk.vendor.as_ref()),
        path.as_ref().and_then(|path| other_path(inventory, disk, path)),
        other_transport(disk, transport),
        min_size.filter(|size| disk.size < size.0).map(|size| format!("it is smaller than {size}")),
        max_size.filter(|size| disk.size > size.0).map(|size| format!("it is larger than {size}")),
        other_flag("removable", *removable, disk.rm),
        other_flag("rotational", *rotational, disk.rota),
        other_content(inventory, disk, holds.unwrap_or_default(), target),
    ];
    texts.into_iter().flatten().collect()
}

fn differs(field: &str, pattern: Option<&String>, text: Option<&String>) -> Option<String> {
    let (pattern, text) = (pattern?, text.map(String::as_str).unwrap_or_default());
    (!glob_matches(pattern, text)).then(|| format!("{field} is \"{}\", not {pattern}", text.trim()))
}

fn other_path(inventory: &Inventory, disk: &Device, pattern: &str) -> Option<String> {
    let pattern = pattern.strip_prefix("/dev/disk/by-path/").unwrap_or(pattern);
    let paths = inventory.by_path.get(&disk.kname);
    let matches = paths.is_some_and(|paths| paths.iter().any(|path| glob_matches(pattern, path)));
    let found = paths.map_or_else(|| "unknown".to_owned(), |paths| paths.join(" and "));
    (!matches).then(|| format!("path is {found}, not {pattern}"))
}

fn other_transport(disk: &Device, wanted: &[Transport]) -> Option<String> {
    let found = transport(disk);
    let fits = |wanted: &Transport| {
        *wanted == Transport::Scsi && matches!(found, Some(Transport::Sas))
            || found == Some(*wanted)
    };
    if wanted.is_empty() || wanted.iter().any(fits) {
        return None;
    }
    let names: Vec<String> = wanted.iter().map(name).collect();
    let found = found.as_ref().map_or_else(|| "unknown".to_owned(), name);
    Some(format!("transport is {found}, not {}", names.join(" or ")))
}

/// Returns a transport's word.
pub(crate) fn name(transport: &Transport) -> String {
    format!("{transport:?}").to_lowercase()
}

fn other_flag(field: &str, wanted: Option<bool>, found: bool) -> Option<String> {
    let words = if found { "it is" } else { "it is not" };
    (wanted.is_some_and(|wanted| wanted != found)).then(|| format!("{words} {field}"))
}

fn other_content(
    inventory: &Inventory,
    disk: &Device,
    wanted: Holds,
    target: Option<&Target>,
) -> Option<String> {
    let ours = || {
        let labels = target.map(held_labels).unwrap_or_default();
        let has = |label: &String| {
            disk.children.iter().any(|part| part.partlabel.as_ref() == Some(label))
        };
        disk.pttype.as_deref() == Some("gpt")
            && labels.iter().any(|labels| !labels.is_empty() && labels.iter().all(has))
    };
    match wanted {
        Holds::Nothing if !disk.is_empty() => {
            Some(format!("it holds {}", describe(inventory, disk)))
        }
        Holds::ThisProduct if !ours() => {
            let found = describe(inventory, disk);
            Some(format!("it holds {found}, not an earlier installation of this image"))
        }
        _ => None,
    }
}

/// Returns the labels that a target gives its partitions, for each way to lay it onto a disk.
#[must_use]
pub fn held_labels(target: &Target) -> Vec<Vec<String>> {
    let layouts = target.layouts.iter().flat_map(|layout| [&layout.plain, &layout.encrypted]);
    let labels = layouts.flatten().map(|partitioning| {
        let lines = partitioning.definitions.values().flat_map(|text| text.lines());
        let labels = lines.filter_map(|line| line.strip_prefix("Label="));
        labels.map(|label| label.trim().to_owned()).collect()
    });
    labels.collect()
}

/// Tells how a disk is connected, from what `lsblk` says and the kernel's subsystems.
#[must_use]
pub fn transport(disk: &Device) -> Option<Transport> {
    let known = match disk.tran.as_deref() {
        Some("nvme" | "pcie") => Some(Transport::Nvme),
        Some("sata") => Some(Transport::Sata),
        Some("ata") => Some(Transport::Ata),
        Some("sas") => Some(Transport::Sas),
        Some("spi" | "scsi") => Some(Transport::Scsi),
        Some("fc" | "fcoe") => Some(Transport::Fc),
        Some("iscsi") => Some(Transport::Iscsi),
        Some("virtio") => Some(Transport::Virtio),
        Some("mmc") => Some(Transport::Mmc),
        Some("usb") => Some(Transport::Usb),
        _ => None,
    };
    known.or_else(|| {
        let subsystems = disk.subsystems.as_deref().unwrap_or_default();
        let has = |word: &str| subsystems.split(':').any(|each| each == word);
        let by = [
            ("usb", Transport::Usb),
            ("mmc", Transport::Mmc),
            ("nvme", Transport::Nvme),
            // A disk of virtio-scsi is one of SCSI, whose controller is virtual.
            ("scsi", Transport::Scsi),
            ("virtio", Transport::Virtio),
        ];
        by.into_iter().find(|(word, _)| has(word)).map(|(_, transport)| transport)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_subsystems_tells_the_transport() {
        for (subsystems, right) in [
            ("block:scsi:usb:pci", Some(Transport::Usb)),
            ("block:scsi:virtio:pci", Some(Transport::Scsi)),
            ("block:virtio:pci", Some(Transport::Virtio)),
            ("block:mmc:mmc_host:pci", Some(Transport::Mmc)),
            ("block", None),
        ] {
            let disk = Device { subsystems: Some(subsystems.into()), ..Device::default() };
            assert_eq!(transport(&disk), right, "{subsystems}");
        }
    }
}
