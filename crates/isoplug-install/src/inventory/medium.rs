//! Which disks carry the boot medium: those under all that live-boot mounted, and those that hold such an image.

use std::collections::BTreeSet;

use super::{Device, Inventory, tree};
use crate::Machine;

/// Where live-boot mounts what it needs.
const PLACES: [&str; 2] = ["/run/live/", "/lib/live/mount/"];

/// Returns the kernel names of the disks.
pub(crate) fn disks(
    machine: &dyn Machine,
    inventory: &Inventory,
    image_id: &str,
) -> BTreeSet<String> {
    let mounts = machine.text("/proc/self/mountinfo").unwrap_or_default();
    let mounts: Vec<(String, String)> = mounts.lines().filter_map(read_mount).collect();
    let is_ours = |point: &str| PLACES.iter().any(|place| point.starts_with(place));
    let ours = mounts.iter().filter(|(point, _)| is_ours(point));
    let mut walk = Walk { machine, inventory, mounts: &mounts, seen: BTreeSet::new() };
    let used: BTreeSet<String> = ours.flat_map(|(_, source)| walk.disks(source)).collect();
    let holds = inventory.devices.iter().filter(|disk| holds_image(inventory, disk, image_id));
    used.into_iter().chain(holds.map(|disk| disk.kname.clone())).collect()
}

/// Returns the mount point and the source of a line of mountinfo: proc(5).
fn read_mount(line: &str) -> Option<(String, String)> {
    let (before, after) = line.split_once(" - ")?;
    let point = before.split(' ').nth(4)?.replace("\\040", " ");
    let source = after.split(' ').nth(1)?.replace("\\040", " ");
    Some((point, source))
}

/// A medium that is not mounted any longer, as after `toram`, still has an ISO 9660 or the file with the image's id.
fn holds_image(inventory: &Inventory, disk: &Device, image_id: &str) -> bool {
    let id = format!(".isoplug/{image_id}");
    tree(disk).any(|device| {
        device.fstype.as_deref() == Some("iso9660")
            || inventory.found.get(&device.path).is_some_and(|found| found.contains_key(&id))
    })
}

/// Follows a device to the disks below it.
struct Walk<'a> {
    machine: &'a dyn Machine,
    inventory: &'a Inventory,
    mounts: &'a [(String, String)],
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    fn disks(&mut self, source: &str) -> Vec<String> {
        if !source.starts_with("/dev/") {
            return Vec::new();
        }
        let source = self.machine.resolve(source).unwrap_or_else(|_| source.to_owned());
        let name = source.rsplit('/').next().unwrap_or_default().to_owned();
        if !self.seen.insert(name.clone()) {
            return Vec::new();
        }
        let mut found = self.backing(&name);
        for slave in
            self.machine.list(&format!("/sys/class/block/{name}/slaves")).unwrap_or_default()
        {
            found.extend(self.disks(&format!("/dev/{slave}")));
        }
        // A name of /dev/mapper that was not resolved is found by its path.
        let name = self.inventory.device(&source).map_or(name, |device| device.kname.clone());
        found.extend(self.inventory.disks_below(&name).iter().map(|disk| disk.kname.clone()));
        found
    }

    /// A loop device lies on a file, which lies in what is mounted there, or on a device itself.
    fn backing(&mut self, name: &str) -> Vec<String> {
        let path = format!("/sys/class/block/{name}/loop/backing_file");
        let Some(file) = self.machine.text(&path) else { return Vec::new() };
        let file = file.trim_end_matches(" (deleted)");
        if file.starts_with("/dev/") {
            return self.disks(file);
        }
        let lies = |point: &str| {
            // The initrd's paths begin below the folder that became the root.
            [point, point.strip_prefix("/run").unwrap_or(point)].into_iter().any(|point| {
                file == point || file.starts_with(&format!("{}/", point.trim_end_matches('/')))
            })
        };
        let mounts = self.mounts.iter().filter(|(point, _)| lies(point));
        let nearest = mounts.max_by_key(|(point, _)| point.len());
        nearest
            .map(|(_, source)| source.clone())
            .map_or_else(Vec::new, |source| self.disks(&source))
    }
}
