//! Builds the minimal example once with many options set, and finds on its medium what they promise.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use isoplug_formats::{cpio, iso};
use isoplug_tests::real::{self, Example, Medium};
use isoplug_tests::require;

/// What is set beside what the example has.
const OPTIONS: &str = r#"extends = "isoplug:minimal"
boot = { timeout = 7, menu.text-mode = true }
iso.menu-label-prefix = "ACME "
iso.menu-label-suffix = " Live"
iso.media-check = true
iso.verity = true
initrd.modules = { available = ["nbd", "acme-none"], load = ["zram"] }
microcode = true
squashfs = { preset = "fast", compression = "gzip", level = 1 }
networking.backend = "networkd"
networking.interfaces."en*".dhcp = true
packages.debconf = [{ package = "firmware-ivtv", question = "firmware-ivtv/license/accepted", type = "boolean", value = "true" }]"#;

/// The options in the example's own lines.
const CHANGES: [(&str, &str); 4] = [
    ("extends = \"isoplug:minimal\"", OPTIONS),
    (
        "suite = \"trixie\"",
        "suite = \"trixie\"\ncomponents = [\"main\", \"non-free-firmware\", \"non-free\"]",
    ),
    ("\"htop\"]", "\"htop\", \"firmware-ivtv\"]"),
    ("{ enable = true, settings", "{ enable = true, ports = [22, 2222], settings"),
];

