//! From files to a system of this machine: what it mounts, what it is called, who uses it, how it starts.
//!
//! The initrd is never made anew: it is that of the target's tree, and what a machine adds is appended.

use isoplug_install_plan::{Answers, INSTALLED, TemplateFile};
use serde_json::json;

use crate::layout::Made;
use crate::machine::{Call, Mount};
use crate::{Error, Machine, TARGET};

mod cpio;
mod keymap;
mod locale;
mod texts;
mod user;

pub use cpio::cpio;
pub use texts::{crypttab, fstab, grub_settings, hostname, hosts};

/// What is known of an installation when its files are there.
pub struct Setup<'a> {
    /// Id of the image.
    pub image_id: &'a str,
    /// SHA-256 of the plan.
    pub plan_digest: &'a str,
    /// Path of the initrd in the target.
    pub initrd: &'a str,
    /// Kernel parameters of the target.
    pub kernel_parameters: &'a [String],
    /// The host name.
    pub hostname: &'a str,
    /// What was asked or answered.
    pub answers: &'a Answers,
    /// The password of the user, if a person typed it.
    pub password: Option<&'a str>,
    /// The partitions.
    pub made: &'a [Made],
}

/// Writes a file of the target.
pub(crate) fn put(machine: &dyn Machine, path: &str, text: &str, mode: u32) -> Result<(), Error> {
    let path = format!("{TARGET}{path}");
    machine.write(&path, text.as_bytes(), mode).map_err(Error::file("write", path.as_str()))
}

/// Does all of it.
///
/// # Errors
///
/// If a file cannot be written or a tool of the target fails.
pub fn settle(machine: &dyn Machine, setup: &Setup<'_>) -> Result<(), Error> {
    put(machine, "/etc/fstab", &fstab(setup.made), 0o644)?;
    put(machine, "/etc/hostname", &format!("{}\n", setup.hostname), 0o644)?;
    let old = machine.text(&format!("{TARGET}/etc/hosts")).unwrap_or_default();
    put(machine, "/etc/hosts", &hosts(&old, setup.hostname), 0o644)?;
    identity(machine)?;
    locale::settle(machine, setup.answers)?;
    let crypttab = crypttab(setup.made);
    if !crypttab.is_empty() {
        put(machine, "/etc/crypttab", &crypttab, 0o600)?;
        open_at_boot(machine, setup, &crypttab)?;
    }
    if let Some(user) = &setup.answers.user {
        user::add(machine, user, setup.password)?;
    }
    starts(machine, setup)?;
    let mark = json!({ "image": setup.image_id, "plan": setup.plan_digest });
    put(machine, INSTALLED, &format!("{mark}\n"), 0o644)
}

/// How it starts.
fn starts(machine: &dyn Machine, setup: &Setup<'_>) -> Result<(), Error> {
    let command_line = machine.text("/proc/cmdline").unwrap_or_default();
    let settings = grub_settings(setup.kernel_parameters, &command_line);
    put(machine, "/etc/default/grub.d/50-isoplug.cfg", &settings, 0o644)?;
    // Without this, initramfs-tools waits for a swap to resume from.
    if machine.exists(&format!("{TARGET}/etc/initramfs-tools")) {
        put(machine, "/etc/initramfs-tools/conf.d/isoplug-resume", "RESUME=none\n", 0o644)?;
    }
    Ok(())
}

/// What must differ from machine to machine is made at the first boot.
fn identity(machine: &dyn Machine) -> Result<(), Error> {
    put(machine, "/etc/machine-id", "", 0o444)?;
    let dbus = format!("{TARGET}/var/lib/dbus");
    if machine.exists(&dbus) {
        let path = format!("{dbus}/machine-id");
        machine.link(&path, "/etc/machine-id").map_err(Error::file("link", path.as_str()))?;
    }
    let keys = machine.list(&format!("{TARGET}/etc/ssh")).unwrap_or_default();
    for key in keys.iter().filter(|name| name.starts_with("ssh_host_")) {
        let path = format!("{TARGET}/etc/ssh/{key}");
        machine.remove(&path).map_err(Error::file("remove", path.as_str()))?;
    }
    Ok(())
}

/// Appends to the initrd what it needs to open the root file system: a second archive, which begins at a multiple of 4.
fn open_at_boot(machine: &dyn Machine, setup: &Setup<'_>, crypttab: &str) -> Result<(), Error> {
    let path = format!("{TARGET}/{}", setup.initrd);
    let length = machine.read(&path).map_err(Error::file("read", path.as_str()))?.len();
    let mut files = vec![("cryptroot/crypttab".to_owned(), crypttab.as_bytes().to_vec())];
    if setup.answers.keymap.is_some() {
        files.extend(keymap::files(machine)?);
    }
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let mut bytes = vec![0; length.next_multiple_of(4) - length];
    bytes.extend(cpio(&files));
    machine.append(&path, &bytes).map_err(Error::file("write", path.as_str()))
}

/// Shows the target what its tools need, and keeps them from starting services.
///
/// # Errors
///
/// What the kernel says.
pub fn enter(machine: &dyn Machine) -> Result<(), Error> {
    for folder in ["/proc", "/sys", "/dev", "/run"] {
        bind(machine, folder, &format!("{TARGET}{folder}"))?;
    }
    // A target that has one of its own keeps it.
    match machine.exists(&format!("{TARGET}/usr/sbin/policy-rc.d")) {
        true => Ok(()),
        false => put(machine, "/usr/sbin/policy-rc.d", NO_SERVICES, 0o755),
    }
}

/// Keeps packages from starting services in the chroot.
const NO_SERVICES: &str = "#!/bin/sh\n# Of isoplug-install.\nexit 101\n";

pub(crate) fn bind(machine: &dyn Machine, folder: &str, target: &str) -> Result<(), Error> {
    let mount = Mount { source: folder, target, format: "bind", subvolume: None, read_only: false };
    machine.mount(&mount).map_err(Error::file("mount", target))
}

/// Takes it away again.
///
/// # Errors
///
/// What the kernel says.
pub fn leave(machine: &dyn Machine) -> Result<(), Error> {
    let path = format!("{TARGET}/usr/sbin/policy-rc.d");
    if machine.text(&path).is_some_and(|text| text.trim() == NO_SERVICES.trim()) {
        machine.remove(&path).map_err(Error::file("remove", path.as_str()))?;
    }
    for folder in ["/run", "/dev", "/sys", "/proc"] {
        let target = format!("{TARGET}{folder}");
        machine.unmount(&target).map_err(Error::file("unmount", target.as_str()))?;
    }
    Ok(())
}

/// Begins a call of a tool of the target.
pub(crate) fn inside(tool: &str) -> Call {
    Call::inside(TARGET, tool)
}

/// Copies the files of a template, which lie beside the plan.
///
/// # Errors
///
/// If they are not there.
pub fn copy(machine: &dyn Machine, folder: &str, files: &[TemplateFile]) -> Result<(), Error> {
    for file in files {
        let (source, target) =
            (format!("{folder}/{}", file.source), format!("{TARGET}{}", file.target));
        let above = target.rsplit_once('/').map_or(target.as_str(), |(above, _)| above);
        machine.folder(above).map_err(Error::file("make", above))?;
        let call = Call::new("/usr/bin/cp").words("-rT --preserve=mode,timestamps,links");
        machine.run(&call.with([&source, &target]))?;
    }
    Ok(())
}
