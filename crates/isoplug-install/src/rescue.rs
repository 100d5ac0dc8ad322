//! Finds an installed system, opens and mounts it, and gives a shell in it.

use crate::dialogue::Ask;
use crate::inventory::{self, Device, Inventory, tree};
use crate::machine::{Call, Mount};
use crate::{Error, Machine, layout, settle};

/// Where it is mounted.
pub const RESCUED: &str = "/run/isoplug/rescue";

/// What a root file system is known by.
const KNOWN_BY: [&str; 2] = ["etc/fstab", "etc/os-release"];

/// Subvolumes that have the root: isoplug's and Ubuntu's, and that of Debian's installer. Others make it the default.
const SUBVOLUMES: [&str; 2] = ["@", "@rootfs"];

/// Kinds of file systems that can be a root.
const ROOTS: [&str; 4] = ["ext4", "ext3", "btrfs", "xfs"];

/// Mounts a system of a disk, or of any disk, and runs a shell in it.
///
/// # Errors
///
/// If none is found, or it cannot be mounted.
pub fn run(machine: &dyn Machine, disk: Option<&str>, ask: &mut dyn Ask) -> Result<(), Error> {
    // Where there are no arrays and groups these two do nothing, and that is right.
    let _ = machine.run(&Call::new("/usr/sbin/mdadm").words("--assemble --scan"));
    let _ = machine.run(&Call::new("/usr/sbin/vgchange").words("-ay"));
    unlock(machine, disk, ask)?;
    let inventory = inventory::take(machine, "")?;
    let roots = roots(machine, &inventory, disk)?;
    let root = match roots.as_slice() {
        [] => return Err(Error::NoDisk("no installed system was found".to_owned())),
        [one] => one,
        several => {
            let items: Vec<String> = several.iter().map(|each| each.title.clone()).collect();
            &several[ask.select("Which system", &items, 0)?]
        }
    };
    ask.say(&format!("{} is mounted at {RESCUED}. `exit` unmounts it.", root.title))?;
    let result = inside(machine, &inventory, root);
    machine.unmount(RESCUED).map_err(Error::file("unmount", RESCUED))?;
    result
}

/// A root file system.
struct Root {
    title: String,
    device: String,
    format: String,
    subvolume: Option<&'static str>,
    fstab: String,
}

/// Looks for the files that a root is known by, on a btrfs also in the subvolumes that installers call it.
fn known(
    machine: &dyn Machine,
    device: &str,
    format: &str,
) -> Option<([String; 2], Option<&'static str>)> {
    let subvolumes = SUBVOLUMES.iter().copied().filter(|_| format == "btrfs").map(Some);
    std::iter::once(None).chain(subvolumes).find_map(|subvolume| {
        let folder = subvolume.map(|name| format!("{name}/")).unwrap_or_default();
        let paths = KNOWN_BY.map(|name| format!("{folder}{name}"));
        let files = machine.peek(device, format, &paths.each_ref().map(String::as_str)).ok()?;
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        match files.as_slice() {
            [Some(fstab), Some(release)] => Some(([text(fstab), text(release)], subvolume)),
            _ => None,
        }
    })
}

/// Returns what of a machine is meant: a disk, or all but the medium.
fn meant<'a>(inventory: &'a Inventory, disk: Option<&str>) -> Result<Vec<&'a Device>, Error> {
    let disks = match disk {
        Some(name) => {
            let found = inventory.device(name);
            vec![found.ok_or_else(|| Error::NoDisk(format!("there is no disk {name}")))?]
        }
        None => {
            let others = inventory.devices.iter();
            others.filter(|disk| !inventory.medium.contains(&disk.kname)).collect()
        }
    };
    Ok(disks.into_iter().flat_map(tree).collect())
}

fn unlock(machine: &dyn Machine, disk: Option<&str>, ask: &mut dyn Ask) -> Result<(), Error> {
    let inventory = inventory::take(machine, "")?;
    let is_closed = |device: &&&Device| {
        device.fstype.as_deref() == Some("crypto_LUKS") && device.children.is_empty()
    };
    let devices = meant(&inventory, disk)?;
    for device in devices.iter().filter(is_closed) {
        open(machine, device, ask)?;
    }
    // A group may lie on what was opened.
    let _ = machine.run(&Call::new("/usr/sbin/vgchange").words("-ay"));
    machine.run(&Call::new("/usr/bin/udevadm").words("settle"))?;
    Ok(())
}

