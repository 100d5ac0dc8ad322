//! What packages make for one machine is in no image: it is made by each machine at boot, or named.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;

use isoplug_tests::archive::{Archive, Package, Server};
use isoplug_tests::real::{self, Example, Medium};
use isoplug_tests::require;

/// Makes an id, and a file that is the same everywhere.
const POSTINST: &str = "#!/bin/sh -e
mkdir -p /etc/acme
cat /proc/sys/kernel/random/uuid > /etc/acme/id
echo listen=all > /etc/acme/acme.conf
";

/// Returns the minimal example with other packages and options; store and lock are the shared one's.
fn with(packages: &str, options: &str) -> Example {
    let (built, example) = (real::minimal(), Example::minimal());
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(built.store_path(), example.path("store")).unwrap();
    let manifest = example.space.read("isoplug.toml");
    let install = "packages.install = [\"vim-tiny\", \"htop\"]";
    assert!(manifest.contains(install), "{manifest}");
    let more = format!("packages.install = [\"vim-tiny\", \"htop\", {packages}]\n{options}");
    example.space.write("isoplug.toml", &manifest.replace(install, &more));
    example
}

/// The same with a package of a source of its own.
fn with_acme(options: &str) -> (Example, (Archive, Server)) {
    let example = with("\"isoplug-acme\"", options);
    let archive =
        Archive::with("stable", &[Package::new("isoplug-acme", "1").script("postinst", POSTINST)]);
    let archive = archive.unwrap();
    let server = archive.serve().unwrap();
    example.space.write("acme.asc", &archive.key.public().unwrap());
    let manifest = example.space.read("isoplug.toml");
    let url = server.url();
    let source = format!(
        "[sources.acme]\nsuite = \"stable\"\nmirrors = [\"{url}\"]\nkeyring = \"acme.asc\"\n"
    );
    example.space.write("isoplug.toml", &format!("{manifest}\n{source}"));
    (example, (archive, server))
}

#[test]
fn two_builds_of_daemons_are_the_same() {
    let _turn = real::turn();
    let example = with("\"nvme-cli\", \"open-iscsi\", \"dropbear\", \"bind9\"", "");
    assert_eq!(example.space.ok(&["check", "--rebuild"]), "", "each line is a difference");
    example.space.ok(&["build"]);
    let rootfs = real::rootfs(&example);
    let gone = [
        "etc/nvme/hostnqn",
        "etc/nvme/hostid",
        "etc/iscsi/initiatorname.iscsi",
        "etc/dropbear/dropbear_rsa_host_key",
        "etc/bind/rndc.key",
        "etc/ssh/ssh_host_ed25519_key",
    ];
    assert_eq!(gone.map(|path| rootfs.get(path).is_some()), [false; 6]);
    let wanted = [
        "sysinit.target.wants/isoplug-nvme-names.service",
        "iscsid.service.wants/isoplug-iscsi-name.service",
        "dropbear.service.wants/isoplug-dropbear-keys.service",
        "named.service.wants/isoplug-bind-key.service",
        "ssh.service.wants/isoplug-ssh-keys.service",
    ];
    for link in wanted {
        assert!(rootfs.get(format!("etc/systemd/system/{link}")).is_some(), "{link}");
    }
}

#[test]
fn an_identity_that_nobody_knows_of_is_named() {
    let _turn = real::turn();
    let (example, _archive) = with_acme("");
    let refused = example.space.run(&["build", "--quiet"]);
    assert!(refused.starts_with("exit: 1\n"), "{refused}");
    assert!(
        refused.contains("/etc/acme/id holds a random UUID (package isoplug-acme)"),
        "{refused}"
    );
    assert!(refused.contains("packages.machine-state"), "{refused}");
    assert!(!refused.contains("acme.conf") && !example.path("out").exists(), "{refused}");
}

#[test]
fn one_that_the_user_names_is_made_at_boot() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let state = "packages.machine-state = [{ path = \"/etc/acme/id\", make = \"acme-id --new\" }]";
    let (example, _archive) = with_acme(state);
    example.space.ok(&["build"]);
    let medium = Medium::open(&example.iso());
    assert_eq!(medium.text_of_rootfs("etc/acme/acme.conf"), "listen=all\n");
    let rootfs = real::rootfs(&example);
    assert!(rootfs.get("etc/acme/id").is_none());
    let script = medium.text_of_rootfs("usr/lib/isoplug/first-boot/own-1");
    assert!(script.contains("\n(\nacme-id --new\n) 9>&-\n"), "{script}");
    let unit = medium.text_of_rootfs("etc/systemd/system/isoplug-own-1.service");
    assert!(unit.contains("ConditionPathExistsGlob=|!/etc/acme/id\n"), "{unit}");
}
