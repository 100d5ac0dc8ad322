//! Excerpts of recorded serial logs, and what they mean.

use super::*;

/// A boot that came up, with all the escape sequences of GRUB and systemd.
const HEALTHY: &str = "\u{1b}[H\u{1b}[J\u{1b}[1;1H\u{1b}[?25l\u{1b}[m\u{1b}[2;25HGNU GRUB  version \
2.12-9+deb13u2\r\n\u{1b}[7m\u{1b}[5;3H*Live\u{1b}[m\u{1b}[1;1H  Booting `Live'\r\n\
[    0.000000] Linux version 6.12.107+deb13-amd64 (debian-kernel@lists.debian.org)\r\n\
[    3.161514] RAS: Correctable Errors collector initialized.\r\n\
[\u{1b}[0;32m  OK  \u{1b}[0m] Started \u{1b}[0;1;39mserial-getty@ttyS0.service\u{1b}[0m - Serial \
Getty on ttyS0.\r\n\u{1b}[!p\u{1b}]104\u{1b}\\\u{1b}[?7h\u{1b}[6n\u{1b}[32766;32766H\u{1b}[6n\
vmtest login: root (automatic login)\r\n";

#[test]
fn a_healthy_boot_has_no_trouble() {
    let text = plain(HEALTHY);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    GNU GRUB  version 2.12-9+deb13u2
    *Live
    Booting `Live'
    [    0.000000] Linux version 6.12.107+deb13-amd64 (debian-kernel@lists.debian.org)
    [    3.161514] RAS: Correctable Errors collector initialized.
    [  OK  ] Started serial-getty@ttyS0.service - Serial Getty on ttyS0.
    vmtest login: root (automatic login)
    "#);
    assert_eq!(fatal(&text), None);
    assert_eq!(explain(&text), Trouble::new(TroubleKind::TimeoutWithOutput));
}

const RECORDED: [&str; 16] = [
    "[    1.7] Run /init as init process\n[    1.742000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200\n[    1.75] CPU: 0 PID: 1",
    "[    1.2] VFS: Cannot open root device\n[    1.3] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    "BdsDxe: starting Boot0001\n\u{1b}[18;02H\u{fffd}\u{fffd}\u{1b}[20;02H\u{fffd}      Verification  failed: (0x1A) Security Violation     \u{fffd}\u{1b}[21;02H",
    "error: bad shim signature.\nerror: you need to load the kernel first.\n\nPress any key to continue...",
    "Begin: Running /scripts/live-premount ... done.\n(initramfs) Unable to find a medium containing a live file system\nAttempt interactive rescue shell from a safe TTY",
    "BusyBox v1.37.0 (Debian 1:1.37.0-6) built-in shell (ash)\nEnter 'help' for a list of built-in commands.\n\n(initramfs) ",
    "You are in emergency mode. After logging in, type \"journalctl -xb\" to view\n\nCannot open access to console, the root account is locked.",
    "error: no such device: /.isoplug/x.\nEntering rescue mode...\ngrub rescue> ",
    "error: file `/boot/vmlinuz' not found.\nerror: you need to load the kernel first.\n",
    "UEFI Interactive Shell v2.2\nEDK II\nShell> ",
    "Booting from DVD/CD...\nBoot failed: Could not read from CDROM (code 0003)\nNo bootable device.\n",
    "BdsDxe: loading Boot0001 \"UEFI QEMU QEMU USB HARDDRIVE\"\nBdsDxe: failed to load Boot0001 \"UEFI QEMU QEMU USB HARDDRIVE\" from PciRoot(0x0): Not Found",
    "BdsDxe: failed to load Boot0002 \"UEFI QEMU DVD-ROM QM00001 \" from PciRoot(0x0): Access Denied",
    "error: harmless\n[    0.000000] Linux version 6.12\n[   90.1] waiting",
    "[    0.000000] Linux version 6.12\nBegin: Running /scripts/live-premount ... done.\n[   15.1] sd 2:0:0:0: [sda] Attached SCSI disk",
    "  \n",
];

#[test]
fn recorded_failures_are_told_plainly() {
    let told: Vec<String> = RECORDED.iter().map(|log| explain(&plain(log)).to_string()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    the kernel panicked ("[ 1.742000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200")
    the kernel panicked ("[ 1.3] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)")
    Secure Boot refused to run something unsigned or altered ("Verification failed: (0x1A) Security Violation")
    Secure Boot refused to run something unsigned or altered ("error: bad shim signature.")
    the initrd did not find the live medium ("(initramfs) Unable to find a medium containing a live file system")
    the initrd gave up and opened a shell ("(initramfs)")
    systemd could not start the system and stopped in emergency mode ("You are in emergency mode. After logging in, type "journalctl -xb" to view")
    GRUB could not follow its menu ("grub rescue>")
    GRUB could not follow its menu ("error: file `/boot/vmlinuz' not found.")
    the firmware found nothing to boot and opened its shell ("UEFI Interactive Shell v2.2")
    the firmware found nothing to boot on the medium ("No bootable device.")
    the firmware found nothing to boot on the medium ("BdsDxe: failed to load Boot0001 "UEFI QEMU QEMU USB HARDDRIVE" from PciRoot(0x0): Not Found")
    Secure Boot refused to run something unsigned or altered ("BdsDxe: failed to load Boot0002 "UEFI QEMU DVD-ROM QM00001 " from PciRoot(0x0): Access Denied")
    no shell appeared on the serial port in time
    the initrd did not find the live medium ("live-boot is still searching")
    nothing appeared on the serial port in time; the image needs console=ttyS0 (arm64: ttyAMA0) in boot.kernel-params to show more
    "#);
}

#[test]
fn complaints_that_may_pass_end_nothing() {
    assert_eq!(fatal("error: no suitable video mode found.\nBooting in blind mode"), None);
    assert_eq!(fatal("BdsDxe: failed to load Boot0001 \"UEFI QEMU\": Not Found"), None);
}

#[test]
fn plain_survives_anything() {
    assert_eq!(plain("a\u{1b}"), "a");
    assert_eq!(plain("a\u{1b}["), "a");
    assert_eq!(plain("a\u{1b}]0;title\u{7}b\u{1b}(Bc\u{7}\u{1b}=d"), "abcd");
}

/// systemd waits 90 s of the guest's clock for the port, however slowly the guest is emulated.
#[test]
fn a_port_that_came_too_late_fails_no_image() {
    let text = plain(
        "[    0.0] Linux version 6.12\r\n[\u{1b}[0;1;31m TIME \u{1b}[0m] Timed out waiting for \
         device \u{1b}[0;1;39mdev-ttyS0.device\u{1b}[0m - /dev/ttyS0.\r\n",
    );
    let trouble = fatal(&text).unwrap();
    assert_eq!(trouble.kind, TroubleKind::PortTooLate);
    assert!(trouble.kind.is_of_the_host());
    assert_eq!(fatal("Timed out waiting for device dev-disk-by\\x2dlabel-data.device"), None);
}
