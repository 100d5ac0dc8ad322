//! A root on btrfs: its subvolumes are mounted by their names, when it is made and when it is rescued.

use isoplug_install::dialogue::Plain;
use isoplug_install::layout::{self, Made};
use isoplug_install::machine::Recorded;
use isoplug_install::rescue;
use isoplug_install_plan::Partition;

const LSBLK: &str = r#"{"blockdevices": [{"name": "vda", "kname": "vda", "path": "/dev/vda", "type": "disk", "size": 21474836480,
    "children": [{"name": "vda3", "kname": "vda3", "path": "/dev/vda3", "type": "part", "fstype": "btrfs", "uuid": "u-1"}]}]}"#;

fn machine() -> Recorded {
    Recorded::new("").with("run /usr/bin/lsblk -J -b -O", LSBLK)
}

fn mounts(machine: &Recorded) -> Vec<String> {
    let done = machine.done.borrow();
    let mounts = done.iter().filter_map(|each| each.strip_prefix("mount "));
    mounts.filter(|each| !each.ends_with(" bind")).map(str::to_owned).collect()
}

fn made(mount: &str, options: &str) -> Made {
    let partition = Partition {
        definition: "40-root.conf".into(),
        mount: Some(mount.into()),
        format: "btrfs".into(),
        options: options.into(),
        luks: None,
    };
    let (node, device, uuid) = ("/dev/vda3".into(), "/dev/vda3".into(), "u-1".into());
    Made { partition, node, number: 3, luks_uuid: None, device, uuid }
}

#[test]
fn each_place_gets_its_subvolume() {
    let machine = machine();
    layout::mount(&machine, &[made("/home", "subvol=@home"), made("/", "subvol=@")], false)
        .unwrap();
    assert_eq!(
        mounts(&machine),
        [
            "/dev/vda3 /run/isoplug/install/target btrfs subvol=@",
            "/dev/vda3 /run/isoplug/install/target/home btrfs subvol=@home",
        ]
    );
}

fn rescued(files: &str) -> (String, Vec<String>) {
    let machine = machine().with("peek /dev/vda3", files);
    let mut ask = Plain::new(&b""[..], Vec::new());
    let result = rescue::run(&machine, None, &mut ask);
    let said = String::from_utf8(ask.into_output()).unwrap();
    (result.err().map_or(said, |error| error.to_string()), mounts(&machine))
}

#[test]
fn a_system_in_a_subvolume_is_found_and_mounted() {
    for (folder, root) in
        [("", "btrfs"), ("@/", "btrfs subvol=@"), ("@rootfs/", "btrfs subvol=@rootfs")]
    {
        let fstab = "UUID=u-1 /home btrfs compress=zstd,subvol=@home 0 0";
        let (said, mounts) = rescued(&format!(
            "{folder}etc/fstab = {fstab}\n{folder}etc/os-release = PRETTY_NAME=\"Debian\"\n"
        ));
        assert!(said.contains("Debian on /dev/vda3 is mounted"), "{said}");
        let expected = [
            format!("/dev/vda3 /run/isoplug/rescue {root}"),
            "/dev/vda3 /run/isoplug/rescue/home btrfs subvol=@home".to_owned(),
        ];
        assert_eq!(mounts, expected);
    }
    let (said, mounts) = rescued("@snapshots/etc/fstab\n@snapshots/etc/os-release\n");
    assert_eq!((said.as_str(), mounts.len()), ("no installed system was found", 0));
}