/// Builds it, the first time that a test asks; returns what the build said.
fn built() -> (&'static Example, &'static str) {
    static BUILT: OnceLock<(Example, String)> = OnceLock::new();
    let (example, said) = BUILT.get_or_init(|| {
        let minimal = real::minimal();
        let example = Example::minimal();
        let mut manifest = example.space.read("isoplug.toml");
        for (line, other) in CHANGES {
            assert!(manifest.contains(line), "{line}");
            manifest = manifest.replace(line, other);
        }
        example.space.write("isoplug.toml", &manifest);
        fs::copy(minimal.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
        symlink(minimal.store_path(), example.path("store")).unwrap();
        let output = example.space.command(&["build"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        (example, said)
    });
    (example, said)
}

fn on_medium(path: &str) -> Vec<u8> {
    iso::read_file(&built().0.iso(), path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_menu_looks_as_it_was_asked_for() {
    let _turn = real::turn();
    let menu = String::from_utf8(on_medium("/boot/grub/grub.cfg")).unwrap();
    assert!(menu.contains("\nset timeout=7\n"), "{menu}");
    let labels: Vec<&str> = menu.lines().filter_map(|line| line.split('\'').nth(1)).collect();
    let labels: Vec<&str> = labels.into_iter().filter(|label| label.contains("minimal")).collect();
    let expected = ["ACME minimal 2026.11 Live", "ACME minimal 2026.11 Live (safe graphics)"];
    assert_eq!(labels, expected);
    assert!(menu.contains("set screen=console") && !menu.contains("gfxterm"), "{menu}");
    // Unless it is asked for, it is drawn with graphics.
    let usual = iso::read_file(&real::minimal().iso(), "/boot/grub/grub.cfg").unwrap();
    assert!(String::from_utf8(usual).unwrap().contains("set screen=gfxterm"));
}

#[test]
fn the_initrd_has_the_modules_and_the_microcode() {
    let _turn = real::turn();
    let initrd = on_medium("/boot/initrd");
    let (mut paths, mut loads) = (Vec::new(), String::new());
    cpio::walk(&initrd[..], &mut |entry, content| {
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        if path == "conf/modules" {
            content.read_to_string(&mut loads)?;
        }
        paths.push(path);
        Ok(())
    })
    .unwrap();
    let has = |part: &str| paths.iter().any(|path| path.contains(part));
    assert!(has("/block/nbd.ko") && has("/zram/zram.ko"), "{paths:?}");
    assert_eq!(loads.lines().map(str::trim).collect::<Vec<_>>(), ["zram"]);
    assert!(has("x86/microcode/GenuineIntel.bin") && has("x86/microcode/AuthenticAMD.bin"));
    // The kernel looks for it before it can unpack anything (Linux, x86/microcode.rst).
    let at = initrd.windows(16).position(|bytes| bytes == b"GenuineIntel.bin");
    assert!(initrd.starts_with(b"070701") && at.is_some());
    let (_, said) = built();
    assert!(said.contains("`initrd.modules` names `acme-none`, which the kernel 6."), "{said}");
    assert!(!said.contains("names `nbd`") && !said.contains("names `zram`"), "{said}");
}

/// It is the image that `checkisomd5` believes, and every other reader sees the same medium.
#[test]
fn the_medium_carries_its_own_checksum() {
    require!(isoplug_skip::has("checkisomd5"), "checkisomd5 is not installed");
    let _turn = real::turn();
    let (example, _) = built();
    let checked = Command::new("checkisomd5").arg(example.iso()).status().unwrap();
    assert!(checked.success());
    let said = example.space.run(&["verify", &example.iso().display().to_string()]);
    assert!(said.starts_with("exit: 0"), "{said}");
    let said = example.space.run(&["inspect", &example.iso().display().to_string(), "--check"]);
    assert!(said.starts_with("exit: 0"), "{said}");
}

/// What mount and the kernel need for it is in the initrd, and a stranger's program believes the tree.
#[test]
fn the_root_is_checked_as_it_is_read() {
    let _turn = real::turn();
    let menu = String::from_utf8(on_medium("/boot/grub/grub.cfg")).unwrap();
    let root = String::from_utf8(on_medium("/live/filesystem.squashfs.roothash")).unwrap();
    let param = format!("dm-verity-root-hash=filesystem.squashfs:{root} ");
    assert!(menu.matches(&param).count() > 1, "{menu}");
    let mut paths = String::new();
    cpio::walk(&on_medium("/boot/initrd")[..], &mut |entry, _| {
        paths += &format!("{}\n", String::from_utf8_lossy(&entry.path));
        Ok(())
    })
    .unwrap();
    let needed = ["/libcryptsetup.so.12\n", "/libdevmapper.so.1.02.1\n", "/libjson-c.so.5\n"];
    let needed = [&needed[..], &["/dm-verity.ko", "/55-dm.rules\n", "/dmsetup\n", "bin/mount\n"]];
    for name in needed.concat() {
        assert!(paths.contains(name), "{name}: {paths}");
    }
    require!(isoplug_skip::has("veritysetup"), "veritysetup is not installed");
    let folder = tempfile::tempdir().unwrap();
    for ending in ["", ".verity"] {
        let bytes = on_medium(&format!("/live/filesystem.squashfs{ending}"));
        fs::write(folder.path().join(format!("root{ending}")), bytes).unwrap();
    }
    let mut verify = Command::new("veritysetup");
    verify.args(["verify", "root", "root.verity", &root]).current_dir(folder.path());
    assert!(verify.status().unwrap().success());
}

#[test]
fn the_squashfs_is_packed_as_it_was_asked_for() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let squashfs = squashfs();
    let said = unsquashfs(&["-s"], &squashfs, &[]);
    assert!(said.contains("Compression gzip") && said.contains("compression-level 1\n"), "{said}");
    assert!(said.contains("Block size 1048576"), "{said}");
}

#[test]
fn the_server_and_the_network_are_set_up() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let squashfs = squashfs();
    let text = |path| unsquashfs(&["-cat"], &squashfs, &[path]);
    let server = text("etc/ssh/sshd_config.d/10-isoplug.conf");
    assert!(server.starts_with("Port 22\nPort 2222\n"), "{server}");
    let network = text("etc/systemd/network/13-isoplug-en_2a.network");
    assert!(network.contains("Name=en*\n") && network.contains("DHCP=yes\n"), "{network}");
}

/// The scripts of this package fail unless the question is answered with `true`.
#[test]
fn a_licence_that_was_accepted_lets_its_package_install() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let squashfs = squashfs();
    let status = unsquashfs(&["-cat"], &squashfs, &["var/lib/dpkg/status"]);
    assert!(status.contains("Package: firmware-ivtv\nStatus: install ok installed\n"));
    let files = unsquashfs(&["-l"], &squashfs, &["usr/lib/firmware"]);
    assert!(files.contains("/v4l-cx2341x-enc.fw"), "{files}");
    let answers = unsquashfs(&["-cat"], &squashfs, &["var/cache/debconf/config.dat"]);
    let of_licence =
        answers.split("\n\n").find(|one| one.contains("Name: firmware-ivtv/license/accepted"));
    assert!(of_licence.is_some_and(|one| one.contains("\nValue: true\n")), "{answers}");
}

fn squashfs() -> std::path::PathBuf {
    let path = built().0.path("rootfs.squashfs");
    fs::write(&path, on_medium("/live/filesystem.squashfs")).unwrap();
    path
}

fn unsquashfs(before: &[&str], image: &Path, after: &[&str]) -> String {
    let output = Command::new("unsquashfs").args(before).arg(image).args(after).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
