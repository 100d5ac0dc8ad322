//! Builds the examples that plugins make, from the real archive, and reads the results through
//! programs that are not ours.

#![cfg(test)]

#[path = "examples/checked.rs"]
mod checked;
#[path = "examples/deployment.rs"]
mod deployment;
#[path = "examples/installer.rs"]
mod installer;
#[path = "examples/offline.rs"]
mod offline;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use isoplug_formats::tree::sorted_names;
use isoplug_tests::real::{self, Medium, events, sha256, stages_that_ran};
use isoplug_tests::require;
use isoplug_tests::space::Space;

/// An example of the repository and the plugins that it names, laid out as they are there.
struct Shipped {
    space: Space,
    /// `examples/NAME`.
    folder: String,
}

impl Shipped {
    /// Makes a copy that takes packages and layers from the store of the minimal example.
    fn copy(name: &str) -> Self {
        let minimal = real::minimal();
        let shipped = Self { space: Space::new(), folder: format!("examples/{name}") };
        copy_folder(&repository().join(&shipped.folder), &shipped.path(""));
        for plugin in shipped.plugins() {
            let below = plugin.strip_prefix("../../").expect("a plugin of the repository");
            let (from, to) = (repository().join(below), shipped.space.path(below));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        fs::copy(minimal.path("isoplug.lock"), shipped.path("isoplug.lock")).unwrap();
        symlink(minimal.store_path(), shipped.space.path("store")).unwrap();
        shipped
    }

    /// Returns the paths of its plugins, as its manifest has them.
    fn plugins(&self) -> Vec<String> {
        let manifest: toml::Table = self.manifest().parse().unwrap();
        let plugins = manifest.get("plugins").and_then(toml::Value::as_table);
        let plugins = plugins.into_iter().flat_map(toml::Table::values);
        plugins.map(|plugin| plugin["path"].as_str().unwrap().to_owned()).collect()
    }

    fn manifest(&self) -> String {
        self.space.read(&format!("{}/isoplug.toml", self.folder))
    }

    fn append(&self, lines: &str) {
        let manifest = format!("{}\n{lines}", self.manifest());
        self.space.write(&format!("{}/isoplug.toml", self.folder), &manifest);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.space.path(&self.folder).join(name)
    }

    /// Builds it and returns its ISO.
    fn build(&self) -> Medium {
        Medium::open(&self.space.path(&self.space.ok(&["build", &self.folder])))
    }

    /// Builds it and returns the stages that ran.
    fn stages(&self) -> Vec<String> {
        stages_that_ran(&events(&self.space, &["build", &self.folder]))
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies what is kept of an example: neither what it was built into nor its lock.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in sorted_names(from).unwrap() {
        let (path, target) = (from.join(&name), to.join(&name));
        match name.to_str().unwrap() {
            "out" | "store" | "isoplug.lock" => {}
            _ if path.is_dir() => copy_folder(&path, &target),
            _ => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

/// The minimal one is built by the other tests.
#[test]
fn every_example_is_tested() {
    let names = sorted_names(&repository().join("examples")).unwrap();
    let names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(
        names.join(" "),
        "boot-menu branded cloud-init contents deployment desktop hardened hardware installer minimal netboot offline organisation rescue static-network wifi"
    );
}

#[test]
fn a_machine_boots_over_the_network_what_is_on_the_iso() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = Shipped::copy("netboot");
    let medium = example.build();
    let beside = example.path("out/netboot-2026.11-amd64.netboot");
    let files = [
        ("vmlinuz", "boot/vmlinuz"),
        ("initrd", "boot/initrd"),
        ("filesystem.squashfs", "live/filesystem.squashfs"),
    ];
    for (file, of_iso) in files {
        assert_eq!(sha256(&beside.join(file)), sha256(&medium.path(of_iso)), "{file}");
    }
    let are_right = || {
        let check = ["--check", "--strict", "--status", "SHA256SUMS"];
        Command::new("sha256sum").args(check).current_dir(&beside).status().unwrap().success()
    };
    assert!(are_right());
    assert_snapshot!(fs::read_to_string(beside.join("boot.ipxe")).unwrap(), @r"
    #!ipxe
    echo Booting netboot-2026.11-amd64
    kernel ${cwduri}vmlinuz initrd=initrd boot=live components ip=dhcp fetch=${cwduri}filesystem.squashfs console=tty0
    initrd --name initrd ${cwduri}initrd
    boot
    ");

    assert_eq!(example.stages(), Vec::<String>::new());
    // What is gone comes back from the store.
    fs::remove_file(beside.join("vmlinuz")).unwrap();
    assert_eq!(example.stages(), Vec::<String>::new());
    assert!(are_right());
}

#[test]
fn a_hardened_image_is_checked_once() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = Shipped::copy("hardened");
    // What an earlier run left in the shared store is of another image.
    let id = format!("HARDENED_{}", std::process::id());
    example.append(&format!("[profiles.hardened.iso]\nvolume-id = \"{id}\""));
    let ran = example.stages();
    assert!(ran.contains(&"check cis-check".to_owned()), "{ran:?}");
    assert_eq!(example.stages(), Vec::<String>::new());

    let medium = example.build();
    let sysctl = medium.text_of_rootfs("etc/sysctl.d/90-hardening.conf");
    for setting in ["kernel.kptr_restrict = 2", "kernel.sysrq = 0"] {
        assert!(sysctl.lines().any(|line| line == setting), "{sysctl}");
    }
    let sshd = medium.text_of_rootfs("etc/ssh/sshd_config.d/20-hardening.conf");
    assert!(sshd.lines().any(|line| line == "PermitEmptyPasswords no"), "{sshd}");
    let options = medium.text_of_rootfs("etc/ssh/sshd_config.d/10-isoplug.conf");
    assert!(options.lines().any(|line| line == "PermitRootLogin no"), "{options}");
    let modules = medium.text_of_rootfs("etc/modprobe.d/isoplug-blacklist.conf");
    assert!(modules.contains("cramfs") && !modules.contains("usb-storage"), "{modules}");
    let menu = medium.text("boot/grub/grub.cfg");
    assert!(menu.contains(" slab_nomerge"), "{menu}");
}

#[test]
fn an_image_that_breaks_a_rule_is_not_published() {
    let _turn = real::turn();
    let example = Shipped::copy("hardened");
    let file = "target = \"/usr/local/bin/shell\"\ntext = \"#!/bin/sh\\n\"\nmode = \"4755\"\n";
    example.append(&format!("[[profiles.hardened.files]]\n{file}"));
    let refused = example.space.run(&["build", "--quiet", &example.folder]);
    assert_snapshot!(refused, @r#"
    exit: 4
    --- stdout
    --- stderr
    error[cis-check::setuid-file]: /usr/local/bin/shell is setuid (4755)
      --> examples/hardened/isoplug.toml:13:13
       |
    13 | cis-check = { path = "../../plugins/cis-check/cis-check.wasm" }
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: take the bit away, or list the path in `setuid`
    error: plugin `cis-check` refuses hardened (amd64)
    "#);
    // No check of an image that is refused is kept.
    assert_eq!(example.space.run(&["build", "--quiet", &example.folder]), refused);
    assert!(!example.path("out").exists());
    let manifest = example.manifest();
    let allowed = "severity = \"error\"\nsetuid = [\"/usr/local/bin/shell\"]";
    let allowed = manifest.replace("severity = \"error\"", allowed);
    example.space.write("examples/hardened/isoplug.toml", &allowed);
    example.space.ok(&["build", &example.folder]);
}

#[test]
fn a_branded_image_has_its_name_everywhere() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = Shipped::copy("branded");
    let medium = example.build();
    let names: Vec<String> = medium
        .text_of_rootfs("usr/lib/os-release")
        .lines()
        .filter(|line| !line.contains("VERSION_ID") && !line.contains("DEBIAN_VERSION"))
        .map(str::to_owned)
        .collect();
    assert_snapshot!(names.join("\n"), @r#"
    NAME="Debian GNU/Linux"
    VERSION="13 (trixie)"
    VERSION_CODENAME=trixie
    ID=debian
    SUPPORT_URL="https://www.debian.org/support"
    BUG_REPORT_URL="https://bugs.debian.org/"
    PRETTY_NAME="Acme Rescue 2026.11"
    IMAGE_ID="acme-rescue"
    IMAGE_VERSION="2026.11"
    HOME_URL="https://example.com/rescue"
    "#);
    let motd = "Welcome to acme-rescue. What is in it: /usr/share/doc/inventory.html\n";
    assert_eq!(medium.text_of_rootfs("etc/motd"), motd);
    assert_eq!(medium.text_of_rootfs("etc/issue"), "Acme Rescue 2026.11 \\n \\l\n");
    let menu = medium.text("boot/grub/grub.cfg");
    assert!(menu.contains("'Acme Rescue 2026.11: acme-rescue 2026.11'"), "{menu}");
    assert_eq!(example.stages(), Vec::<String>::new());
}

#[test]
fn the_inventory_lists_every_package() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = Shipped::copy("branded");
    let page = example.build().text_of_rootfs("usr/share/doc/inventory.html");
    assert!(page.contains("<h1>acme-rescue 2026.11</h1>"), "{page}");
    let papers = "examples/branded/out/acme-rescue-branded-2026.11-amd64.iso.packages";
    let packages = example.space.read(papers);
    assert!(page.contains(&format!("<p>{} packages, ", packages.lines().count())), "{page}");
    for line in packages.lines() {
        let [name, version, _] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let row = format!(">{name}</a><td>{version}<td>");
        assert!(page.contains(&row) || page.contains(&row.replace("</a>", "")), "{line}");
    }
}

#[test]
fn cloud_init_finds_its_data_on_the_medium() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = Shipped::copy("cloud-init");
    let medium = example.build();
    let seed = example.space.read("examples/cloud-init/seed/user-data");
    assert_eq!(medium.text("nocloud/user-data"), seed);
    assert_snapshot!(medium.text("nocloud/meta-data"), @r"
    instance-id: iid-005fe9194c9407d7
    local-hostname: cloud
    ");
    let settings = medium.text_of_rootfs("etc/cloud/cloud.cfg.d/90-isoplug.cfg");
    assert_snapshot!(settings, @r"
    # Written by the plugin `cloud-init`.
    datasource_list: [NoCloud, None]
    datasource:
      NoCloud:
        seedfrom: file:///run/live/medium/nocloud/
    ");
    let lock = example.space.read("examples/cloud-init/isoplug.lock");
    assert!(lock.lines().any(|line| line.starts_with("\"cloud-init ")), "{lock}");
    assert_eq!(example.stages(), Vec::<String>::new());
}
