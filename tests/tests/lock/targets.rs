//! What a medium installs is pinned with the medium, and has no ISO of its own.

use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

/// What a medium installs with, and what boots from a disk.
const NEEDED: [&str; 8] = [
    "dosfstools",
    "e2fsprogs",
    "efibootmgr",
    "fdisk",
    "grub-cloud-amd64",
    "initramfs-tools",
    "squashfs-tools",
    "systemd-repart",
];

fn served() -> Served {
    let needed = NEEDED.map(|name| Package::new(name, "1"));
    let served = Served::new(&[packages(), needed.to_vec()].concat());
    let medium = served.manifest("packages.install = [\"app\"]\ninstall.targets = [\"server\"]");
    served.write(&format!(
        "{medium}\n[profiles.server]\nnetworking.backend = \"none\"\nboot.loader = \"grub\"\n\
         packages.install = [\"tool\", \"initramfs-tools\"]\n"
    ));
    served
}

#[test]
fn a_medium_pins_what_it_installs() {
    let served = served();
    served.space.ok(&["lock", "--arch", "amd64"]);
    let lock: toml::Table = served.space.read("isoplug.lock").parse().unwrap();
    let images = lock["images"].as_table().unwrap();
    assert_eq!(images.keys().collect::<Vec<_>>(), ["p.amd64", "server.amd64"]);
    let has = |image: &str, package: &str| images[image].to_string().contains(package);
    assert!(has("p.amd64", "squashfs-tools") && !has("p.amd64", "grub-cloud"));
    assert!(has("server.amd64", "grub-cloud-amd64") && !has("server.amd64", "squashfs-tools"));
    // Nothing is lacking, and what one of both lacks is told.
    served.space.ok(&["lock", "--locked", "--offline", "--arch", "amd64"]);
    served.change("\"tool\", ", "\"tool\", \"lib\", ");
    let refused = served.run(&["lock", "--locked", "--offline", "--arch", "amd64"]);
    assert!(refused.contains("does not pin what profile server asks for"), "{refused}");
}

#[test]
fn a_target_has_no_iso_of_its_own() {
    let served = served();
    let refused = served.run(&["build", "--arch", "amd64", "-p", "server"]);
    assert!(
        refused.contains("profile server is for a disk, so it has no ISO of its own"),
        "{refused}"
    );
    assert!(refused.contains("`install.targets`"), "{refused}");
}
