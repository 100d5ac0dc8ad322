//! live-boot: the scripts that find the medium and mount the root, and all that these may call.

use isoplug_formats::tree;

use crate::initrd::draft::{Draft, Error, unknown};
use crate::initrd::known::Release;
use crate::initrd::{Purpose, VERITY_LIBRARY};

const SINCE_TRIXIE: [&str; 4] = ["exfat", "of_pmem", "nd_pmem", "nfit"];

const KERNEL_MODULES: [&str; 26] = [
    "btrfs",
    "ext3",
    "ext4",
    "hfs",
    "hfsplus",
    "jffs2",
    "loop",
    "squashfs",
    "sqlzma",
    "unlzma",
    "aufs",
    "overlay",
    "nls_cp437",
    "nls_iso8859-1",
    "nls_utf8",
    "nls_ascii",
    "vfat",
    "ntfs",
    "dm-verity",
    "ide-cd",
    "ide-generic",
    "ohci1394",
    "sbp2",
    "sr_mod",
    "sd_mod",
    "fuse",
];

/// Programs that come along if they are installed: where they are, where they go, and the kernel
/// modules that go with them.
const PROGRAMS: [(&str, &str, &[&str]); 12] = [
    ("usr/sbin/mount.cifs", "usr/sbin/mount.cifs", &["cifs"]),
    ("usr/bin/rsync", "usr/bin/rsync", &[]),
    ("usr/sbin/losetup", "usr/sbin/losetup", &[]),
    ("usr/bin/mount", "usr/bin/mount", &[]),
    ("usr/bin/eject", "usr/bin/eject", &[]),
    ("usr/bin/md5sum", "usr/bin/md5sum", &[]),
    ("usr/bin/memdiskfind", "usr/bin/memdiskfind", &["phram", "mtdblock"]),
    ("usr/bin/udevadm", "usr/bin/udevadm", &[]),
    ("usr/sbin/blockdev", "usr/sbin/blockdev", &[]),
    ("usr/bin/httpfs2_ssl", "usr/bin/httpfs", &[]),
    ("usr/bin/curlftpfs", "usr/bin/curlftpfs", &[]),
    ("usr/sbin/iscsistart", "usr/bin/iscsistart", &["iscsi_tcp", "crc32c"]),
];

pub(super) fn run(release: Release, purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    if !draft.is_file("usr/bin/live-boot") {
        return Err(unknown("usr/bin/live-boot", "live-boot-initramfs-tools is there without it"));
    }
    draft.copy_all("usr/bin/live-boot", "usr/bin/live-boot");
    draft.copy_all("usr/lib/live/boot", "usr/lib/live/boot");
    draft.folder("etc/live");
    draft.copy_all("etc/live/boot", "etc/live/boot");
    old_libraries(draft);
    draft.programs(draft.named("usr/lib/udev", |name| name.ends_with("_id")))?;
    super::udev::rules("60-cdrom_id.rules", draft);
    draft.ask(&KERNEL_MODULES);
    if release == Release::Trixie {
        draft.ask(&SINCE_TRIXIE);
    }
    programs(purpose, draft)?;
    keymap(draft)?;
    draft.programs(names_of_hosts(draft))?;
    draft.make("etc/nsswitch.conf", "hosts: files dns\n");
    Ok(())
}

fn programs(purpose: Purpose, draft: &mut Draft) -> Result<(), Error> {
    for (source, target, modules) in PROGRAMS {
        if draft.is_file(source) {
            draft.copy_exec(source, target)?;
            draft.ask(modules);
        }
    }
    if purpose.verity {
        draft.programs(draft.libraries(VERITY_LIBRARY))?;
    }
    if draft.is_file("usr/bin/httpfs2") {
        draft.copy_exec("usr/bin/httpfs2", "usr/bin/httpfs")?;
    }
    Ok(())
}

/// Libraries from before there was a folder for each architecture.
fn old_libraries(draft: &mut Draft) {
    let names = ["libacl", "libblkid", "libuuid", "libdevmapper", "libattr"];
    let is_wanted = |name: &str| names.iter().any(|wanted| name.starts_with(wanted));
    for path in draft.named("usr/lib", is_wanted) {
        draft.copy_all(&path, &path);
    }
}

/// The keys for whoever types a passphrase.
fn keymap(draft: &mut Draft) -> Result<(), Error> {
    let keys = "etc/console/boottime.kmap.gz";
    if draft.is_file("usr/bin/loadkeys") && draft.is_file(keys) {
        draft.program("usr/bin/loadkeys")?;
        draft.copy_followed(keys.as_bytes(), "etc");
    }
    Ok(())
}

/// The libraries that look up hosts, which are loaded by name.
fn names_of_hosts(draft: &Draft) -> Vec<tree::TreePath> {
    let mut paths = draft.below("usr/lib");
    paths.retain(|path| {
        let name = tree::file_name(path);
        name.starts_with(b"libnss_dns.so.") || name.starts_with(b"libnss_files.so.")
    });
    paths
}
