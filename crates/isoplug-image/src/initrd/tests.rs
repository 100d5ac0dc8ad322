//! Tests with small layers.

use std::fs::File;
use std::io::Write;

use isoplug_formats::cpio;
use isoplug_formats::tree::pack::{PackWriter, Packs};

use super::kernel_modules::KernelModules;
use super::*;

/// A layer with these files and links, and its contents.
fn layer(files: &[(&str, &str)], links: &[(&str, &str)]) -> (Tree, Packs) {
    let mut pack = PackWriter::new(Vec::new());
    let pending: Vec<_> =
        files.iter().map(|file| pack.append(file.1.as_bytes()).unwrap()).collect();
    let (bytes, id, finished) = pack.finish().unwrap();
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let (mut tree, mut packs) = (Tree::default(), Packs::default());
    packs.add(id, file);
    for ((path, _), pending) in files.iter().zip(pending) {
        let entry = Entry::new(Kind::File(finished.content(pending)), 0o755, 0);
        tree.insert(path.as_bytes(), entry);
    }
    for (path, target) in links {
        tree.insert(
            path.as_bytes(),
            Entry::new(Kind::Symlink(target.as_bytes().to_vec()), 0o777, 0),
        );
    }
    (tree, packs)
}

fn names(of: &str) -> BTreeMap<String, Vec<String>> {
    let row = |row: &str| {
        let (name, more) = row.split_once(':').unwrap();
        (name.to_owned(), more.split(' ').map(str::to_owned).collect())
    };
    of.split(", ").map(row).collect()
}

const KERNEL: [(&str, &str); 6] = [
    (
        "usr/lib/modules/6.1/modules.dep",
        "kernel/fs/btrfs.ko: kernel/lib/raid6.ko kernel/lib/xor.ko\nkernel/fs/fat.ko:\n\
         kernel/fs/vfat.ko: kernel/fs/fat.ko\nkernel/lib/raid6.ko: kernel/lib/xor.ko\n\
         kernel/lib/xor.ko:\nkernel/crypto/sha256-x.ko:\nkernel/crypto/crc32c-x.ko:\n\
         kernel/drivers/vmd.ko:\n",
    ),
    (
        "usr/lib/modules/6.1/modules.alias",
        "# Aliases\nalias crypto-sha256 sha256_x\nalias fs-vfat vfat\nalias pci:v* vmd\n\
         alias crc32c crc32c_x\n",
    ),
    ("usr/lib/modules/6.1/modules.softdep", "softdep btrfs pre: crypto-sha256\n"),
    ("usr/lib/modules/6.1/modules.builtin", "kernel/drivers/nvme.ko\n"),
    (
        "usr/lib/modules/6.1/modules.devname",
        "# Nodes\nbtrfs btrfs-control c10:234\nfuse fuse c10:229\n",
    ),
    (
        "usr/lib/modules/6.1/modules.builtin.modinfo",
        "core.firmware=a.bin\0core.firmware=b/*.ucode\0",
    ),
];

#[test]
fn modules_come_with_all_that_they_need() {
    let (tree, packs) = layer(&KERNEL, &[]);
    let settings = ["softdep vfat post: xor\nsoftdep vfat pre: vmd\n".to_owned()];
    let modules = KernelModules::read(&tree, "usr/lib/modules/6.1", &packs, &settings).unwrap();
    let chosen = |wanted: &[&str]| {
        let requests: Vec<Request> = wanted.iter().map(Request::name).collect();
        let mut chosen = modules.choose(&requests).unwrap();
        modules.add_hidden(&names("nvme:vmd, fat:crc32c"), &mut chosen);
        chosen.into_iter().collect::<Vec<_>>().join(" ")
    };
    // The one named by a built-in driver always comes along.
    assert_eq!(chosen(&[]), "vmd");
    assert_eq!(chosen(&["btrfs", "none"]), "btrfs raid6 sha256_x vmd xor");
    assert_eq!(chosen(&["fs-vfat"]), "crc32c_x fat vfat vmd xor");
}

