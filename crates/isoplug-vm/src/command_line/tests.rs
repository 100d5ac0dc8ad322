//! The command line of each kind of machine, as a snapshot.

use super::*;
use crate::{Attach, Firmware, Forward};

fn line(machine: &Machine, accelerator: Accelerator, ports: Ports<'_>) -> String {
    let smm = machine.firmware == Firmware::SecureBoot && machine.arch == Arch::Amd64;
    let firmware = FirmwareFiles {
        code: "/f/CODE.fd".into(),
        variables: "/run/VARS.fd".into(),
        format: DiskFormat::Raw,
        smm,
    };
    let qemu = PathBuf::from(format!("qemu-system-{}", machine.arch.qemu_name()));
    let firmware = (machine.firmware != Firmware::Bios).then_some(firmware);
    let credentials = &[("agetty.autologin".to_owned(), "root,x".to_owned())];
    let iso = Path::new("/a,b.iso");
    let parts = Parts { qemu, iso, firmware, accelerator, ports, credentials };
    CommandLine::new(machine, &parts).to_string()
}

#[test]
fn a_credential_of_lines_goes_through_a_table_of_single_lines() {
    let machine = Machine::new(Arch::Amd64, Firmware::Bios, Medium::Cd);
    let credentials = crate::login::Way::Autologin.credentials("ttyS0");
    let parts = Parts {
        qemu: "qemu".into(),
        iso: Path::new("/a.iso"),
        firmware: None,
        accelerator: Accelerator::Tcg,
        ports: sockets(),
        credentials: &credentials,
    };
    let line = CommandLine::new(&machine, &parts).to_string();
    let wait = "io.systemd.credential.binary:systemd.unit-dropin.dev-ttyS0.device=\
                W1VuaXRdCkpvYlJ1bm5pbmdUaW1lb3V0U2VjPWluZmluaXR5Cg==";
    assert!(line.contains(wait), "{line}");
    assert!(line.contains("type=11,value=io.systemd.credential:getty.ttys.serial=ttyS0"), "{line}");
}

fn sockets() -> Ports<'static> {
    Ports::Sockets {
        serial: Path::new("/run/serial"),
        qmp: Path::new("/run/qmp"),
        firmware_log: Path::new("/run/firmware.log"),
    }
}

#[test]
fn bios_from_cd_in_a_test() {
    let machine = Machine::new(Arch::Amd64, Firmware::Bios, Medium::Cd);
    insta::assert_snapshot!(line(&machine, Accelerator::Tcg, sockets()));
}

#[test]
fn secure_boot_from_usb_in_a_test() {
    let machine = Machine::new(Arch::Amd64, Firmware::SecureBoot, Medium::Usb);
    insta::assert_snapshot!(line(&machine, Accelerator::Kvm, sockets()));
}

#[test]
fn arm64_from_cd_in_a_test() {
    let machine = Machine::new(Arch::Arm64, Firmware::Uefi, Medium::Cd);
    insta::assert_snapshot!(line(&machine, Accelerator::Tcg, sockets()));
}

#[test]
fn a_window_with_disks_and_ports_for_a_person() {
    let mut machine = Machine::new(Arch::Amd64, Firmware::Uefi, Medium::Usb);
    machine.display = Display::Gtk;
    machine.memory = 4096;
    let forward = vec![Forward { host: 2222, guest: 22 }, Forward { host: 8080, guest: 80 }];
    machine.network = Network::User { isolated: false, forward };
    machine.disks = vec![
        Disk {
            path: "/d/one.qcow2".into(),
            format: DiskFormat::Qcow2,
            snapshot: false,
            attach: Attach::default(),
        },
        Disk {
            path: "/d/two".into(),
            format: DiskFormat::Raw,
            snapshot: false,
            attach: Attach::default(),
        },
    ];
    insta::assert_snapshot!(line(&machine, Accelerator::Kvm, Ports::Window));
}

#[test]
fn a_folder_is_shared_as_it_was_asked_for() {
    let mut machine = Machine::new(Arch::Amd64, Firmware::Bios, Medium::Cd);
    let line = |machine: &Machine| line(machine, Accelerator::Kvm, Ports::Terminal);
    assert!(!line(&machine).contains("9p"), "nothing of the host is there unasked");
    machine.share = Some(Share { path: "/my,files".into(), writable: false });
    machine.disks = vec![Disk {
        path: "/d".into(),
        format: DiskFormat::Raw,
        snapshot: true,
        attach: Attach::default(),
    }];
    let shared = line(&machine);
    assert!(
        shared.contains("-fsdev local,id=share,security_model=none,readonly=on,path=/my,,files")
    );
    assert!(shared.contains("-device virtio-9p-pci,fsdev=share,mount_tag=share"), "{shared}");
    assert!(shared.contains("id=disk0,snapshot=on,format=raw,file=/d"), "{shared}");
    let share = Share { path: "/x".into(), writable: true };
    assert_eq!(share.fstab(), "share /mnt/share 9p trans=virtio,version=9p2000.L,rw,nofail 0 0");
    machine.share = Some(share);
    assert!(line(&machine).contains("security_model=none,path=/x"), "{machine:?}");
}

#[test]
fn a_terminal_without_network() {
    let mut machine = Machine::new(Arch::Arm64, Firmware::Uefi, Medium::Usb);
    machine.network = Network::None;
    insta::assert_snapshot!(line(&machine, Accelerator::Kvm, Ports::Terminal));
}
