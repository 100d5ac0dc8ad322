//! Builds the minimal example from the real archive, and holds what a build promises.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use isoplug_formats::squashfs::{self, NoCache, NoWatch};
use isoplug_formats::tree::{Entry, Kind, sorted_names};
use isoplug_tests::real::{self, Example, Medium, cpu_of, events, sha256, stages_that_ran};
use isoplug_tests::require;

#[test]
fn the_iso_comes_with_its_papers() {
    let _turn = real::turn();
    let built = real::minimal();
    let iso = built.iso();
    let beside = |suffix: &str| iso.with_file_name(format!("minimal-2026.11-amd64.iso.{suffix}"));
    let check = Command::new("sha256sum")
        .args(["--check", "--status"])
        .arg(beside("sha256"))
        .current_dir(iso.parent().unwrap())
        .status();
    assert!(check.unwrap().success());
    let packages = fs::read_to_string(beside("packages")).unwrap();
    assert!(packages.lines().any(|line| line.starts_with("htop ")), "{packages}");
    let sbom: serde_json::Value =
        serde_json::from_slice(&fs::read(beside("spdx.json")).unwrap()).unwrap();
    assert_eq!(sbom["spdxVersion"], "SPDX-2.3");
    let lock = fs::read_to_string(built.path("isoplug.lock")).unwrap();
    assert_eq!(fs::read_to_string(beside("lock")).unwrap(), lock);
    assert!(!lock.contains("http"), "a lock names no mirror");
}

#[test]
fn a_build_with_nothing_changed_takes_no_time() {
    let _turn = real::turn();
    let built = real::minimal();
    // Measured beside a command that reads the manifest and no more, so that a busy machine is fair.
    let (_, reading) = cpu_of(|| built.space.ok(&["check"]));
    let (stdout, building) = cpu_of(|| built.space.ok(&["build"]));
    assert!(building < 5 * reading + Duration::from_millis(100), "{building:?}, {reading:?}");
    assert_eq!(built.path(&stdout), built.iso());
    assert_eq!(stages_that_ran(&events(&built.space, &["build"])), Vec::<String>::new());
}

#[test]
fn a_changed_file_makes_only_what_holds_it() {
    let _turn = real::turn();
    let built = real::minimal();
    let before = sha256(&built.iso());
    let manifest = built.space.read("isoplug.toml");
    built.space.write("isoplug.toml", &manifest.replace("smallest image", &new_each_run("image")));
    let ran = stages_that_ran(&events(&built.space, &["build"]));
    // Nothing waits for it, so it ends at any time.
    let (looked, ran): (Vec<_>, Vec<_>) = ran.into_iter().partition(|title| title == "secrets");
    assert_eq!(looked.len(), 1);
    assert_eq!(ran.join(" "), "files live initrd inputs rootfs inventory squashfs boot iso papers");
    assert_ne!(sha256(&built.iso()), before);
    // Early cut-off and the cache bring the old bytes back.
    built.space.write("isoplug.toml", &manifest);
    assert_eq!(stages_that_ran(&events(&built.space, &["build"])), Vec::<String>::new());
    assert_eq!(sha256(&built.iso()), before);
}

#[test]
fn the_same_bytes_come_from_another_user_folder_zone_locale_and_store() {
    let _turn = real::turn();
    let built = real::minimal();
    require!(real::is_root(), "only root can become an ordinary user");
    require!(real::ordinary_user_exists(), "there is no user isoplug-test");
    let other = Example::minimal_of_ordinary_user();
    fs::copy(built.path("isoplug.lock"), other.path("isoplug.lock")).unwrap();
    // The user may not be able to reach the folder that the command was built in.
    fs::copy(isoplug_tests::space::isoplug(), other.path("isoplug")).unwrap();
    let script = format!(
        "umask 077; cd {}; export TZ=Asia/Tokyo LC_ALL=C ISOPLUG_STORE=$PWD/store; ./isoplug build -j1",
        other.path("").display(),
    );
    real::own_by_ordinary_user(&other);
    let status = Command::new("su")
        .args(["isoplug-test", "-c", &script])
        .current_dir("/")
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    assert_eq!(sha256(&other.iso()), sha256(&built.iso()));
}

