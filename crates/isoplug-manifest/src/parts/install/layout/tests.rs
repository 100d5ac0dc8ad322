//! What systemd-repart is told, and what becomes of each partition.

use super::*;

const PC: Machines = Machines { arch: "amd64", bios: true };

fn layout(text: &str) -> Layout {
    toml::from_str(text).unwrap()
}

fn drawn(text: &str, machines: Machines, encrypted: bool) -> String {
    let Partitioning { min_size, definitions, partitions } =
        layout(text).partitioning(machines, encrypted);
    let mut drawn = format!("least {} MiB\n", min_size >> 20);
    for (name, text) in definitions {
        let lines = text.lines().skip(1).collect::<Vec<_>>().join(" ");
        drawn += &format!("{name}: {lines}\n");
    }
    for one in partitions {
        let Partition { definition, mount, format, options, luks } = one;
        let mount = mount.unwrap_or_else(|| "none".to_owned());
        let luks = luks.map(|name| format!(" in {name}")).unwrap_or_default();
        drawn += &format!("{mount} {format} [{options}] {definition}{luks}\n");
    }
    drawn
}

#[test]
fn a_whole_disk() {
    insta::assert_snapshot!(drawn("", PC, false), @r"
    least 4611 MiB
    10-bios.conf: Type=21686148-6449-6e6f-744e-656564454649 Label=isoplug-bios SizeMinBytes=1048576 SizeMaxBytes=1048576
    20-esp.conf: Type=esp Label=isoplug-esp Format=vfat SizeMinBytes=536870912 SizeMaxBytes=536870912
    40-root.conf: Type=root-x86-64 Label=isoplug-root Format=ext4 SizeMinBytes=4294967296 Weight=1000
    /boot/efi vfat [umask=0077] 20-esp.conf
    / ext4 [errors=remount-ro] 40-root.conf
    ");
}

#[test]
fn an_encrypted_one_has_its_kernels_outside() {
    insta::assert_snapshot!(drawn("home.min = \"2GiB\"\nswap = \"1GiB\"", PC, true), @r"
    least 8755 MiB
    10-bios.conf: Type=21686148-6449-6e6f-744e-656564454649 Label=isoplug-bios SizeMinBytes=1048576 SizeMaxBytes=1048576
    20-esp.conf: Type=esp Label=isoplug-esp Format=vfat SizeMinBytes=536870912 SizeMaxBytes=536870912
    30-boot.conf: Type=xbootldr Label=isoplug-boot Format=ext4 SizeMinBytes=1073741824 SizeMaxBytes=1073741824
    40-root.conf: Type=root-x86-64 Label=isoplug-root Format=ext4 SizeMinBytes=4311744512 Weight=1000 Encrypt=key-file
    50-home.conf: Type=home Label=isoplug-home Format=ext4 SizeMinBytes=2164260864 Weight=1000 Encrypt=key-file
    90-swap.conf: Type=swap Label=isoplug-swap Format=swap SizeMinBytes=1090519040 SizeMaxBytes=1090519040 Encrypt=key-file
    /boot/efi vfat [umask=0077] 20-esp.conf
    /boot ext4 [] 30-boot.conf
    / ext4 [errors=remount-ro] 40-root.conf in root
    /home ext4 [] 50-home.conf in home
    none swap [] 90-swap.conf in swap
    ");
}

#[test]
fn subvolumes_and_further_partitions() {
    let text = "root = { format = \"btrfs\", min = \"8GiB\", subvolumes = [\"/home\", \"/var/log\"] }\n\
                partitions = [{ mount = \"/srv\", format = \"xfs\", min = \"4GiB\", weight = 0 }]";
    let arm = Machines { arch: "arm64", bios: true };
    insta::assert_snapshot!(drawn(text, arm, false), @r"
    least 12802 MiB
    20-esp.conf: Type=esp Label=isoplug-esp Format=vfat SizeMinBytes=536870912 SizeMaxBytes=536870912
    40-root.conf: Type=root-arm64 Label=isoplug-root Format=btrfs SizeMinBytes=8589934592 Weight=1000 MakeDirectories=/@ Subvolumes=/@ MakeDirectories=/@home Subvolumes=/@home MakeDirectories=/@var-log Subvolumes=/@var-log
    60-srv.conf: Type=linux-generic Label=isoplug-srv Format=xfs SizeMinBytes=4294967296 SizeMaxBytes=4294967296
    /boot/efi vfat [umask=0077] 20-esp.conf
    / btrfs [subvol=@] 40-root.conf
    /home btrfs [subvol=@home] 40-root.conf
    /var/log btrfs [subvol=@var-log] 40-root.conf
    /srv xfs [] 60-srv.conf
    ");
}