/// By its name, spelled either way, by an alias, or built in.
#[test]
fn what_the_kernel_lacks_is_named() {
    let (tree, packs) = layer(&KERNEL, &[]);
    let modules = KernelModules::read(&tree, "usr/lib/modules/6.1", &packs, &[]).unwrap();
    let has = ["btrfs", "sha256-x", "crypto-sha256", "fs-vfat", "nvme", "none", "fs-none"]
        .map(|name| modules.has(name));
    assert_eq!(has, [true, true, true, true, true, false, false]);
}

#[test]
fn lists_are_about_what_is_there() {
    let (tree, packs) = layer(&KERNEL, &[]);
    let modules = KernelModules::read(&tree, "usr/lib/modules/6.1", &packs, &[]).unwrap();
    let chosen = modules.choose(&[Request::name("btrfs")]).unwrap();
    let lists = index::lists(&modules, &chosen).unwrap();
    let text = |name: &str| String::from_utf8(lists[name].clone()).unwrap();
    assert_eq!(text("modules.devname"), "# Nodes\nbtrfs btrfs-control c10:234\n");
    assert_eq!(text("modules.alias"), "# Aliases\nalias crypto-sha256 sha256_x\n");
    assert_eq!(
        text("modules.dep"),
        "kernel/fs/btrfs.ko: kernel/lib/raid6.ko kernel/lib/xor.ko\n\
         kernel/lib/raid6.ko: kernel/lib/xor.ko\nkernel/lib/xor.ko:\nkernel/crypto/sha256-x.ko:\n"
    );
    assert_eq!(text("modules.builtin"), "kernel/drivers/nvme.ko\n");
    // Magic and version (kmod's libkmod-index.c).
    assert_eq!(lists["modules.dep.bin"][..8], [0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1]);
}

const FIRMWARE: [(&str, &str); 4] = [
    ("usr/lib/firmware/updates/a.bin.xz", "newer"),
    ("usr/lib/firmware/b/1.ucode", "one"),
    ("usr/lib/firmware/c/a.real", "other"),
    ("usr/lib/firmware/b/unasked", "two"),
];

#[test]
fn firmware_is_found_compressed_and_behind_links() {
    let files = [&KERNEL[..], &FIRMWARE].concat();
    let (tree, packs) = layer(&files, &[("usr/lib/firmware/a.bin", "c/a.real")]);
    let modules = KernelModules::read(&tree, "usr/lib/modules/6.1", &packs, &[]).unwrap();
    let found = kernel_modules::firmware(&modules, &Default::default()).unwrap();
    let expected = ["a.bin", "b/1.ucode", "updates/a.bin.xz"];
    assert_eq!(found, expected.map(|path| format!("usr/lib/firmware/{path}")).into());
    let (requests, hidden, files) = (Vec::new(), BTreeMap::new(), Tree::default());
    let selection = Selection { kernel: "6.1".into(), requests, hidden, layer: tree, files };
    let archives = finish(&selection, &packs).unwrap();
    let mut rest = Vec::new();
    archives.write_rest(&mut rest, &packs, 7).unwrap();
    let listed = cpio::list(&rest[..]).unwrap();
    let is_there = |path: &str| listed.iter().any(|entry| entry.path == path.as_bytes());
    assert!(is_there("usr/lib/firmware/a.bin") && is_there("usr/lib/firmware/c/a.real"));
    assert!(!is_there("usr/lib/firmware/b/unasked"));
}

struct NoPrograms;

impl Programs for NoPrograms {
    fn run(
        &self,
        _: &Tree,
        arguments: &[&str],
        _: &str,
    ) -> Result<BTreeMap<tree::TreePath, Vec<u8>>, Error> {
        Err(unknown(arguments[0], "nothing runs here"))
    }
}

