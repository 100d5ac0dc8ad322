//! What a medium installs: each target is a profile of its own, and what cannot be installed is told.

#![cfg(test)]

mod support;

#[path = "install/made.rs"]
mod made;

use insta::assert_snapshot;
use isoplug_manifest::options::Loader;
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{
    Diagnostic, Diagnostics, Input, System, Texts, evaluate, profiles, targets, with_targets,
};
use support::{file, messages, messages_with, packages, profile};

fn one(text: &str, profile: &str) -> Result<System, Diagnostics> {
    let mut load = |_: &str| Err("no file".to_owned());
    let (name, plugins) = ("isoplug.toml", &mut NoPlugins);
    evaluate(Input {
        name,
        text,
        profile,
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    })
}

/// Evaluates the profile `p` of a manifest with what it installs.
fn whole(lines: &str) -> Result<System, Diagnostics> {
    let text = format!("image.name = \"t\"\n{lines}\n");
    let known = profiles("isoplug.toml", &text)?.profiles;
    let system = one(&text, "p")?;
    let names = targets(&system, &known)?;
    let targets = names.iter().map(|name| one(&text, name)).collect::<Result<Vec<_>, _>>()?;
    with_targets(system, targets)
}

/// Returns the messages, but for those that nobody can log in.
fn said(list: &[Diagnostic], texts: &Texts) -> String {
    let list = list.iter().filter(|each| each.code != "nobody-logs-in");
    list.map(|each| each.plain(texts)).collect::<Vec<_>>().join("\n")
}

