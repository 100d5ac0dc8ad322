//! What a medium installs: each target is a profile of its own, and what cannot be installed is told.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::options::Loader;
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Diagnostics, Input, System, evaluate, profiles, targets, with_targets};
use support::{file, messages, messages_with, packages, profile};

fn one(text: &str, profile: &str) -> Result<System, Diagnostics> {
    let mut load = |_: &str| Err("no file".to_owned());
    let (name, plugins) = ("isoplug.toml", &mut NoPlugins);
    evaluate(Input { name, text, profile, arch: "amd64", load: &mut load, plugins })
}

/// Evaluates the profile `p` of a manifest with what it installs.
fn whole(lines: &str) -> Result<System, Diagnostics> {
    let text = format!("image.name = \"t\"\n{lines}\n");
    let (_, known) = profiles("isoplug.toml", &text)?;
    let system = one(&text, "p")?;
    let names = targets(&system, &known)?;
    let targets = names.iter().map(|name| one(&text, name)).collect::<Result<Vec<_>, _>>()?;
    with_targets(system, targets)
}

fn mistakes(lines: &str) -> String {
    whole(lines).map(|_| "none".to_owned()).unwrap_or_else(|found| found.to_string())
}

const MEDIUM: &str =
    "[profiles.p]\nextends = \"isoplug:installer\"\ninstall.targets = [\"server\"]";

#[test]
fn a_target_is_a_system_of_its_own() {
    let system = whole(&format!(
        "{MEDIUM}\n[profiles.server]\nextends = \"isoplug:target\"\nnetworking.hostname = \"box\""
    ));
    let system = system.unwrap();
    assert!(packages(&system).contains(&"live-boot") && !system.is_installed());
    assert!(packages(&system).contains(&"squashfs-tools"));
    let [target] = &system.targets[..] else { panic!("one target") };
    assert!(target.is_installed() && target.options.boot.loader == Loader::Grub);
    assert_eq!(target.options.networking.hostname, "box");
    assert!(!packages(target).iter().any(|name| name.starts_with("live")));
    for package in ["grub-cloud-amd64", "efibootmgr", "initramfs-tools", "linux-image-amd64"] {
        assert!(packages(target).contains(&package), "{package}");
    }
}

#[test]
fn names_that_are_no_target() {
    let of = |names: &str| {
        mistakes(&format!(
            "[profiles.p]\ninstall.targets = {names}\n[profiles.server]\nextends = \"isoplug:target\""
        ))
    };
    assert_snapshot!(of("[\"sever\"]"), @"");
    assert_snapshot!(of("[\"xyz\"]"), @"");
    assert_snapshot!(of("[\"server\", \"server\"]"), @"");
    assert_snapshot!(of("[\"p\"]"), @"");
}

#[test]
fn systems_that_cannot_be_installed() {
    let of = |lines: &str| mistakes(&format!("{MEDIUM}\n[profiles.server]\n{lines}"));
    let target = |lines: &str| of(&format!("extends = \"isoplug:target\"\n{lines}"));
    assert_snapshot!(of("extends = \"isoplug:minimal\""), @"");
    assert_snapshot!(target("packages.install = [\"live-boot\"]"), @"");
    assert_snapshot!(target("packages.remove = [\"linux-image-amd64\"]"), @"");
    assert_snapshot!(of("packages.install = [\"init\"]\nboot.loader = \"grub\""), @"");
    assert_snapshot!(target("install.targets = [\"p\"]"), @"");
}

#[test]
fn a_loader_that_there_is_not() {
    assert!(profile("boot.loader = \"lilo\"").is_err());
    let target = "[profiles.p]\nextends = \"isoplug:target\"\nroot.locked = true";
    let ubuntu = "[sources.ubuntu]\nsuite = \"noble\"";
    assert_snapshot!(messages_with(&format!("image.name = \"t\"\n{ubuntu}\n{target}"), &[]), @"");
}

/// A medium with these lines, whose first is line 6, and a target.
fn medium(lines: &str) -> Result<System, Diagnostics> {
    whole(&format!(
        "{MEDIUM}\n{lines}\n[profiles.server]\nextends = \"isoplug:target\"\nroot.locked = true"
    ))
}

