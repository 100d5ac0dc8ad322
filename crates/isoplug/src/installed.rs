//! How a boot test gets an installed system, and what it asks it for: what the target promises, and the medium's tests
//! that are of it.

use isoplug_install_plan::{DiskMatch, Holds, INSTALLED, Size, Transport};
use isoplug_manifest::System;
use isoplug_manifest::options::Tested;
use isoplug_vm::{Attach, BootCheck, Bus, Firmware, Installation, Login, Medium, Promise};

use crate::promises;

/// Tells whether a test of the manifest is of an installed system.
pub(crate) fn is_asked_for(system: &System) -> bool {
    let tests = &system.options.tests;
    target(system).is_some() && tests.iter().any(|test| test.system == Some(Tested::Installed))
}

/// Returns the target that an installation without questions takes.
fn target(system: &System) -> Option<&System> {
    let named = system.options.install.answers.target.as_ref();
    let is_named = |target: &&System| named.is_none_or(|name| target.profile == *name);
    system.targets.iter().find(is_named)
}

/// Returns what is checked in a boot from a medium, or from the disk.
pub(crate) fn checks(system: &System, medium: Medium) -> Vec<BootCheck> {
    match (medium, target(system)) {
        (Medium::Disk, Some(target)) => of_installed(system, target),
        _ => promises::checks(system),
    }
}

fn of_installed(system: &System, target: &System) -> Vec<BootCheck> {
    let run = format!("test -s {INSTALLED} && ! test -e /run/live");
    let title = Some("it runs from the disk".to_owned());
    let first = Promise::Command { run, exit: 0, contains: None };
    let first = BootCheck { title, ..BootCheck::from(first) };
    let renamed = system.options.install.answers.hostname.is_some();
    let own = promises::checks(target);
    // Answers of the medium decide how a machine is called.
    let own = own
        .into_iter()
        .filter(|check| !(renamed && matches!(check.promise, Promise::Hostname { .. })));
    let own = own.map(|check| BootCheck { medium: Vec::new(), ..check });
    let more = promises::checks(system).into_iter().filter(|check| check.medium == [Medium::Disk]);
    [first].into_iter().chain(own).chain(more).collect()
}

/// Returns how a test gets its shell.
pub(crate) fn login(system: &System, firmware: Firmware, medium: Medium) -> Login {
    match (medium, target(system)) {
        (Medium::Disk, Some(target)) => promises::login(target, firmware, medium),
        _ => promises::login(system, firmware, medium),
    }
}

/// Returns how the disk gets its system.
pub(crate) fn installation(
    system: &System,
    firmware: Firmware,
    medium: Medium,
) -> Option<Installation> {
    if medium != Medium::Disk {
        return None;
    }
    let rule = &system.options.install.unattended.disk;
    let bus = bus(&rule.transport);
    Some(Installation {
        answers: answers(rule, bus),
        bytes: size(rule),
        attach: Attach { bus, serial: rule.serial.as_deref().map(literal), sector: None },
        beside_another: rule.holds.unwrap_or_default() == Holds::Nothing,
        login: promises::login(system, firmware, Medium::Usb),
    })
}

/// Returns the first way of connecting a disk that the rule takes and QEMU has.
fn bus(transports: &[Transport]) -> Bus {
    transports.iter().find_map(of_qemu).unwrap_or_default()
}

/// Returns how QEMU connects a disk in a way, if it can.
fn of_qemu(transport: &Transport) -> Option<Bus> {
    match transport {
        Transport::Nvme => Some(Bus::Nvme),
        Transport::Sata | Transport::Ata => Some(Bus::Sata),
        Transport::Scsi => Some(Bus::Scsi),
        Transport::Virtio => Some(Bus::Virtio),
        Transport::Usb => Some(Bus::Usb),
        Transport::Sas | Transport::Fc | Transport::Iscsi | Transport::Mmc => None,
    }
}

/// Returns the size of a disk that the rule takes, in bytes.
fn size(rule: &DiskMatch) -> u64 {
    let usual = 24 << 30;
    let least = rule.min_size.map_or(0, |Size(bytes)| bytes);
    let most = rule.max_size.map_or(u64::MAX, |Size(bytes)| bytes);
    usual.max(least).min(most) / 4096 * 4096
}

/// Returns a text that a pattern takes.
fn literal(pattern: &str) -> String {
    pattern.replace('*', "").replace('?', "0")
}

/// Returns the answers of a test: the rule stays as it is, unless QEMU has no disk that it would take.
fn answers(rule: &DiskMatch, bus: Bus) -> String {
    let mut text = "on-done = \"shell\"\nconfirm = \"countdown:1\"\n".to_owned();
    let is_asked =
        [&rule.wwn, &rule.model, &rule.vendor, &rule.path].into_iter().any(Option::is_some);
    let is_asked = is_asked || rule.removable == Some(true) || rule.rotational.is_some();
    let holds = rule.holds.unwrap_or_default();
    if is_asked || holds == Holds::ThisProduct || !takes(rule, bus) {
        text.push_str("[disk]\nmin-size = \"1GiB\"\nholds = \"nothing\"\n");
    }
    text
}

fn takes(rule: &DiskMatch, bus: Bus) -> bool {
    rule.transport.is_empty() || rule.transport.iter().any(|each| of_qemu(each) == Some(bus))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_one_that_the_rule_takes() {
        let rule = DiskMatch {
            transport: vec![Transport::Sas, Transport::Nvme, Transport::Virtio],
            serial: Some("S6?Z*".to_owned()),
            min_size: Some(Size(32 << 30)),
            ..DiskMatch::default()
        };
        let bus = bus(&rule.transport);
        assert_eq!((bus, size(&rule)), (Bus::Nvme, 32 << 30));
        assert!(isoplug_install_plan::glob_matches("S6?Z*", &literal("S6?Z*")));
        assert_eq!(answers(&rule, bus), "on-done = \"shell\"\nconfirm = \"countdown:1\"\n");
        let small = DiskMatch { max_size: Some(Size(8 << 30)), ..DiskMatch::default() };
        assert_eq!(size(&small), 8 << 30);
    }

    #[test]
    fn what_no_disk_of_qemu_is_called_is_not_asked_for() {
        let rule = DiskMatch { model: Some("Samsung*".to_owned()), ..DiskMatch::default() };
        assert!(answers(&rule, Bus::Virtio).contains("[disk]\n"));
        let rule = DiskMatch { transport: vec![Transport::Mmc], ..DiskMatch::default() };
        assert!(answers(&rule, bus(&rule.transport)).contains("[disk]\n"));
    }
}
