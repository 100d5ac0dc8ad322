//! Looks once more at what was made, since tools that found nothing to do end well, too.

use isoplug_install_plan::Target;

use crate::layout::Made;
use crate::machine::Call;
use crate::{Error, Machine, TARGET};

/// Looks at the files, while they are mounted.
///
/// # Errors
///
/// If the system would not start.
pub fn files(machine: &dyn Machine, target: &Target, made: &[Made]) -> Result<(), Error> {
    let mut needed = vec![target.kernel.image.clone(), target.kernel.initrd.clone()];
    if made.iter().any(|each| each.partition.mount.as_deref() == Some("/boot/efi")) {
        let arch = if target.architecture == "arm64" { "aa64" } else { "x64" };
        let upper = arch.to_uppercase();
        let esp = "boot/efi/EFI";
        needed.extend([
            format!("{esp}/BOOT/BOOT{upper}.EFI"),
            format!("{esp}/BOOT/grub{arch}.efi"),
            format!("{esp}/debian/shim{arch}.efi"),
            format!("{esp}/debian/grub{arch}.efi"),
        ]);
    }
    for path in &needed {
        let path = format!("{TARGET}/{path}");
        if machine.read(&path).map_err(Error::file("read", path.as_str()))?.is_empty() {
            return Err(Error::Unexpected(format!("{path} is empty")));
        }
    }
    menu(machine, target, made)?;
    let table = format!("{TARGET}/etc/fstab");
    // It looks for folders of the live system, and complains of those that only the target has.
    machine.run(
        &Call::new("/usr/bin/findmnt").words("--verify --tab-file").with([table]).or_code(1),
    )?;
    machine.run(&Call::new("/usr/bin/sync").with(["-f", TARGET]))?;
    Ok(())
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
/// If one is not clean.
pub fn file_systems(machine: &dyn Machine, made: &[Made]) -> Result<(), Error> {
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
