//! What packages make for one machine is in no image: it is made by each machine at boot, or named.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;

use isoplug_tests::archive::{Archive, Package};
use isoplug_tests::real::{self, Example, Medium};
use isoplug_tests::require;

/// Makes an id, a file in which the host name stands, and one that is the same everywhere.
const POSTINST: &str = "#!/bin/sh -e
mkdir -p /etc/acme
cat /proc/sys/kernel/random/uuid > /etc/acme/id
echo listen=all > /etc/acme/acme.conf
";

/// Builds the minimal example with a package of a source of its own; `options` are the profile's.
fn with_acme(options: &str) -> (Example, impl Drop) {
    let (built, example) = (real::minimal(), Example::minimal());
    let archive =
        Archive::with("stable", &[Package::new("acme", "1").script("postinst", POSTINST)]);
    let archive = archive.unwrap();
    let server = archive.serve().unwrap();
    example.space.write("acme.asc", &archive.key.public().unwrap());
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(built.store_path(), example.path("store")).unwrap();
    let manifest = example.space.read("isoplug.toml");
    let install = "packages.install = [\"vim-tiny\", \"htop\"]";
    let more = format!("packages.install = [\"vim-tiny\", \"htop\", \"acme\"]\n{options}");
    assert!(manifest.contains(install), "{manifest}");
    let source = format!(
        "[sources.acme]\nsuite = \"stable\"\ncomponents = [\"main\"]\nurl = \"{}\"\nkeyring = \"acme.asc\"\n",
        server.url()
    );
    let manifest = manifest.replace(install, &more);
    example.space.write("isoplug.toml", &format!("{manifest}\n{source}"));
    (example, server)
}

#[test]
fn an_identity_that_nobody_knows_of_is_named() {
    let _turn = real::turn();
    let (example, _server) = with_acme("");
    let refused = example.space.run(&["build", "--quiet"]);
    assert!(refused.starts_with("exit: 1\n"), "{refused}");
    assert!(refused.contains("/etc/acme/id holds a random UUID (package acme)"), "{refused}");
    assert!(refused.contains("packages.machine-state"), "{refused}");
    assert!(!refused.contains("acme.conf") && !example.path("out").exists(), "{refused}");
}

#[test]
fn one_that_the_user_names_is_made_at_boot() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let state = "packages.machine-state = [{ path = \"/etc/acme/id\", make = \"acme-id --new\" }]";
    let (example, _server) = with_acme(state);
    example.space.ok(&["build"]);
    let medium = Medium::open(&example.iso());
    assert_eq!(medium.text_of_rootfs("etc/acme/acme.conf"), "listen=all\n");
    let rootfs = real::rootfs(&example);
    assert!(rootfs.get("etc/acme/id").is_none());
    let script = medium.text_of_rootfs("usr/lib/isoplug/first-boot/own-1");
    assert_eq!(script, "#!/bin/sh -e\nacme-id --new\n");
    let unit = medium.text_of_rootfs("etc/systemd/system/isoplug-own-1.service");
    assert!(unit.contains("ConditionPathExistsGlob=!/etc/acme/id\n"), "{unit}");
}
