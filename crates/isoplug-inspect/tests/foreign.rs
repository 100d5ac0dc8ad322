//! Images that other programs made: mksquashfs with each of its compressions, xorriso with its own layout.
#![cfg(test)]
#![allow(clippy::too_many_lines, reason = "a test is a story")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use isoplug_inspect::image::Image;
use isoplug_inspect::report::check;
use isoplug_inspect::squashfs::Kind;

fn ran(program: &str, arguments: &[&str]) {
    let status =
        Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{program} {arguments:?}");
}

fn write(folder: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A system with text, noise, a hole, and two names of one file.
fn system(folder: &Path) {
    write(folder, "etc/os-release", "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian 13\"\n");
    write(
        folder,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n",
    );
    write(folder, "etc/shadow", "root:!:1::::::\nuser:$y$j9T$abc$def:1::::::\n");
    write(folder, "etc/group", "sudo:x:27:user\nuser:x:1000:\n");
    write(folder, "etc/sudoers", "root ALL=(ALL) ALL\n%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n");
    write(
        folder,
        "var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
    );
    let noise: Vec<u8> =
        (0..500_000_u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    write(folder, "usr/noise", &noise);
    write(folder, "usr/text", "all work and no play\n".repeat(30_000));
    write(folder, "usr/hole", [&noise[..100], &[0; 400_000], &noise[..100]].concat());
    fs::hard_link(folder.join("usr/text"), folder.join("usr/again")).unwrap();
    symlink("usr/text", folder.join("link")).unwrap();
    fs::set_permissions(folder.join("usr/noise"), fs::Permissions::from_mode(0o4711)).unwrap();
}

#[test]
fn every_compression_of_mksquashfs_is_read() {
    if !isoplug_skip::has("mksquashfs") || !isoplug_skip::has("xorriso") {
        return;
    }
    for codec in ["gzip", "lzo", "xz", "lz4", "zstd"] {
        let folder = tempfile::tempdir().unwrap();
        let (root, medium) = (folder.path().join("root"), folder.path().join("medium"));
        system(&root);
        write(
            &medium,
            "isolinux/live.cfg",
            "LABEL live\nMENU LABEL ^Live\nLINUX /live/vmlinuz\nAPPEND initrd=/live/initrd boot=live\n",
        );
        write(&medium, "live/initrd", [0; 10]);
        let path = |path: &Path| path.display().to_string();
        let squashfs = path(&medium.join("live/filesystem.squashfs"));
        ran("mksquashfs", &[&path(&root), &squashfs, "-comp", codec, "-noappend", "-all-root"]);
        let iso = folder.path().join("x.iso");
        ran(
            "xorriso",
            &["-as", "mkisofs", "-V", "FOREIGN", "-r", "-J", "-o", &path(&iso), &path(&medium)],
        );
        let image = Image::open(&iso).unwrap();
        assert_eq!(image.unread, [""; 0], "{codec}");
        for file in ["usr/noise", "usr/text", "usr/hole", "etc/passwd"] {
            let node = image.root.find(file).unwrap_or_else(|| panic!("{codec}: {file}"));
            assert!(
                image.root.read(node).unwrap() == fs::read(root.join(file)).unwrap(),
                "{codec}: {file}"
            );
        }
        assert_eq!(image.root.find("usr/noise").unwrap().mode, 0o4711);
        assert_eq!(image.root.find("usr/again").unwrap().links, 2);
        assert_eq!(image.root.find("link").unwrap().kind, Kind::Link(b"usr/text".to_vec()));
        assert_eq!((&*image.system.name, image.packages.len()), ("Debian 13", 1));
        let user = image.users.iter().find(|user| user.name == "user").unwrap();
        assert_eq!((user.password, user.sudo, user.can_log_in()), ("yescrypt", "nopasswd", true));
        assert_eq!((&*image.medium.volume.id, &*image.menu[0].title), ("FOREIGN", "Live"));
        let faults: Vec<String> =
            check::run(&image).into_iter().flat_map(|check| check.faults).collect();
        assert_eq!(
            faults,
            ["\"Live\" in /isolinux/live.cfg names /live/vmlinuz, which is not on the medium"]
        );
    }
}

#[test]
fn an_image_that_was_cut_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.iso");
    fs::write(&path, "no image").unwrap();
    let error = Image::open(&path).unwrap_err();
    assert_eq!(error.source.to_string(), "it is not an ISO 9660 image");
}
