//! A whole installation on a recorded machine: every call in order, and what becomes of failures.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;

use isoplug_install::dialogue::Plain;
use isoplug_install::install::{self, Done, Run};
use isoplug_install::machine::Recorded;
use isoplug_install::report::Report;
use isoplug_install::{Error, Machine};
use isoplug_install_plan::{InstallPlan, OnDone};

use super::{machine, plan};

const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
pub(super) const TARGET: &str = "/run/isoplug/install/target";

/// What the tools say that make a system on an NVMe disk.
#[expect(clippy::too_many_lines, reason = "what tools say")]
pub(super) fn ready(name: &str, luks: bool) -> Recorded {
    let rows = |files: &[(&str, u32)]| {
        let rows = files.iter().map(|(file, number)| {
            format!("{{\"file\":\"/run/isoplug/install/repart.d/{file}\",\"node\":\"/dev/nvme0n1p{number}\"}}")
        });
        format!("[{}]", rows.collect::<Vec<_>>().join(","))
    };
    let repart = "run /usr/bin/systemd-repart --dry-run=no --empty=force --seed=random --json=short --no-pager --definitions=/run/isoplug/install/repart.d";
    let (repart, rows) = if luks {
        let rows = rows(&[
            ("10-bios.conf", 1),
            ("20-esp.conf", 2),
            ("30-boot.conf", 3),
            ("40-root.conf", 4),
        ]);
        (format!("{repart} --key-file=/run/isoplug/install/key /dev/nvme0n1"), rows)
    } else {
        (
            format!("{repart} /dev/nvme0n1"),
            rows(&[("10-bios.conf", 1), ("20-esp.conf", 2), ("40-root.conf", 3)]),
        )
    };
    let mut machine = machine(name).with(&repart, &rows);
    for number in 1..=4 {
        let node = format!("nvme0n1p{number}");
        machine = machine
            .with(&format!("file /sys/class/block/{node}/partition"), &number.to_string())
            .with(&format!("link /sys/class/block/{node}"), &format!("/sys/devices/nvme0n1/{node}"))
            .with(
                &format!("run /usr/sbin/blkid -p -s UUID -o value /dev/{node}"),
                &format!("uuid-{number}"),
            );
    }
    machine = machine.with("run /usr/sbin/blkid -p -s UUID -o value /dev/mapper/root", "uuid-root");
    for path in ["live/10-common.squashfs", "install/server.squashfs"] {
        machine = machine.with(&format!("digest /run/live/medium/{path}"), SHA);
    }
    for path in [
        "boot/vmlinuz-6.12.0-amd64",
        "boot/initrd.img-6.12.0-amd64",
        "var/lib/dpkg/info/grub-cloud-amd64.list",
        "boot/efi/EFI/BOOT/BOOTX64.EFI",
        "boot/efi/EFI/BOOT/grubx64.efi",
        "boot/efi/EFI/debian/shimx64.efi",
        "boot/efi/EFI/debian/grubx64.efi",
    ] {
        machine = machine.with(&format!("file {TARGET}/{path}"), "x");
    }
    let root = if luks { "uuid-root" } else { "uuid-3" };
    machine.with(
        &format!("file {TARGET}/boot/grub/grub.cfg"),
        &format!("linux /boot/vmlinuz-6.12.0-amd64 root=UUID={root} ro"),
    )
}

/// Where a report writes, for a test to read.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) fn unattended(
    machine: &Recorded,
    plan: &InstallPlan,
    key: bool,
) -> (Result<Done, Error>, String) {
    let told = Shared::default();
    let began = Cell::new(false);
    let run = Run {
        plan,
        digest: "d1",
        folder: "/plan",
        unattended: true,
        answers: None,
        keep_on_error: false,
        pause: &|| key,
        report: &|target| Report::new(target, false, Box::new(told.clone())),
        begin: &|| began.set(true),
    };
    let mut plain = Plain::new(&b""[..], Vec::new());
    let result = install::run(machine, &run, &mut plain);
    let text = String::from_utf8(told.0.borrow().clone()).unwrap();
    (result, String::from_utf8(plain.into_output()).unwrap() + &text)
}

#[test]
fn an_installation_without_questions() {
    let machine = ready("nvme-usb", false);
    let (result, told) = unattended(&machine, &plan(), false);
    assert_eq!(result.unwrap(), Done::Installed(OnDone::Poweroff));
    assert!(told.contains("It begins in 30 s. Any key stops it."), "{told}");
    assert!(
        told.contains("[1/7] Checking the medium …\n")
            && told.contains("[7/7] Looking at it again …\n"),
        "{told}"
    );
    let done = machine.done.borrow().join("\n");
    insta::assert_snapshot!(done);
}

