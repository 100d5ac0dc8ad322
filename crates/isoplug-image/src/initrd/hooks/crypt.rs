//! cryptsetup: what opens encrypted disks, for whoever does it by hand.

use isoplug_formats::tree::{self, TreePath};

use crate::initrd::Purpose;
use crate::initrd::classes::{Folder, Request};
use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::{Hooks, Release};

/// The settings of the hook itself, and the list of the devices to open.
const SETTINGS: &str = "etc/cryptsetup-initramfs/conf-hook";
const DEVICES: &str = "etc/crypttab";

/// Refuses what only a machine with encrypted disks of its own has.
fn refuse_settings(draft: &Draft) -> Result<(), Error> {
    for path in [SETTINGS, DEVICES] {
        if super::says_something(&draft.read(path)?.unwrap_or_default()) {
            return Err(unknown(path, "only its own mkinitramfs knows what to do with it"));
        }
    }
    Ok(())
}

/// The programs, all kernel modules for encryption, and a list of devices with nothing in it.
pub(super) fn cryptroot(
    release: Release,
    hooks: &Hooks,
    purpose: Purpose,
    draft: &mut Draft,
) -> Result<(), Error> {
    if !hooks.contains_key("hooks/zz-busybox") {
        return Err(unknown("usr/bin/busybox", "cryptsetup needs it in the initrd"));
    }
    refuse_settings(draft)?;
    if draft.is_file(DEVICES) {
        draft.make("cryptroot/crypttab", "");
    }
    draft.ask(&["dm_mod", "dm_crypt"]);
    ask_for_ciphers(purpose.kernel, draft);
    for program in ["sbin/cryptsetup", "sbin/dmsetup", "lib/cryptsetup/askpass"] {
        draft.program(format!("usr/{program}"))?;
    }
    if release == Release::Bookworm {
        // It uses threads, but is not linked to what says so.
        draft.programs(draft.libraries("libgcc_s.so."))?;
    }
    draft.copy("usr/lib/cryptsetup/functions", "usr/lib/cryptsetup/functions");
    Ok(())
}

fn ask_for_ciphers(kernel: &str, draft: &mut Draft) {
    let processors = draft.named(&format!("usr/lib/modules/{kernel}/kernel/arch"), |_| true);
    let name = |path: &TreePath| String::from_utf8_lossy(tree::file_name(path)).into_owned();
    let paths = processors.iter().map(|path| format!("kernel/arch/{}/crypto", name(path)));
    for path in paths.chain(["kernel/crypto".to_owned()]) {
        draft.requests.push(Request::Folder(Folder { path, ..Folder::default() }));
    }
}

/// The program that asks for passphrases from afar, and a word about it.
pub(super) fn cryptroot_unlock(draft: &mut Draft) {
    draft.copy("usr/share/cryptsetup/initramfs/bin/cryptroot-unlock", "usr/bin/cryptroot-unlock");
    if !draft.copy("etc/initramfs-tools/etc/motd", "etc/motd") {
        let text =
            "To unlock root partition, and maybe others like swap, run `cryptroot-unlock`.\n";
        draft.make("etc/motd", text);
    }
}