fn mistakes(lines: &str) -> String {
    whole(lines).map_or_else(|found| said(&found.list, &found.texts), |_| "none".to_owned())
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
    assert_snapshot!(of("[\"sever\"]"), @r"
    isoplug.toml:3:20: error[unknown-target]: there is no profile `sever`
      help: did you mean `server`?
    ");
    assert_snapshot!(of("[\"xyz\"]"), @r"
    isoplug.toml:3:20: error[unknown-target]: there is no profile `xyz`
      help: profiles of this manifest: p, server
    ");
    assert_snapshot!(of("[\"server\", \"server\"]"), @"isoplug.toml:3:30: error[unknown-target]: profile `server` is named twice");
    assert_snapshot!(of("[\"p\"]"), @"isoplug.toml:3:20: error[unknown-target]: profile `p` cannot install itself");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: what is said, and what is told")]
fn systems_that_cannot_be_installed() {
    let of = |lines: &str| mistakes(&format!("{MEDIUM}\n[profiles.server]\n{lines}"));
    let target = |lines: &str| of(&format!("extends = \"isoplug:target\"\n{lines}"));
    assert_snapshot!(of("extends = \"isoplug:minimal\""), @r"
    isoplug.toml:4:20: error[wrong-target]: nothing would boot `server` from a disk
      help: let `server` extend `isoplug:target`, or set `boot.loader` in it
    ");
    assert_snapshot!(target("packages.install = [\"live-boot\"]"), @r#"
    isoplug.toml:7:21: error[live-target]: "live-boot" looks for a medium, and `boot.loader` says that the system is on a disk
      help: extend `isoplug:target`, which is without it, in place of a live profile
    "#);
    assert_snapshot!(target("packages.remove = [\"linux-image-amd64\"]"), @r"
    isoplug.toml:4:20: error[wrong-target]: `server` has no kernel: it removes linux-image-amd64
      help: take it out of `packages.remove` of `server`
    ");
    assert_snapshot!(of("packages.install = [\"init\"]\nboot.loader = \"grub\""), @r"
    isoplug.toml:4:20: error[wrong-target]: `server` has no initrd: it does not ask for initramfs-tools
      help: add it to `packages.install` of `server`
    ");
    assert_snapshot!(target("install.targets = [\"p\"]"), @r"
    isoplug.toml:7:19: error[target-installs]: a system for a disk installs no others: only a medium does
      help: name the targets in the profile of a live system
    ");
}

#[test]
fn a_loader_that_there_is_not() {
    assert!(profile("boot.loader = \"lilo\"").is_err());
    let target = "[profiles.p]\nextends = \"isoplug:target\"\nroot.locked = true";
    let ubuntu = "[sources.ubuntu]\nsuite = \"noble\"";
    assert_snapshot!(messages_with(&format!("image.name = \"t\"\n{ubuntu}\n{target}"), &[]), @"isoplug:target:26:28: error[no-loader]: no packages are known that boot Ubuntu for amd64 from a disk");
}

/// A medium with these lines, whose first is line 6, and a target.
fn medium(lines: &str) -> Result<System, Diagnostics> {
    whole(&format!(
        "{MEDIUM}\n{lines}\n[profiles.server]\nextends = \"isoplug:target\"\nroot.locked = true"
    ))
}

fn told(lines: &str) -> String {
    match medium(lines) {
        Err(found) => said(&found.list, &found.texts),
        Ok(system) => said(&system.warnings, &system.texts),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: what is said, and what is told")]
fn a_disk_that_nobody_meant_is_not_erased() {
    let rule = |disk: &str| told(&format!("install.unattended = {{ enable = true, {disk} }}"));
    assert_eq!(rule("disk.transport = [\"nvme\"]"), "");
    assert_snapshot!(rule("disk = {}"), @"isoplug.toml:5:46: error[wrong-disk]: `unattended.disk`: it has no filter, so any disk would do; name at least a size, a transport or a serial number");
    assert_snapshot!(rule("disk.holds = \"anything\""), @"isoplug.toml:5:39: error[wrong-disk]: `unattended.disk`: it has no filter, so any disk would do; name at least a size, a transport or a serial number");
    assert_snapshot!(rule("disk.path = \"/dev/sda\""), @"isoplug.toml:5:39: error[wrong-disk]: `unattended.disk`: `/dev/sda` names a disk as the kernel found it: such a name moves from boot to boot; use a UUID, a label, or a name of /dev/disk");
    assert_snapshot!(rule("confirm = \"none\", disk = { serial = \"S1\", holds = \"anything\" }"), @r#"
    isoplug.toml:5:49: error[wrong-disk]: a disk that holds anything would be erased without a word
      help: use `confirm = "countdown:30"`
    "#);
    assert_snapshot!(rule("confirm = \"soon\", disk.serial = \"S1\""), @r#"
    isoplug.toml:5:49: error[bad-confirm]: "soon" does not say how people are told before a disk is erased
      help: write `countdown:30` with the seconds, `type-name` or `none`
    "#);
    assert_snapshot!(rule("disk.min-size = \"4GiB\""), @r"
    isoplug.toml:5:39: error[small-disk]: the layout `whole-disk` needs 4.5 GiB, and `min-size` takes disks of 4 GiB
      help: raise `min-size`, or lower what the layout asks for
    ");
    assert_snapshot!(rule("disk.min-size = \"4 bananas\""), @r#"
    isoplug.toml:5:55: error[bad-size]: "4 bananas" is not a size
      help: such as `700MiB` or `4GB`
    "#);
    let by_itself = "boot.menu.default = \"unattended\"\ninstall.unattended = { enable = true, disk.serial = \"S1\" }";
    assert_snapshot!(told(by_itself), @"isoplug.toml:5:21: warning[installs-by-itself]: without anybody's choice the medium installs, and erases a disk");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: what is said, and what is told")]
fn layouts_that_no_disk_has() {
    let of = |layout: &str| told(&format!("install.layouts.one = {{ {layout} }}"));
    assert_eq!(of("root.min = \"8GiB\", home = {}"), "");
    assert_snapshot!(of("encryption = \"tpm2\""), @r"
    isoplug.toml:5:38: error[wrong-layout]: a key in the machine's TPM needs systemd in the initrd, and initramfs-tools makes one without it
      help: use `passphrase`
    ");
    assert_snapshot!(of("encryption = \"ask\""), @r#"
    isoplug.toml:4:20: error[wrong-target]: `server` cannot be on the layout `one`: it does not ask for cryptsetup-initramfs
      help: add "cryptsetup-initramfs" to `packages.install` of `server`
    "#);
    assert_snapshot!(of("root.format = \"btrfs\""), @r#"
    isoplug.toml:4:20: error[wrong-target]: `server` cannot be on the layout `one`: it does not ask for btrfs-progs
      help: add "btrfs-progs" to `packages.install` of `server`
    "#);
    assert_snapshot!(of("root.subvolumes = [\"/home\"]"), @r#"
    isoplug.toml:5:25: error[wrong-layout]: ext4 has no subvolumes
      help: set `root.format = "btrfs"`, or take `partitions`
    "#);
    assert_snapshot!(of("home = {}, partitions = [{ mount = \"/home/\", min = \"1GiB\" }]"), @"isoplug.toml:5:23: error[wrong-layout]: `/home` is mounted twice");
    assert_snapshot!(of("partitions = [{ mount = \"/usr\", min = \"1GiB\" }]"), @"isoplug.toml:5:23: error[wrong-layout]: `/usr` cannot have a partition of its own");
    assert_snapshot!(told("install.layout = \"hole-disk\""), @r"
    isoplug.toml:5:18: error[unknown-name]: there is no layout `hole-disk`
      help: did you mean `whole-disk`?
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: what is said, and what is told")]
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
    assert_snapshot!(of("target = \"sever\""), @r"
    isoplug.toml:5:22: error[unknown-name]: there is no target `sever`
      help: did you mean `server`?
    ");
    assert_snapshot!(of("answers.layout = \"x\""), @r"
    isoplug.toml:5:22: error[unknown-name]: there is no layout `x`
      help: known: whole-disk
    ");
    assert_snapshot!(of("answers.user = { name = \"anna\", password = \"hunter2\" }"), @"isoplug.toml:5:22: error[wrong-answer]: `answers.user.password`: expected a hash, as `mkpasswd` prints it; others could read a password in plain text");
    assert_snapshot!(of("answers.passphrase = \"hunter2\""), @"isoplug.toml:5:22: error[wrong-answer]: `answers.passphrase`: everybody with the image could read it; write it to an answers.toml, or let it be asked");
    assert_snapshot!(of("answers.hostnam = \"a\""), @r"
    isoplug.toml:5:44: error[unknown-key]: there is no key `hostnam` here
      help: did you mean `hostname`?
    ");
    assert_snapshot!(of("answers.disk = { path = \"/dev/sda\" }"), @"isoplug.toml:5:22: error[wrong-answer]: `answers.disk`: `/dev/sda` names a disk as the kernel found it: such a name moves from boot to boot; use a UUID, a label, or a name of /dev/disk");
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
    assert_snapshot!(messages("extends = \"isoplug:installer\"\nroot.locked = true"), @r"
    isoplug:installer:24:33: error[nothing-to-install]: there is nothing to install
      help: name a profile that extends `isoplug:target` in `install.targets`
    ");
}