#[test]
fn a_damaged_store_is_found_and_mended() {
    let _turn = real::turn();
    let built = real::minimal();
    let before = sha256(&built.iso());
    let squashfs = real::squashfs_blob(&built);
    fs::set_permissions(&squashfs, fs::Permissions::from_mode(0o644)).unwrap();
    let mut bytes = fs::read(&squashfs).unwrap();
    bytes[4096] ^= 1;
    fs::write(&squashfs, bytes).unwrap();
    // What is damaged is made again only if something needs it: change what it goes into.
    let manifest = built.space.read("isoplug.toml");
    built
        .space
        .write("isoplug.toml", &manifest.replace("ISOPLUG_MINIMAL", &new_each_run("ISOPLUG")));
    built.space.ok(&["build"]);
    built.space.write("isoplug.toml", &manifest);
    built.space.ok(&["build"]);
    assert_eq!(sha256(&built.iso()), before);
    assert!(built.space.ok(&["cache", "verify"]).is_empty());
}

#[test]
fn the_squashfs_holds_the_rootfs_entry_by_entry() {
    let _turn = real::turn();
    let built = real::minimal();
    require!(real::is_root(), "only root can mount");
    let rootfs = real::rootfs(&built);
    real::compare(&rootfs, &real::read_mounted(&real::squashfs(&built)));
}

#[test]
fn readers_that_are_not_ours_find_the_rootfs_in_the_squashfs() {
    let _turn = real::turn();
    let built = real::minimal();
    let (rootfs, image) = (real::rootfs(&built), real::squashfs(&built));
    real::compare(&rootfs, &real::read_by_unsquashfs(&image));
    real::compare(&real::as_backhand_sees(&rootfs), &real::read_by_backhand(&image));
}

/// No package of the example has capabilities or devices, so some are added to its tree.
#[test]
fn a_real_tree_with_all_that_a_tree_can_hold() {
    let _turn = real::turn();
    let built = real::minimal();
    let mut tree = real::rootfs(&built);
    let files = tree.entries.iter_mut().filter(|(_, entry)| matches!(entry.kind, Kind::File(_)));
    for (index, (_, entry)) in files.enumerate().filter(|(index, _)| index % 50 == 0) {
        // The capability of ping, revision 2 of struct vfs_cap_data, and something of a user's.
        let capability = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        entry.xattrs.insert(b"security.capability".to_vec(), capability);
        entry.xattrs.insert(b"user.number".to_vec(), index.to_string().into_bytes());
        (entry.uid, entry.mode) = (1000 + index as u32, 0o6755);
    }
    let held = tree.clone();
    for entry in tree.entries.values_mut() {
        if let Kind::HardLink(first) = &entry.kind {
            *entry = Entry { kind: entry.kind.clone(), ..held.entries[first].clone() };
        }
    }
    let new = |kind| Entry { gid: 6, ..Entry::new(kind, 0o640, 1_700_000_000) };
    tree.insert("dev/loop7", new(Kind::BlockDevice(7, 7)));
    tree.insert("dev/odd name\\", new(Kind::CharDevice(5, 1)));
    tree.insert("dev/pipe", new(Kind::Fifo));
    tree.insert("dev/socket", new(Kind::Socket));
    let image = built.path("all.squashfs");
    let options = squashfs::Options {
        codec: squashfs::Codec::Lz4,
        ..squashfs::Options::preset(squashfs::Preset::Fast, 1, 2)
    };
    let file = fs::File::create(&image).unwrap();
    squashfs::write(file, &tree, &real::packs(&built, &tree), &options, &NoCache, &NoWatch)
        .unwrap();
    real::compare(&real::as_backhand_sees(&tree), &real::read_by_backhand(&image));
    let mut plain = tree.clone();
    plain.entries.values_mut().for_each(|entry| entry.xattrs.clear());
    real::compare(&plain, &real::read_by_unsquashfs(&image));
    if real::is_root() {
        real::compare(&tree, &real::read_mounted(&image));
    }
    fs::remove_file(image).unwrap();
}

