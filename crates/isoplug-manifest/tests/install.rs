//! What a medium installs: each target is a profile of its own, and what cannot be installed is told.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::options::Loader;
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Diagnostics, Input, System, evaluate, profiles, targets, with_targets};
use support::{messages, packages, profile};

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

const MEDIUM: &str = "[profiles.p]\nextends = \"isoplug:installer\"\ninstall.targets = [\"server\"]";

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
        mistakes(&format!("[profiles.p]\ninstall.targets = {names}\n[profiles.server]\nextends = \"isoplug:target\""))
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
fn a_loader_that_nobody_has() {
    let of = |lines: &str| messages(&format!("extends = \"isoplug:target\"\n{lines}"));
    assert_eq!(of(""), "warning[nobody-logs-in]: nobody can log in to an image of profile `p`\n  help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`");
    assert!(profile("boot.loader = \"lilo\"").is_err());
}
