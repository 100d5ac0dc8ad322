//! Does in Rust what the known hooks of packages do: adds programs, libraries, rules and scripts.
//!
//! Each function is named after the hook whose work it does. Kernel modules are only asked for.

mod busybox;
mod live;
mod udev;

use super::Purpose;
use super::classes::Request;
use super::draft::{Draft, Error, unknown};
use super::known::{Hooks, Release};

/// Runs the hooks and returns the kernel modules that they ask for.
pub(super) fn run(
    hooks: &Hooks,
    purpose: Purpose,
    draft: &mut Draft,
) -> Result<Vec<Request>, Error> {
    let mut requests = Vec::new();
    let mut ask = |names: &[&str]| requests.extend(names.iter().map(Request::name));
    for (name, release) in hooks {
        match &name[..] {
            "kmod" => kmod(*release, purpose, draft)?,
            "udev" => udev::run(*release, draft)?,
            "btrfs" => btrfs(hooks, draft)?,
            "dmsetup" => ask(dmsetup(draft)?),
            "lvm2" => ask(lvm2(draft)?),
            "live" => live::run(*release, &mut ask, draft)?,
            "kms" => ask(&["i915", "radeon", "nouveau"]),
            "thermal" => ask(thermal(purpose.arch)),
            // These look at a root file system, swap and a keyboard that a live system does not name.
            "fsck" | "xfs" | "resume" | "keymap" => {}
            // They fill in what is missing after all others.
            "zz-busybox" | "klibc-utils" => {}
            _ => return Err(unknown(name, "only its own mkinitramfs can run it")),
        }
    }
    if hooks.contains_key("zz-busybox") {
        busybox::run(draft)?;
    }
    if let Some(release) = hooks.get("klibc-utils") {
        klibc_utils(*release, draft);
    }
    if hooks.contains_key("live") {
        requests.push(Request::Class("net".to_owned()));
    }
    Ok(requests)
}

/// Programs of another libc, which need no libraries. Those of busybox come first.
fn klibc_utils(release: Release, draft: &mut Draft) {
    let unwanted = ["gzip", "kinit", "zcat"];
    for program in draft.named("usr/lib/klibc/bin", |name| !unwanted.contains(&name)) {
        let name = String::from_utf8_lossy(&program).into_owned();
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        if !draft.has(format!("usr/sbin/{name}")) && !draft.has(format!("usr/bin/{name}")) {
            draft.copy_followed(&program, "usr/bin");
        }
    }
    let folder = match release {
        Release::Bookworm => "lib",
        Release::Trixie => "usr/lib",
    };
    let library = |name: &str| name.starts_with("klibc-") && name.ends_with(".so");
    for library in draft.named(folder, library) {
        draft.copy_followed(&library, "usr/lib");
    }
}

/// `kmod` and the settings of kernel modules, and what kmod unpacks them with.
fn kmod(release: Release, purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    draft.program("usr/bin/kmod")?;
    for name in ["modprobe", "rmmod"] {
        // The links as they are, in place of those that mkinitramfs made.
        draft.copy_all(&format!("usr/sbin/{name}"), &format!("usr/sbin/{name}"));
    }
    draft.folder("usr/lib/modprobe.d");
    draft.copy_all("usr/lib/modprobe.d", "usr/lib/modprobe.d");
    if release == Release::Bookworm || kernel_unpacks(purpose.kernel, draft)? {
        return Ok(());
    }
    let modules = draft.below(&format!("usr/lib/modules/{}", purpose.kernel));
    for (ending, library) in [(".xz", "liblzma.so.5"), (".zst", "libzstd.so.1")] {
        if modules.iter().any(|path| path.ends_with(ending.as_bytes())) {
            draft.program(&format!("usr/lib/{}/{library}", draft.triplet))?;
        }
    }
    Ok(())
}

fn kernel_unpacks(kernel: &str, draft: &Draft) -> Result<bool, Error> {
    let configuration = draft.read(format!("boot/config-{kernel}"))?.unwrap_or_default();
    let configuration = String::from_utf8_lossy(&configuration);
    Ok(configuration.lines().any(|line| line == "CONFIG_MODULE_DECOMPRESS=y"))
}

/// The program that finds the devices of a file system, and its rules for udev.
fn btrfs(hooks: &Hooks, draft: &mut Draft) -> Result<(), Error> {
    if !draft.is_file("usr/bin/btrfs") {
        return Ok(());
    }
    draft.program("usr/bin/btrfs")?;
    if !hooks.contains_key("fsck") {
        draft.program("usr/sbin/fsck.btrfs")?;
    }
    for name in ["64-btrfs.rules", "64-btrfs-dm.rules"] {
        for folder in ["usr/lib/udev/rules.d", "etc/udev/rules.d"] {
            let rules = format!("{folder}/{name}");
            if draft.is_file(&rules) {
                draft.folder(folder);
                draft.copy_followed(rules.as_bytes(), folder);
            }
        }
    }
    Ok(())
}

fn dmsetup(draft: &mut Draft) -> Result<&'static [&'static str], Error> {
    for name in ["55-dm.rules", "60-persistent-storage-dm.rules", "95-dm-notify.rules"] {
        required_rules(name, draft)?;
    }
    draft.program("usr/sbin/dmsetup")?;
    Ok(&["dm_mod"])
}

/// Logical volumes: the one program under its names, its settings and rules.
fn lvm2(draft: &mut Draft) -> Result<&'static [&'static str], Error> {
    draft.copy_all("etc/lvm", "etc/lvm");
    for name in ["56-lvm.rules", "69-lvm.rules"] {
        required_rules(name, draft)?;
    }
    draft.program("usr/sbin/dmsetup")?;
    draft.program("usr/sbin/lvm")?;
    draft.symlink("usr/sbin/vgchange", "lvm");
    Ok(&["dm_mod", "dm_snapshot", "dm_mirror", "dm_raid", "raid0", "raid1", "raid10", "raid456"])
}

fn required_rules(name: &str, draft: &mut Draft) -> Result<(), Error> {
    match udev::rules(name, draft) {
        true => Ok(()),
        false => Err(unknown(name, "its package has no such rules")),
    }
}

fn thermal(arch: &str) -> &'static [&'static str] {
    match arch {
        "i386" | "amd64" | "ia64" => &["fan", "thermal"],
        _ => &[],
    }
}
