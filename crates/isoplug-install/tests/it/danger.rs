//! What goes wrong around an installation: the power, the medium, the firmware, a full ESP. No half-made disk starts.

use isoplug_install::machine::Recorded;

use super::plan;
use super::whole::{TARGET, ready, unattended};

/// Returns all that an installation does that succeeds.
fn whole() -> Vec<String> {
    let machine = ready("nvme-usb", false).with("file /sys/firmware/efi/efivars", "");
    let machine =
        machine.with("run /usr/bin/efibootmgr -v", "BootCurrent: 0001\nBootOrder: 0001\n");
    unattended(&machine, &plan(), false).0.unwrap();
    machine.done.borrow().clone()
}

/// Tells whether a firmware finds a loader on a disk to which these calls were made.
fn starts(done: &[String]) -> bool {
    let gone = |call: &String| call.starts_with("zero ") || call.contains("wipefs -a");
    let last = done.iter().rposition(gone).map_or(0, |at| at + 1);
    done[last..].iter().any(|call| call.contains("grub-install"))
}

/// What a system relies on that somebody starts.
const RELIES_ON: [&str; 9] = [
    "install/server.squashfs",
    "/etc/fstab ",
    "/etc/hostname ",
    "/etc/machine-id ",
    "50-isoplug.cfg ",
    "/var/lib/isoplug/installed ",
    "update-grub",
    "enable_cloud",
    "/usr/bin/sync",
];

#[test]
fn whenever_the_power_goes_a_disk_that_starts_has_a_whole_system() {
    let done = whole();
    let mut bootable = 0;
    for cut in 0..=done.len() {
        let done = &done[..cut];
        if starts(done) {
            bootable += 1;
            for part in RELIES_ON {
                let is_there = done.iter().any(|call| call.contains(part));
                assert!(is_there, "cut after {cut} calls: it starts without {part}");
            }
        }
    }
    // The loaders are among the last things, and they are written.
    assert!(bootable > 2 && bootable < done.len() / 2, "{bootable} of {}", done.len());
    assert!((1..10).filter(|tenth| starts(&done[..done.len() * tenth / 10])).count() < 5);
}

/// Returns a machine on which a call fails, the one that stands at a place.
fn failing(call: &str) -> Recorded {
    ready("nvme-usb", false).with(&format!("fail {call}"), "Input/output error")
}

#[test]
fn whatever_call_fails_nothing_half_made_starts() {
    let calls: Vec<String> = whole().into_iter().filter(|call| call.starts_with("/usr/")).collect();
    let mut failed = 0;
    for call in calls {
        let machine = failing(&call);
        let (result, _) = unattended(&machine, &plan(), false);
        let Err(error) = result else { continue };
        failed += 1;
        assert!([4, 5].contains(&error.code()), "{call}: {error}");
        assert!(!starts(&machine.done.borrow()), "after {call}: {:#?}", machine.done.borrow());
    }
    assert!(failed > 10, "{failed}");
}

#[test]
fn a_medium_that_cannot_be_read_is_named_before_the_disk_is_touched() {
    let path = "/run/live/medium/install/server.squashfs";
    let machine = ready("nvme-usb", false).with(&format!("unreadable {path}"), "");
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    assert_eq!(error.code(), 5);
    insta::assert_snapshot!(error, @r"
    /run/live/medium/install/server.squashfs cannot be read, so the medium is damaged or was taken out
      because: Input/output error (os error 5)
      The disk was not touched. Write the medium again, or take another.
    ");
    assert_eq!(*machine.done.borrow(), ["claim /dev/sda"]);
}

#[test]
fn a_medium_that_fails_while_unpacking_leaves_nothing_that_starts() {
    let call = format!(
        "/usr/bin/unsquashfs -f -percentage -data-queue 128 -frag-queue 128 -d {TARGET} /run/live/medium/install/server.squashfs"
    );
    let machine = failing(&call);
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    assert!(error.code() == 5 && error.to_string().contains("Input/output error"), "{error}");
    assert_eq!(machine.done.borrow().last().unwrap(), "zero /dev/nvme0n1");
}

#[test]
fn an_esp_that_is_full_ends_the_installation_and_says_so() {
    let call = format!(
        "fail /usr/sbin/chroot {TARGET} /usr/sbin/grub-install --target=x86_64-efi --no-nvram --uefi-secure-boot --force-extra-removable --efi-directory=/boot/efi"
    );
    let said = "grub-install: error: cannot copy `grubx64.efi': No space left on device.";
    let machine = ready("nvme-usb", false).with(&call, said);
    let error = unattended(&machine, &plan(), false).0.unwrap_err();
    assert!(error.code() == 5 && error.to_string().contains("No space left on device"), "{error}");
    assert_eq!(machine.done.borrow().last().unwrap(), "zero /dev/nvme0n1");
}

#[test]
fn a_firmware_that_takes_no_entry_is_only_warned_of() {
    let add =
        "/usr/bin/efibootmgr -q -c -d /dev/nvme0n1 -p 2 -L deploy -l \\EFI\\debian\\shimx64.efi";
    for (heading, said) in [
        (format!("fail {add}"), "Could not prepare Boot variable: No space left on device"),
        (format!("fail {add}"), "Could not prepare Boot variable: Read-only file system"),
        (
            "fail /usr/bin/efibootmgr -v".to_owned(),
            "EFI variables are not supported on this system.",
        ),
    ] {
        let machine = ready("nvme-usb", false)
            .with("file /sys/firmware/efi/efivars", "")
            .with("run /usr/bin/efibootmgr -v", "BootCurrent: 0001\nBootOrder: 0001\n")
            .with(&heading, said);
        let (result, told) = unattended(&machine, &plan(), false);
        result.unwrap();
        assert!(told.contains("warning: the firmware did not take an entry"), "{heading}: {told}");
        assert!(told.contains(said), "{told}");
        assert!(starts(&machine.done.borrow()));
    }
}

#[test]
fn a_disk_that_is_too_small_is_refused_with_both_sizes() {
    let mut plan = plan();
    for layout in &mut plan.targets[0].layouts {
        for partitioning in layout.plain.iter_mut().chain(&mut layout.encrypted) {
            partitioning.min_size = 4 << 40;
        }
    }
    let error = unattended(&ready("nvme-usb", false), &plan, false).0.unwrap_err();
    assert_eq!(error.code(), 3);
    let told = error.to_string();
    for part in [
        "nvme0n1  512 GiB, Samsung SSD 990 PRO 512GB",
        "it is too small: at least 4 TiB are needed",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