fn selected(files: &[(&str, &str)]) -> String {
    let (tree, packs) = layer(&[&KERNEL[..], files].concat(), &[]);
    let modules = InitrdModules::default();
    let purpose = Purpose {
        on_disk: false,
        verity: false,
        kernel: "6.1",
        arch: "amd64",
        modules: &modules,
        drivers: Drivers::default(),
        programs: &NoPrograms,
    };
    match select(&tree, &packs, purpose) {
        Ok(_) => "selected".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_unknown_is_said() {
    let other = ("usr/sbin/mkinitramfs", "#!/bin/sh\n");
    insta::assert_snapshot!(selected(&[]), @"usr/sbin/mkinitramfs: there is no such file");
    insta::assert_snapshot!(selected(&[other]), @"usr/sbin/mkinitramfs: not one of the versions that isoplug knows");
}

#[test]
fn what_an_installed_system_says_of_swap_is_known() {
    let (own, text) = known::OWN;
    let refused = |files: &[(&str, &str)]| {
        let (tree, packs) = layer(files, &[]);
        known::refuse(&draft(&tree, &packs)).map_err(|error| error.to_string()).err()
    };
    assert_eq!(refused(&[(own, text)]), None);
    for files in
        [&[(own, "RESUME=auto\n")][..], &[(own, text), ("etc/initramfs-tools/conf.d/x", "")]]
    {
        assert!(refused(files).is_some_and(|error| error.contains("conf.d/")), "{files:?}");
    }
}

/// The root file system of an installed system is checked before it is mounted, by what it has for that.
#[test]
fn an_initrd_for_a_disk_checks_it() {
    let files = [("usr/sbin/fsck", "fsck"), ("usr/sbin/e2fsck", "e2fsck")];
    let (tree, packs) = layer(&files, &[("usr/sbin/fsck.ext4", "e2fsck")]);
    let mut draft = draft(&tree, &packs);
    hooks::disks::fsck(&mut draft).unwrap();
    assert!(
        draft.has("usr/sbin/fsck")
            && draft.has("usr/sbin/fsck.ext4")
            && draft.has("usr/sbin/e2fsck")
    );
    assert!(!draft.has("usr/sbin/fsck.xfs"));
}

fn draft<'a>(tree: &'a Tree, packs: &'a Packs) -> Draft<'a> {
    Draft::new(tree, packs, "x86_64-linux-gnu")
}

#[test]
fn files_behind_links_are_copied_to_where_they_are() {
    let files = [("usr/bin/kmod", "kmod"), ("usr/lib/live/boot/9990-main.sh", "main")];
    let links = [
        ("bin", "usr/bin"),
        ("lib", "usr/lib"),
        ("sbin", "usr/sbin"),
        ("usr/sbin/modprobe", "../bin/kmod"),
    ];
    let (tree, packs) = layer(&files, &links);
    let mut draft = draft(&tree, &packs);
    draft.copy_exec("/sbin/modprobe", "/sbin/modprobe").unwrap();
    draft.copy_all("lib/live/boot", "lib/live/boot");
    draft.copy_followed(b"usr/sbin/modprobe", "bin");
    assert!(!draft.copy("bin/missing", "bin/missing"));
    let kind = |path: &str| draft.tree.get(path).map(|entry| entry.kind.clone());
    assert_eq!(kind("usr/sbin/modprobe"), Some(Kind::Symlink(b"../bin/kmod".to_vec())));
    for path in ["usr/bin/kmod", "usr/lib/live/boot/9990-main.sh", "usr/bin/modprobe"] {
        assert!(matches!(kind(path), Some(Kind::File(_))), "{path}");
    }
}

#[test]
fn scripts_are_called_in_their_order() {
    let script =
        |after: &str| format!("PREREQ=\"{after}\"\ncase $1 in prereqs) echo \"$PREREQ\";; esac\n");
    let (first, second) = (script(""), script("zz"));
    let folder = "usr/share/initramfs-tools/scripts";
    let paths = ["init-top/a", "init-top/zz", "init-top/.hidden", "functions"]
        .map(|name| format!("{folder}/{name}"));
    let files =
        [(&paths[0][..], &second[..]), (&paths[1], &first), (&paths[2], "x"), (&paths[3], "x")];
    let (tree, packs) = layer(&files, &[]);
    let mut draft = draft(&tree, &packs);
    scripts::copy(&mut draft);
    scripts::order(&mut draft).unwrap();
    let order = &draft.made[&b"scripts/init-top/ORDER"[..]].bytes;
    insta::assert_snapshot!(String::from_utf8_lossy(order), @r#"
    /scripts/init-top/zz "$@"
    [ -e /conf/param.conf ] && . /conf/param.conf
    /scripts/init-top/a "$@"
    [ -e /conf/param.conf ] && . /conf/param.conf
    "#);
    assert!(draft.has("scripts/functions") && !draft.has("scripts/init-top/.hidden"));
}
