//! Looks once more at what was made, since tools that found nothing to do end well, too.

use isoplug_install_plan::Target;

use crate::inventory::Device;
use crate::layout::Made;
use crate::machine::Call;
use crate::settle::inside;
use crate::{Error, Machine, TARGET};

/// Looks at the files, while they are mounted and the target sees what it needs.
///
/// # Errors
///
/// If the system would not start.
pub fn files(machine: &dyn Machine, target: &Target, made: &[Made]) -> Result<(), Error> {
    for path in needed(target, made) {
        let path = format!("{TARGET}/{path}");
        if machine.read(&path).map_err(Error::file("read", path.as_str()))?.is_empty() {
            return Err(Error::Unexpected(format!("{path} is empty")));
        }
    }
    menu(machine, target, made)?;
    // It looks for the folders and devices that are named, so it is asked where they are.
    machine.run(&inside("/usr/bin/findmnt").words("--verify --tab-file /etc/fstab"))?;
    Ok(())
}

/// Returns the files without which the system does not start.
fn needed(target: &Target, made: &[Made]) -> Vec<String> {
    let mut needed = vec![target.kernel.image.clone(), target.kernel.initrd.clone()];
    if made.iter().any(|each| each.partition.mount.as_deref() == Some("/boot/efi")) {
        let arch = if target.architecture == "arm64" { "aa64" } else { "x64" };
        let upper = arch.to_uppercase();
        let names = [format!("BOOT/BOOT{upper}.EFI"), format!("BOOT/grub{arch}.efi")];
        needed.extend(names.map(|name| format!("boot/efi/EFI/{name}")));
        let names = [format!("debian/shim{arch}.efi"), format!("debian/grub{arch}.efi")];
        needed.extend(names.map(|name| format!("boot/efi/EFI/{name}")));
    }
    needed
}

/// Where /dev/disk/by-uuid is missing, grub-mkconfig writes names of disks that move, and says nothing.
fn menu(machine: &dyn Machine, target: &Target, made: &[Made]) -> Result<(), Error> {
    let path = format!("{TARGET}/boot/grub/grub.cfg");
    let menu = machine.read(&path).map_err(Error::file("read", path.as_str()))?;
    let menu = String::from_utf8_lossy(&menu);
    let root = made.iter().find(|each| each.partition.mount.as_deref() == Some("/"));
    let is_right = |root: &Made| {
        let by_uuid = menu.contains(&format!("root=UUID={}", root.uuid));
        let opened = root.partition.luks.as_ref();
        by_uuid || opened.is_some_and(|name| menu.contains(&format!("root=/dev/mapper/{name}")))
    };
    if !root.is_some_and(is_right) || !menu.contains(&target.kernel.version) {
        let text = "has no entry that starts this system by the UUID of its root file system";
        return Err(Error::Unexpected(format!("{path} {text}")));
    }
    Ok(())
}

/// Checks the file systems, once they are unmounted.
///
/// # Errors
///
/// If one is not clean, or the disk is still in use.
pub fn file_systems(machine: &dyn Machine, disk: &Device, made: &[Made]) -> Result<(), Error> {
    if machine.claim(&disk.path).is_none() {
        let text = "is still in use although all of it was unmounted; the log may tell by whom";
        return Err(Error::Unexpected(format!("{} {text}", disk.path)));
    }
    for each in made.iter().filter(|each| each.partition.luks.is_none()) {
        match each.partition.format.as_str() {
            "ext4" => machine.run(&Call::new("/usr/sbin/fsck.ext4").with(["-n", &each.node]))?,
            // 1: it would repair something, as the mark that it was not unmounted.
            "vfat" => machine
                .run(&Call::new("/usr/sbin/fsck.vfat").with(["-n", &each.node]).or_code(1))?,
            _ => continue,
        };
    }
    Ok(())
}
