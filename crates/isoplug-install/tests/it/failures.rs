//! What fails: found before the disk is touched, or undone so that nothing half-made boots.

use super::plan;
use super::whole::{TARGET, ready, unattended};

#[test]
fn a_damaged_medium_is_found_before_the_disk_is_touched() {
    let machine =
        ready("nvme-usb", false).with("digest /run/live/medium/install/server.squashfs", "00");
    let (result, _) = unattended(&machine, &plan(), false);
    let error = result.unwrap_err();
    assert!(error.code() == 5 && error.to_string().contains("The disk was not touched"), "{error}");
    assert_eq!(*machine.done.borrow(), ["claim /dev/sda"]);
}

#[test]
fn what_fails_halfway_does_not_boot() {
    let call = format!("fail /usr/sbin/chroot {TARGET} /usr/sbin/update-grub");
    let machine = ready("nvme-usb", false).with(&call, "no space left");
    let (result, _) = unattended(&machine, &plan(), false);
    let error = result.unwrap_err();
    assert!(error.code() == 5 && error.to_string().contains("no space left"), "{error}");
    let done = machine.done.borrow();
    assert_eq!(
        done[done.len() - 2..],
        [format!("unmount {TARGET}"), "zero /dev/nvme0n1".to_owned()]
    );
}

#[test]
fn a_disk_that_is_refused_at_the_last_moment_keeps_all_it_has() {
    let call = "fail /usr/sbin/wipefs -a -q /dev/nvme0n1";
    let machine = ready("nvme-usb", false).with(call, "Device or resource busy");
    let (result, _) = unattended(&machine, &plan(), false);
    assert!(result.is_err());
    assert!(
        !machine.done.borrow().iter().any(|each| each.starts_with("zero")),
        "{:?}",
        machine.done
    );
}