#[test]
#[expect(clippy::too_many_lines, reason = "calls in order")]
fn an_encrypted_one_keeps_its_passphrase_out_of_arguments() {
    let secret = "open sesame";
    let text = format!("encryption = \"passphrase\"\npassphrase = \"{secret}\"\nkeymap = \"de\"\n");
    let machine = ready("nvme-usb", true)
        .with("file /run/live/medium/answers.toml", &text)
        .with(&format!("file {TARGET}/usr/bin/setupcon"), "x")
        .with("file /run/isoplug/install/keyboard/etc/default/keyboard", "XKBLAYOUT=de\n");
    let (result, _) = unattended(&machine, &plan(), false);
    result.unwrap();
    let done = machine.done.borrow();
    let with: Vec<&String> = done.iter().filter(|each| each.contains(secret)).collect();
    assert_eq!(with, ["write /run/isoplug/install/key 600\nopen sesame"]);
    assert!(done.iter().any(|each| each == "remove /run/isoplug/install/key"));
    let position = |text: &str| {
        done.iter()
            .position(|each| each.contains(text))
            .unwrap_or_else(|| panic!("{text}: {done:#?}"))
    };
    assert!(
        position("cryptsetup open --type luks2 --key-file - /dev/nvme0n1p4 root")
            < position("unsquashfs")
    );
    // 1 byte of an initrd, 3 to a multiple of 4, and the archive.
    assert!(
        position("append /run/isoplug/install/target/boot/initrd.img-6.12.0-amd64")
            > position("unsquashfs")
    );
    // 3 to a multiple of 4; then 120 and 180 for crypttab and its folder, 116, 124 and 148 for the keyboard and
    // its two folders, 124 for the end.
    let appended = done.iter().find(|each| each.starts_with("append")).unwrap();
    assert!(appended.ends_with(" 815 bytes"), "{appended}");
    assert!(position("setupcon --setup-dir /run/isoplug/install/keyboard") < position("append"));
    assert!(position("root UUID=uuid-4 none luks,discard,initramfs") > 0);
}

#[test]
fn a_key_stops_the_countdown_and_nothing_was_touched() {
    let machine = ready("nvme-usb", false);
    let (result, _) = unattended(&machine, &plan(), true);
    assert_eq!(result.unwrap_err().code(), 130);
    assert_eq!(*machine.done.borrow(), ["claim /dev/sda"]);
}

#[test]
fn the_same_is_not_installed_twice() {
    let machine = ready("installed", false);
    let (result, _) = unattended(&machine, &plan(), false);
    let Ok(Done::Already(text)) = result else { panic!("{result:?}") };
    assert!(text.starts_with("nvme0n1 has this very installation already"), "{text}");
    assert_eq!(*machine.done.borrow(), ["claim /dev/sda"]);
    // Another plan is another installation, but the rule wants an empty disk.
    let other = machine.with(
        "peek /dev/nvme0n1p2",
        "EFI/isoplug/installed = {\"image\":\"0123456789abcdef\",\"plan\":\"d2\"}",
    );
    assert_eq!(unattended(&other, &plan(), false).0.unwrap_err().code(), 3);
}

#[test]
fn no_disk_and_shared_disks_have_codes_of_their_own() {
    for (name, code, part) in [
        ("no-disk", 3, "cannot be taken: there is nothing in the drive"),
        ("two-ssds", 3, "more than one disk fits"),
        ("multipath", 3, "it is a path of a multipath device"),
    ] {
        let error = unattended(&machine(name), &plan(), false).0.unwrap_err();
        assert!(error.code() == code && error.to_string().contains(part), "{name}: {error}");
    }
    let machine = machine("raid-lvm").with(
        "file /run/live/medium/answers.toml",
        "confirm = \"countdown:1\"\n[disk]\nserial = \"PHYF001\"\nholds = \"anything\"\n",
    );
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    assert!(
        error.code() == 4 && error.to_string().contains("/dev/md0 (raid1) is on /dev/sdb, too"),
        "{error}"
    );
    assert!(machine.done.borrow().iter().all(|each| each.starts_with("claim")));
}

#[test]
fn a_disk_that_only_looks_empty_is_refused() {
    let call = "run /usr/sbin/wipefs -J -n /dev/nvme0n1";
    let machine =
        ready("nvme-usb", false).with(call, "{\"signatures\":[{\"type\":\"zfs_member\"}]}");
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    assert!(error.code() == 4 && error.to_string().contains("but holds: zfs_member"), "{error}");
    assert!(machine.read("/nothing").is_err());
}

#[test]
fn a_medium_that_is_given_up_is_let_go_of() {
    let answers = "medium = \"ok\"\n[disk]\nserial = \"4C*\"\nholds = \"anything\"\n";
    let machine = ready("toram", false).with("file /run/live/medium/answers.toml", answers);
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    // What systemd-repart says of that stick is not in the recording, but it came as far.
    assert!(error.to_string().contains("systemd-repart"), "{error}");
    assert_eq!(machine.done.borrow()[..2], ["claim /dev/sda", "lock /dev/sda"]);
}