#[test]
fn a_stopped_build_goes_on_where_it_was() {
    let _turn = real::turn();
    let built = real::minimal();
    let example = Example::minimal();
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    real::vendor(&built, &example);
    let stages = [
        ("fetch 1", "INT"),
        ("base", "KILL"),
        ("packages 1", "INT"),
        ("packages 1", "KILL"),
        ("initrd", "KILL"),
        ("squashfs", "INT"),
        ("squashfs", "KILL"),
        ("iso", "KILL"),
    ];
    for (stage, signal) in stages {
        real::stop_in(&example, stage, signal);
    }
    let stdout = example.space.ok(&["build"]);
    assert_eq!(sha256(&example.path(&stdout)), sha256(&built.iso()));
    let litter = sorted_names(&example.path("store/tmp")).unwrap().len();
    assert!(litter <= 1, "{litter} folders are left in tmp");
}

/// Makes a text that no earlier run left in the shared store.
fn new_each_run(text: &str) -> String {
    format!("{text}_{}", std::process::id())
}

/// Attempt 81: what a stranger finds who has the image, or an account on the running system.
#[test]
fn the_image_has_no_open_door() {
    let _turn = real::turn();
    let built = real::minimal();
    let tree = real::rootfs(&built);
    let entry = |path: &str| tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    for path in ["etc/shadow", "etc/gshadow"] {
        let Entry { mode, uid, gid, .. } = entry(path);
        assert_eq!((*mode, *uid, *gid), (0o640, 0, 42), "{path}");
    }
    let paths = tree.entries.iter().map(|(path, entry)| (String::from_utf8_lossy(path), entry));
    let keys = |path: &str| path.starts_with("etc/ssh/ssh_host_") || path.ends_with("/random-seed");
    let is_open =
        |entry: &Entry| entry.mode & 0o1002 == 2 && !matches!(entry.kind, Kind::Symlink(_));
    for (path, entry) in paths.clone() {
        assert!(!keys(&path) && !is_open(entry), "{path}: {:o}", entry.mode);
    }
    let setuid =
        paths.filter(|(_, entry)| entry.mode & 0o6000 != 0 && entry.kind != Kind::Directory);
    let setuid: Vec<String> =
        setuid.map(|(path, entry)| format!("{path} {:o}", entry.mode)).collect();
    insta::assert_snapshot!(setuid.join("\n"), @r"
    usr/bin/chage 2755
    usr/bin/chfn 4755
    usr/bin/chsh 4755
    usr/bin/expiry 2755
    usr/bin/gpasswd 4755
    usr/bin/mount 4755
    usr/bin/newgrp 4755
    usr/bin/passwd 4755
    usr/bin/ssh-agent 2755
    usr/bin/su 4755
    usr/bin/sudo 4755
    usr/bin/umount 4755
    usr/lib/dbus-1.0/dbus-daemon-launch-helper 4754
    usr/lib/openssh/ssh-keysign 4755
    usr/sbin/unix_chkpwd 2755
    ");
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let medium = Medium::open(&built.iso());
    assert_eq!(medium.text_of_rootfs("etc/machine-id"), "");
    let shadow = medium.text_of_rootfs("etc/shadow");
    // The manifest gives one of its users a password.
    let others = shadow.lines().filter(|line| !line.starts_with("installer:$6$isoplugexample$"));
    for line in others {
        let word = line.split(':').nth(1).unwrap();
        assert!(word.starts_with(['*', '!']), "{line}");
    }
}