fn told(lines: &str) -> String {
    match medium(lines) {
        Err(found) => found.to_string(),
        Ok(system) => {
            let plain = system.warnings.iter().map(|warning| warning.plain(&system.texts));
            plain.filter(|line| !line.contains("nobody-logs-in")).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn a_disk_that_nobody_meant_is_not_erased() {
    let rule = |disk: &str| told(&format!("install.unattended = {{ enable = true, {disk} }}"));
    assert_eq!(rule("disk.transport = [\"nvme\"]"), "");
    assert_snapshot!(rule("disk = {}"), @"");
    assert_snapshot!(rule("disk.holds = \"anything\""), @"");
    assert_snapshot!(rule("disk.path = \"/dev/sda\""), @"");
    assert_snapshot!(rule("confirm = \"none\", disk = { serial = \"S1\", holds = \"anything\" }"), @"");
    assert_snapshot!(rule("confirm = \"soon\", disk.serial = \"S1\""), @"");
    assert_snapshot!(rule("disk.min-size = \"4GiB\""), @"");
    assert_snapshot!(rule("disk.min-size = \"4 bananas\""), @"");
    let by_itself = "boot.menu.default = \"unattended\"\ninstall.unattended = { enable = true, disk.serial = \"S1\" }";
    assert_snapshot!(told(by_itself), @"");
}

#[test]
fn layouts_that_no_disk_has() {
    let of = |layout: &str| told(&format!("install.layouts.one = {{ {layout} }}"));
    assert_eq!(of("root.min = \"8GiB\", home = {}"), "");
    assert_snapshot!(of("encryption = \"tpm2\""), @"");
    assert_snapshot!(of("encryption = \"ask\""), @"");
    assert_snapshot!(of("root.format = \"btrfs\""), @"");
    assert_snapshot!(of("root.subvolumes = [\"/home\"]"), @"");
    assert_snapshot!(of("home = {}, partitions = [{ mount = \"/home/\", min = \"1GiB\" }]"), @"");
    assert_snapshot!(of("partitions = [{ mount = \"/usr\", min = \"1GiB\" }]"), @"");
    assert_snapshot!(told("install.layout = \"hole-disk\""), @"");
}

#[test]
fn templates_have_answers_and_files() {
    let system = medium(
        "install.templates = [{ name = \"kiosk\", target = \"server\", answers.hostname = \"kiosk-{serial}\", \
         files = [{ source = \"kiosk\", target = \"/etc/kiosk\" }] }]",
    );
    let system = system.unwrap();
    let files: Vec<_> =
        system.needs.files.iter().filter_map(|needed| needed.what.source.as_deref()).collect();
    assert_eq!(files, ["kiosk"]);
    let of =
        |template: &str| told(&format!("install.templates = [{{ name = \"a\", {template} }}]"));
    assert_snapshot!(of("target = \"sever\""), @"");
    assert_snapshot!(of("answers.layout = \"x\""), @"");
    assert_snapshot!(of("answers.user = { name = \"anna\", password = \"hunter2\" }"), @"");
    assert_snapshot!(of("answers.passphrase = \"hunter2\""), @"");
    assert_snapshot!(of("answers.hostnam = \"a\""), @"");
    assert_snapshot!(of("answers.disk = { path = \"/dev/sda\" }"), @"");
}

#[test]
fn an_entry_installs_without_questions() {
    let system = medium(
        "boot.menu.entries = [{ name = \"mine\", label = \"mine\" }]\n\
         install.unattended = { enable = true, disk.serial = \"S1\" }",
    );
    let system = system.unwrap();
    let last = &system.needs.menu.last().unwrap().what;
    assert_eq!(last.id, "unattended");
    assert_eq!(
        last.params.join(" "),
        "isoplug.install=unattended systemd.unit=isoplug-install.target"
    );
    assert_eq!(system.options.boot.menu.default, "live");
    assert!(
        file(&system, "isoplug-install.service")
            .contains("OnFailure=isoplug-install-failed.service")
    );
    assert!(
        file(&system, "getty@tty1.service.d/20-isoplug-install.conf")
            .contains("/usr/bin/isoplug-install")
    );
}

#[test]
fn a_dialogue_with_nothing_to_install() {
    assert_snapshot!(messages("extends = \"isoplug:installer\"\nroot.locked = true"), @"");
}