/// Asks until the passphrase opens it, or it is to stay closed.
fn open(machine: &dyn Machine, device: &Device, ask: &mut dyn Ask) -> Result<(), Error> {
    let question = format!("Passphrase of {} (empty: leave it closed)", device.path);
    let name = format!("rescue-{}", device.kname);
    loop {
        let passphrase = ask.secret(&question)?;
        if passphrase.is_empty() {
            return Ok(());
        }
        match layout::open(machine, &device.path, &name, &passphrase) {
            Ok(()) => return Ok(()),
            Err(error) => ask.say(&error.to_string())?,
        }
    }
}

fn roots(
    machine: &dyn Machine,
    inventory: &Inventory,
    disk: Option<&str>,
) -> Result<Vec<Root>, Error> {
    let mut found: Vec<Root> = Vec::new();
    for device in meant(inventory, disk)? {
        let Some(format) = device.fstype.as_deref().filter(|kind| ROOTS.contains(kind)) else {
            continue;
        };
        let Some(([fstab, release], subvolume)) = known(machine, &device.path, format) else {
            continue;
        };
        let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
        let name = name.unwrap_or("a system").trim_matches('"');
        let title = format!("{name} on {}", device.path);
        if found.iter().all(|root| root.device != device.path) {
            let (device, format) = (device.path.clone(), format.to_owned());
            found.push(Root { title, device, format, subvolume, fstab });
        }
    }
    Ok(found)
}

fn inside(machine: &dyn Machine, inventory: &Inventory, root: &Root) -> Result<(), Error> {
    mount(machine, (&root.device, root.subvolume), RESCUED, &root.format)?;
    for Other { source, point, format, subvolume } in others(&root.fstab) {
        let target = format!("{RESCUED}{point}");
        match by_tag(inventory, source) {
            Some(device) => mount(machine, (&device.path, subvolume), &target, format)?,
            None => continue,
        }
    }
    for folder in ["/proc", "/sys", "/dev", "/run"] {
        settle::bind(machine, folder, &format!("{RESCUED}{folder}"))?;
    }
    let mut shell = Call::inside(RESCUED, "/bin/bash").with(["-l"]);
    shell.interactive = true;
    // What the last command in it came to is not a failure of this one.
    match machine.run(&shell) {
        Err(failed) if failed.code.is_none() => Err(failed.into()),
        _ => Ok(()),
    }
}

fn mount(
    machine: &dyn Machine,
    (source, subvolume): (&str, Option<&str>),
    target: &str,
    format: &str,
) -> Result<(), Error> {
    let mount = Mount { source, target, format, subvolume, read_only: false };
    machine.mount(&mount).map_err(Error::file("mount", source))
}

/// A line of an fstab.
struct Other<'a> {
    source: &'a str,
    point: &'a str,
    format: &'a str,
    subvolume: Option<&'a str>,
}

/// Returns what else a system mounts.
fn others(fstab: &str) -> Vec<Other<'_>> {
    let lines = fstab.lines().filter(|line| !line.trim_start().starts_with('#'));
    let lines = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?, words.next()?, words.next().unwrap_or_default()))
    });
    let kinds = |kind: &str| ROOTS.contains(&kind) || kind == "vfat";
    let mut lines: Vec<Other<'_>> = lines
        .filter(|(_, point, kind, options)| {
            point.starts_with('/') && *point != "/" && kinds(kind) && !options.contains("noauto")
        })
        .map(|(source, point, format, options)| Other {
            source,
            point,
            format,
            subvolume: layout::subvolume(options),
        })
        .collect();
    lines.sort_by_key(|other| other.point);
    lines
}

fn by_tag<'a>(inventory: &'a Inventory, source: &str) -> Option<&'a Device> {
    let mut devices = inventory.devices.iter().flat_map(tree);
    match source.split_once('=') {
        Some(("UUID", uuid)) => devices.find(|each| each.uuid.as_deref() == Some(uuid)),
        Some(("LABEL", label)) => devices.find(|each| each.label.as_deref() == Some(label)),
        Some(("PARTLABEL", label)) => devices.find(|each| each.partlabel.as_deref() == Some(label)),
        _ => inventory.device(source),
    }
}
