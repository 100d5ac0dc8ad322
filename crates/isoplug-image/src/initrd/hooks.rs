//! Does in Rust what the known hooks of packages do: adds programs, libraries, rules and scripts.
//!
//! Each function is named after the hook whose work it does. Kernel modules are only asked for.

mod busybox;
mod crypt;
pub(super) mod disks;
mod live;
mod microcode;
mod plymouth;
mod udev;

use isoplug_formats::tree;

use super::Purpose;
use super::classes::Request;
use super::draft::{Draft, Error, unknown};
use super::known::{Hooks, Release};

/// Runs the hooks; those that fill in what is missing come after all others.
pub(super) fn run(hooks: &Hooks, purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    for (name, release) in hooks {
        run_one((name, *release), hooks, purpose, draft)?;
    }
    if hooks.contains_key("hooks/zz-busybox") {
        busybox::run(draft)?;
    }
    if let Some(release) = hooks.get("hooks/klibc-utils") {
        klibc_utils(*release, draft);
    }
    if hooks.contains_key("hooks/live") && purpose.drivers.network {
        draft.requests.push(Request::Class(super::NETWORK.to_owned()));
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn run_one(
    (name, release): (&str, Release),
    hooks: &Hooks,
    purpose: Purpose,
    draft: &mut Draft,
) -> Result<(), Error> {
    match name.strip_prefix("hooks/").unwrap_or_default() {
        "kmod" => kmod(release, purpose, draft)?,
        "udev" => udev::run(release, draft)?,
        "btrfs" => disks::btrfs(hooks, draft)?,
        "dmsetup" => disks::dmsetup(draft)?,
        "lvm2" => disks::lvm2(draft)?,
        "mdadm" => disks::mdadm(release, draft)?,
        "fuse" => disks::fuse(draft)?,
        "ntfs_3g" => disks::ntfs_3g(release, draft)?,
        "cryptroot" => crypt::cryptroot(release, hooks, purpose, draft)?,
        "cryptroot-unlock" => crypt::cryptroot_unlock(draft),
        "amd64_microcode" => microcode::amd(draft)?,
        "intel_microcode" => microcode::intel(draft)?,
        // These only do something for devices that are listed, and none is.
        "cryptgnupg" | "cryptgnupg-sc" | "cryptkeyctl" | "cryptopensc" | "cryptpassdev" => {}
        "plymouth" => plymouth::run(release, purpose, draft)?,
        "live" => live::run(release, purpose, draft)?,
        "kms" => kms(hooks, purpose, draft),
        "thermal" => thermal(purpose.arch, draft),
        "keymap" => keymap(hooks, draft)?,
        "fsck" if purpose.on_disk => disks::fsck(draft)?,
        // These look at a root file system and swap that a live system does not name; nor does one for any disk.
        "fsck" | "xfs" | "resume" => {}
        // Settings of what is done here anyway.
        "" => {}
        // They fill in what is missing after all others.
        "zz-busybox" | "klibc-utils" => {}
        _ => return Err(unknown(name, "only its own mkinitramfs can run it")),
    }
    Ok(())
}

/// Returns whether a file of settings has anything but comments.
fn says_something(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Programs of another libc, which need no libraries. Those of busybox come first.
fn klibc_utils(release: Release, draft: &mut Draft) {
    let unwanted = ["gzip", "kinit", "zcat"];
    for program in draft.named("usr/lib/klibc/bin", |name| !unwanted.contains(&name)) {
        let name = tree::file_name(&program);
        if ![&b"usr/sbin"[..], b"usr/bin"].iter().any(|folder| draft.has(tree::join(folder, name)))
        {
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
        let link = format!("usr/sbin/{name}");
        draft.copy_all(&link, &link);
    }
    draft.folder("usr/lib/modprobe.d");
    draft.copy_all("usr/lib/modprobe.d", "usr/lib/modprobe.d");
    if release == Release::Bookworm || kernel_unpacks(purpose.kernel, draft)? {
        return Ok(());
    }
    let modules = draft.below(format!("usr/lib/modules/{}", purpose.kernel));
    for (ending, library) in [(".xz", "liblzma.so.5"), (".zst", "libzstd.so.1")] {
        if modules.iter().any(|path| path.ends_with(ending.as_bytes())) {
            draft.program(format!("usr/lib/{}/{library}", draft.triplet))?;
        }
    }
    Ok(())
}

fn kernel_unpacks(kernel: &str, draft: &Draft) -> Result<bool, Error> {
    let configuration = draft.read(format!("boot/config-{kernel}"))?.unwrap_or_default();
    let configuration = String::from_utf8_lossy(&configuration);
    Ok(configuration.lines().any(|line| line == "CONFIG_MODULE_DECOMPRESS=y"))
}

/// Who types a passphrase wants a keyboard, but it is another program that sets it up.
fn keymap(hooks: &Hooks, draft: &Draft) -> Result<(), Error> {
    const PROGRAM: &str = "usr/bin/setupcon";
    match hooks.contains_key("conf-hooks.d/cryptsetup") && draft.is_file(PROGRAM) {
        true => Err(unknown(PROGRAM, "only its own mkinitramfs can set up a keyboard")),
        false => Ok(()),
    }
}

/// live-boot's drivers of graphics cards.
fn kms(hooks: &Hooks, purpose: Purpose, draft: &mut Draft) {
    if purpose.drivers.graphics.unwrap_or(hooks.contains_key("hooks/plymouth")) {
        draft.ask(&["i915", "radeon", "nouveau"]);
    }
}

fn thermal(arch: &str, draft: &mut Draft) {
    if isoplug_arch::is_pc(arch) {
        draft.ask(&["fan", "thermal"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_say_nothing() {
        assert!(!says_something(b"# <target name>\t<source device>\n\n  # more\n"));
        assert!(says_something(b"# one\nroot UUID=1 none luks\n"));
    }
}
