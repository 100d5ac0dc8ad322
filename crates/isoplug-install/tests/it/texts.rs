//! The files that describe an installed machine.

use isoplug_install::layout::Made;
use isoplug_install::loader::entries;
use isoplug_install::machine::Recorded;
use isoplug_install::settle::{cpio, crypttab, fstab, grub_settings, hostname, hosts};

use super::plan;

fn made() -> Vec<Made> {
    let plan = plan();
    let partitioning = plan.targets[0].layouts[0].encrypted.clone().unwrap();
    let all = partitioning.partitions.into_iter().enumerate().map(|(at, partition)| Made {
        luks_uuid: partition.luks.as_ref().map(|_| "luks-uuid".to_owned()),
        device: "/dev/x".into(),
        node: "/dev/x".into(),
        number: 4 - u32::try_from(at).unwrap(),
        uuid: format!("uuid-{at}"),
        partition,
    });
    all.collect()
}

#[test]
fn file_systems_are_named_by_uuid() {
    assert_eq!(
        fstab(&made()),
        "# Written by isoplug-install.\nUUID=uuid-0 / ext4 errors=remount-ro 0 1\n\
         UUID=uuid-1 /boot ext4 defaults 0 2\nUUID=uuid-2 /boot/efi vfat umask=0077 0 2\n"
    );
    assert_eq!(crypttab(&made()), "root UUID=luks-uuid none luks,discard,initramfs\n");
}

#[test]
fn consoles_and_what_stands_behind_the_dashes_stay() {
    let line = "boot=live console=tty0 console=ttyS1,9600n8 quiet --- nomodeset console=tty0";
    let text = grub_settings(&["quiet".into()], line);
    assert_eq!(
        text,
        "# Written by isoplug-install.\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n\
         GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS1,9600n8 nomodeset\"\n\
         GRUB_TERMINAL=\"console serial\"\nGRUB_SERIAL_COMMAND=\"serial --unit=1 --speed=9600\"\n\
         GRUB_TIMEOUT=5\nGRUB_DISABLE_OS_PROBER=true\n"
    );
    let text = grub_settings(&["a=\"$(reboot)`\\".into()], "");
    assert!(text.contains("=\"a=\\\"\\$(reboot)\\`\\\\\"\n"), "{text}");
    assert!(text.contains("GRUB_TERMINAL=console\n"));
}

#[test]
fn a_host_name_can_say_which_machine_it_is() {
    let machine = Recorded::default()
        .with("file /sys/class/dmi/id/product_serial", "AB-12 34\n")
        .with("file /sys/class/net/lo/address", "00:00:00:00:00:00")
        .with("file /sys/class/net/eth0/address", "52:54:00:12:34:56");
    assert_eq!(hostname(&machine, "kiosk-{serial}"), "kiosk-ab1234");
    assert_eq!(hostname(&machine, "{mac}"), "525400123456");
    assert_eq!(hostname(&Recorded::default(), "k-{serial}"), "k-unknown");
    let text = hosts("127.0.0.1 localhost\n127.0.1.1 old\n::1 ip6\n10.0.0.1 nas\n", "a.b.c");
    assert_eq!(text, "127.0.0.1 localhost\n127.0.1.1 a.b.c a\n::1 ip6\n10.0.0.1 nas\n");
    let text = hosts("127.0.0.1 localhost own\n", "a");
    let right = "127.0.0.1 localhost own\n127.0.1.1 a\n::1 localhost ip6-localhost ip6-loopback\n";
    assert_eq!((text.as_str(), hosts("", "a").lines().count()), (right, 3));
}

/// The header of `newc` is read back by hand: numbers of eight hex digits, names and bytes at multiples of 4.
#[test]
#[expect(clippy::too_many_lines, reason = "a small reader")]
fn the_archive_behind_the_initrd_has_its_folder_and_file() {
    let archive = cpio(&[("cryptroot/crypttab", b"root x\n")]);
    let number = |at: usize| {
        usize::from_str_radix(std::str::from_utf8(&archive[at..at + 8]).unwrap(), 16).unwrap()
    };
    let (mut at, mut found) = (0, Vec::new());
    while at < archive.len() {
        assert_eq!(&archive[at..at + 6], b"070701");
        let (mode, size, name) = (number(at + 14), number(at + 54), number(at + 94));
        let begin = at + 110;
        let text = String::from_utf8(archive[begin..begin + name - 1].to_vec()).unwrap();
        let data = (begin + name).next_multiple_of(4);
        found.push((text, mode, archive[data..data + size].to_vec()));
        at = (data + size).next_multiple_of(4);
    }
    let names: Vec<(&str, usize)> =
        found.iter().map(|(name, mode, _)| (name.as_str(), *mode)).collect();
    assert_eq!(
        names,
        [("cryptroot", 0o40755), ("cryptroot/crypttab", 0o100600), ("TRAILER!!!", 0)]
    );
    assert_eq!(found[1].2, b"root x\n");
}

#[test]
fn entries_of_the_firmware_are_read() {
    let text = "BootCurrent: 0001\nTimeout: 3 seconds\nBootOrder: 0001,0000,0003\n\
        Boot0000* UiApp\tFvVol(7cb8)/FvFile(462c)\nBoot0001* UEFI QEMU USB\tPciRoot(0x0)/USB(0,0)\n\
        Boot0003* deploy\tHD(2,GPT,AAAA-BBBB,0x1000,0x100000)/File(\\EFI\\debian\\shimx64.efi)\n";
    let all = entries(text);
    assert_eq!((all.current.as_deref(), all.order.len(), all.entries.len()), (Some("0001"), 3, 3));
    assert_eq!(all.entries[2].partition.as_deref(), Some("aaaa-bbbb"));
    assert_eq!(
        (all.entries[1].label.as_str(), &all.entries[1].partition),
        ("UEFI QEMU USB", &None)
    );
}
