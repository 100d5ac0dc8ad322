//! Says which paths of the root filesystem an initrd is made of, beside what packages bring.
//!
//! An unrelated file that somebody adds must not make the initrd again, so only these paths count.
//! A hook that somebody adds may read anything, and then everything counts.

use isoplug_formats::tree::{Kind, TreePath};

use crate::contribute::overlay::Overlay;

/// Files, and folders with a slash at their end, that mkinitramfs and the hooks of Debian's packages
/// read. A test compares them with what is read here.
const READ: [&str; 58] = [
    "boot/",
    "etc/alternatives/",
    "etc/bcache/",
    "etc/btrfs/",
    "etc/console-setup/",
    "etc/console/",
    "etc/cryptsetup-initramfs/",
    "etc/cryptsetup-nuke-password/",
    "etc/crypttab",
    "etc/default/amd64-microcode",
    "etc/default/console-setup",
    "etc/default/cryptdisks",
    "etc/default/intel-microcode",
    "etc/default/keyboard",
    "etc/default/mdadm",
    "etc/dropbear/",
    "etc/fonts/",
    "etc/fstab",
    "etc/fstab.d/",
    "etc/hostid",
    "etc/initramfs-tools/",
    "etc/iscsi/",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d/",
    "etc/live/",
    "etc/lvm/",
    "etc/mdadm/",
    "etc/modprobe.d/",
    "etc/modules",
    "etc/modules-load.d/",
    "etc/multipath.conf",
    "etc/multipath/",
    "etc/network/interfaces",
    "etc/network/interfaces.d/",
    "etc/nsswitch.conf",
    "etc/os-release",
    "etc/overlayroot.conf",
    "etc/plymouth/",
    "etc/progress-linux_version",
    "etc/systemd/network/",
    "etc/udev/",
    "etc/vconsole.conf",
    "etc/zfs/",
    "usr/lib/console-setup/",
    "usr/lib/firmware/",
    "usr/lib/live/",
    "usr/lib/modprobe.d/",
    "usr/lib/modules-load.d/",
    "usr/lib/modules/",
    "usr/lib/os-release",
    "usr/lib/systemd/network/",
    "usr/lib/udev/",
    "usr/local/share/fonts/",
    "usr/share/cryptsetup/",
    "usr/share/fonts/",
    "usr/share/initramfs-tools/",
    "usr/share/mdadm/",
    "usr/share/plymouth/",
];

/// Folders of scripts that run when the initrd is made, and settings that are such scripts.
const SCRIPTS: [&str; 7] = [
    "etc/initramfs-tools/conf.d/",
    "etc/initramfs-tools/hooks/",
    "etc/initramfs-tools/initramfs.conf",
    "usr/share/initramfs-tools/conf-hooks.d/",
    "usr/share/initramfs-tools/conf.d/",
    "usr/share/initramfs-tools/hooks/",
    "usr/share/initramfs-tools/hook-functions",
];

/// Returns what of an overlay an initrd is made of.
pub fn inputs(mut overlay: Overlay) -> Overlay {
    let leaves = overlay.tree.entries.iter().filter(|(_, entry)| entry.kind != Kind::Directory);
    if { leaves }.any(|(path, _)| SCRIPTS.iter().any(|script| is_at(path, script))) {
        return overlay;
    }
    overlay.tree.entries.retain(|path, _| READ.iter().any(|read| is_at(path, read)));
    overlay.removed.retain(|path| READ.iter().any(|read| is_at(path, read) || holds(path, read)));
    overlay
}

/// Tells whether a path is the file, or in the folder, of a list.
fn is_at(path: &TreePath, listed: &str) -> bool {
    match listed.ends_with('/') {
        true => {
            path.starts_with(listed.as_bytes()) || listed.as_bytes() == [path, &b"/"[..]].concat()
        }
        false => path == listed.as_bytes(),
    }
}

/// Tells whether what is listed is below a path.
fn holds(path: &TreePath, listed: &str) -> bool {
    listed.as_bytes().starts_with(&[path, &b"/"[..]].concat())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use isoplug_formats::tree::{Content, Entry};

    use super::*;

    fn overlay(paths: &[&str]) -> Overlay {
        let content = Content { digest: [7; 32], size: 5, pack: [9; 32], offset: 3 };
        let mut overlay = Overlay::default();
        for path in paths {
            let file = Entry::new(Kind::File(content), 0o644, 0);
            overlay.tree.entries.insert(path.as_bytes().to_vec(), file);
        }
        overlay
    }

    fn picked(paths: &[&str]) -> Vec<String> {
        let inputs = inputs(overlay(paths));
        let paths =
            inputs.tree.entries.keys().map(|path| String::from_utf8_lossy(path).into_owned());
        paths.collect()
    }

    #[test]
    fn only_what_is_read_counts() {
        let paths =
            ["etc/motd", "etc/modprobe.d/a.conf", "etc/fstab", "etc/fstab.old", "usr/lib/x"];
        assert_eq!(picked(&paths), ["etc/fstab", "etc/modprobe.d/a.conf"]);
        assert_eq!(picked(&["etc/motd", "etc/initramfs-tools/scripts/init-top/x"]).len(), 1);
    }

    #[test]
    fn a_hook_may_read_anything() {
        let paths = ["etc/initramfs-tools/hooks/acme", "etc/acme.conf"];
        assert_eq!(picked(&paths).len(), 2);
    }

    #[test]
    fn what_is_removed_counts_if_something_that_is_read_goes_with_it() {
        let removed = ["etc", "etc/apt", "etc/lvm/lvm.conf"].map(|path| path.as_bytes().to_vec());
        let overlay = Overlay { removed: removed.to_vec(), ..Overlay::default() };
        assert_eq!(inputs(overlay).removed, [b"etc".to_vec(), b"etc/lvm/lvm.conf".to_vec()]);
    }

    fn files_in(folder: &Path) -> Vec<PathBuf> {
        let names = isoplug_formats::tree::sorted_names(folder).unwrap().into_iter();
        names.map(|name| folder.join(name)).collect()
    }

    /// Every path below `/etc` that is named where initrds are made must be in the list.
    #[test]
    fn the_list_has_all_that_is_read_here() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/initrd");
        let folders = ["", "hooks", "hooks/plymouth"].map(|below| folder.join(below));
        let mut missing = Vec::new();
        for file in folders.iter().flat_map(|folder| files_in(folder)) {
            let Ok(text) = std::fs::read_to_string(file) else { continue };
            let code = text.split("#[cfg(test)]").next().unwrap();
            let named =
                code.split('"').filter(|word| word.starts_with("etc/") && !word.contains('{'));
            // What the initrd alone has.
            let named = named.filter(|word| !["etc/mtab", "etc/motd", "etc/passwd"].contains(word));
            let is_missing = |word: &&str| {
                let path = word.trim_end_matches('/').as_bytes().to_vec();
                !READ.iter().any(|read| is_at(&path, read) || holds(&path, read))
            };
            missing.extend(named.filter(is_missing).map(str::to_owned));
        }
        assert_eq!(missing, [""; 0]);
        assert!(READ.is_sorted());
    }
}
