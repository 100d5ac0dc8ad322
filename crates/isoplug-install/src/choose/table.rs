//! The table of all disks, which everybody sees before one is erased.

use isoplug_install_plan::Size;

use super::{Judged, matcher};
use crate::inventory::{Device, Inventory, describe};

/// Draws the table: one disk after the other, with what it holds and why it cannot be taken.
#[must_use]
pub fn table(inventory: &Inventory, judged: &[Judged<'_>]) -> String {
    if judged.is_empty() {
        return "This machine has no disk.\n".to_owned();
    }
    let width = judged.iter().map(|each| each.disk.kname.len()).max().unwrap_or_default();
    let rows = judged.iter().map(|each| {
        let disk = each.disk;
        let holds = describe(inventory, disk);
        let mut row = format!("  {:width$}  {}\n", disk.kname, identity(disk));
        let indent = " ".repeat(width + 4);
        row.push_str(&format!("{indent}holds {holds}\n"));
        for reason in &each.reasons {
            row.push_str(&format!("{indent}cannot be taken: {reason}\n"));
        }
        row
    });
    rows.collect()
}

/// Says which disk it is: size, model, serial number, transport.
#[must_use]
pub fn identity(disk: &Device) -> String {
    let known = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or("").to_owned();
    let (vendor, model) = (known(&disk.vendor), known(&disk.model));
    let model = if model.contains(&vendor) { model } else { format!("{vendor} {model}") };
    let model = if model.is_empty() { "unknown model".to_owned() } else { model };
    let serial =
        disk.serial.as_ref().map_or_else(|| "unknown".into(), |text| text.trim().to_owned());
    let transport =
        matcher::transport(disk).as_ref().map_or_else(|| "unknown".into(), matcher::name);
    let removable = if disk.rm { ", removable" } else { "" };
    format!("{}, {model}, serial {serial}, {transport}{removable}", Size(disk.size))
}
