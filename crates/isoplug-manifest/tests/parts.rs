//! Parts: each option has one, what they set merges with what the user says, and one more is added by its own file.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::options::{File, Options};
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{
    By, Contribution, Diagnostics, Extra, Input, Lint, Part, Path, System, evaluate_with, explain,
};
use isoplug_promise::Promise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use support::{manifest, messages, profile};

#[test]
fn explain_names_the_part_that_set_an_option() {
    let system = profile("packages.install = [\"memtest86+\"]").unwrap();
    assert_snapshot!(explain(&system, "boot.menu.memtest").unwrap(), @r"
    boot.menu.memtest = true
      Whether to offer a test of the memory (`memtest86+`, on amd64 only). Without a value, only if
      `packages.install` has `memtest86+`.
      type:    a boolean
      default: false
      set by:  true (derived) at part boot (because of packages.install):2:11
    ");
}

fn explained(lines: &str, option: &str) -> String {
    explain(&profile(lines).unwrap(), option).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn explain_names_the_part_in_a_whole_table() {
    assert_snapshot!(explained("boot.uefi = false", "boot"), @r#"
    boot.bios = true  # default
    boot.kernel-params = []  # default
    boot.loader = "none"  # default
    boot.menu.background = (nothing)  # default
    boot.menu.copy-to-ram = false  # default
    boot.menu.default = "live"  # default
    boot.menu.entries = []  # default
    boot.menu.hashed-password = (nothing)  # default
    boot.menu.local-disk = false  # default
    boot.menu.memtest = false  # default
    boot.menu.safe-graphics = true  # default
    boot.menu.text-mode = false  # default
    boot.menu.theme = (nothing)  # default
    boot.secure-boot = false  # part boot (because of boot.uefi):2:15
    boot.serial.enable = false  # default
    boot.serial.port = 0  # default
    boot.serial.speed = 115200  # default
    boot.timeout = 5  # default
    boot.uefi = false  # isoplug.toml:3:13
    "#);
}

#[test]
fn the_user_wins_over_parts() {
    let lines = "packages.install = [\"memtest86+\"]\nboot.menu.memtest = false";
    let system = profile(lines).unwrap();
    assert!(!system.options.boot.menu.memtest);
    assert_snapshot!(explain(&system, "boot.menu.memtest").unwrap(), @r"
    boot.menu.memtest = false
      Whether to offer a test of the memory (`memtest86+`, on amd64 only). Without a value, only if
      `packages.install` has `memtest86+`.
      type:    a boolean
      default: false
      set by:  false at isoplug.toml:4:21
      beats:   true (derived) at part boot (because of packages.install):2:11
    ");
}

#[test]
fn a_fallback_of_a_built_in_profile_gives_way_to_another_one() {
    let name = "networking.hostname = { fallback = \"acme\" }";
    let explained =
        explained(&format!("extends = \"isoplug:minimal\"\n{name}"), "networking.hostname");
    assert!(explained.contains("set by:  \"acme\" (fallback) at isoplug.toml"), "{explained}");
    assert!(
        explained.contains("beats:   \"isoplug\" (fallback) at isoplug:minimal"),
        "{explained}"
    );
    // Two of other profiles are a conflict as before.
    let two = format!("{name}\nextends = \"b\"\n[profiles.b]\n{}", name.replace("acme", "b"));
    assert!(messages(&two).contains("has two different values"));
}

#[test]
fn a_fallback_gives_way_to_a_part() {
    let lines = "boot.uefi = false\nboot.secure-boot = { fallback = true }";
    let system = profile(lines).unwrap();
    assert!(!system.options.boot.secure_boot);
    let explained = explain(&system, "boot.secure-boot").unwrap();
    assert!(explained.contains("false (derived) at part boot"), "{explained}");
    assert!(explained.contains("beats:   true (fallback) at isoplug.toml:4:33"), "{explained}");
}

/// A service that is not built in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Acme {
    /// The port that it listens on. 0 means that it is off.
    port: u16,
}

impl Default for Acme {
    fn default() -> Self {
        Self { port: 80 }
    }
}

/// What it reads.
struct AcmePart {
    acme: Acme,
    hostname: String,
}

impl AcmePart {
    fn new(acme: Acme, options: &Options) -> Self {
        Self { acme, hostname: options.networking.hostname.clone() }
    }
}

impl Part for AcmePart {
    fn by(&self) -> By {
        By::Part("acme")
    }

    fn owns(&self) -> &[&str] {
        &["services.acme"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Acme { port } = self.acme;
        if port == 0 {
            return;
        }
        let file = File::text("/etc/acme.conf", format!("Listen {}:{port}\n", self.hostname));
        let port = Path::<u16>::written("services.acme.port");
        let command = Promise::Command { run: "acme --check".to_owned(), exit: 0, contains: None };
        out.because(port)
            .package("acme")
            .kernel_param("acme=1")
            .file(file)
            .promise(command)
            .set(&Path::written("boot.timeout"), 0);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.acme.port == 22 {
            let diagnostic = isoplug_manifest::Diagnostic::warning("taken", "22 is SSH's");
            lint.report_at(diagnostic, &Path::<u16>::written("services.acme.port"));
        }
    }
}

fn with_acme(lines: &str) -> Result<System, Diagnostics> {
    let mut load = |_: &str| Err("no such file".to_owned());
    let (name, text, plugins) = ("isoplug.toml", &manifest(lines), &mut NoPlugins);
    let input = Input {
        name,
        text,
        profile: "p",
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    };
    evaluate_with(input, &[Extra::new("services.acme", AcmePart::new)])
}

#[test]
fn a_part_is_added_by_its_own_file() {
    let system = with_acme("services.acme.port = 8080\nnetworking.hostname = \"box\"").unwrap();
    assert_eq!(system.own["services.acme"], serde_json::json!({ "port": 8080 }));
    let packages = system.packages();
    let package = packages.iter().find(|package| package.what.name == "acme").unwrap();
    assert_eq!(package.because, "services.acme.port");
    let [param] = &system.needs.kernel_params[..] else { panic!("{:?}", system.needs) };
    assert_eq!((param.what.as_str(), &param.by), ("acme=1", &By::Part("acme")));
    let [file] = &system.needs.files[..] else { panic!("{:?}", system.needs) };
    assert_eq!(file.what.text.as_deref(), Some("Listen box:8080\n"));
    let mine = system.needs.checks.iter().filter(|check| check.by == By::Part("acme"));
    let mine: Vec<String> = mine.map(|check| format!("{:?}", check.what.promise)).collect();
    assert_snapshot!(mine.join("\n"), @r#"
    KernelParam { param: "acme=1" }
    File { path: "/etc/acme.conf", sha256: None, mode: None, owner: None, contains: None }
    Command { run: "acme --check", exit: 0, contains: None }
    "#);
}

#[test]
fn options_of_a_part_that_was_added_are_explained() {
    let system = with_acme("services.acme.port = 8080\nnetworking.hostname = \"box\"").unwrap();
    assert_eq!(system.options.boot.timeout, 0);
    assert_snapshot!(explain(&system, "boot.timeout").unwrap(), @r"
    boot.timeout = 0
      Seconds until the menu boots its first entry, or that of `boot.menu.default`; 0 boots at once.
      type:    an integer
      default: 5
      set by:  0 (derived) at part acme (because of services.acme.port):2:11
    ");
    assert_snapshot!(explain(&system, "services.acme.port").unwrap(), @r"
    services.acme.port = 8080
      The port that it listens on. 0 means that it is off.
      type:    an integer
      default: 80
      set by:  8080 at isoplug.toml:3:22
    ");
}

#[test]
fn the_options_of_an_added_part_are_checked_and_filled() {
    assert_eq!(with_acme("").unwrap().own["services.acme"], serde_json::json!({ "port": 80 }));
    let off = with_acme("services.acme.port = 0").unwrap();
    assert!(off.needs.files.is_empty() && off.options.boot.timeout == 5);
    assert_snapshot!(with_acme("services.acme.prot = 1").unwrap_err(), @r"
    isoplug.toml:3:15: error[unknown-key]: there is no key `prot` here
      help: did you mean `port`?
    ");
    assert_snapshot!(with_acme("services.acme.port = 65536").unwrap_err(), @"isoplug.toml:3:22: error[out-of-range]: found 65536, expected an integer from 0 to 65535");
    let system = with_acme("services.acme.port = 22").unwrap();
    let warnings = system.warnings.iter().map(|each| each.plain(&system.texts));
    assert!(warnings.collect::<String>().contains("isoplug.toml:3:22: warning[taken]"));
}

#[test]
fn what_an_option_starts_cannot_be_kept_from_starting() {
    assert_snapshot!(messages("services.chrony.enable = true\nsystemd.mask = [\"chrony\"]"), @r#"
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    isoplug.toml:4:17: error[contradiction]: `chrony.service` is masked, and `services.chrony.enable` needs it to start at boot
      isoplug.toml:4:17: refused here
      isoplug.toml:3:26: needed here
    "#);
    assert_snapshot!(messages("services.openssh.enable = true\nroot.authorized-keys = []\nsystemd.disable = [\"ssh.service\"]"), @r#"
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    isoplug.toml:5:20: warning[contradiction]: `ssh.service` is disabled, and `services.openssh.enable` needs it to start at boot
      isoplug.toml:5:20: refused here
      isoplug.toml:3:27: needed here
    "#);
}

#[test]
fn what_systemd_enables_cannot_be_masked() {
    assert_snapshot!(messages("systemd = { enable = [\"a\"], mask = [\"b\", \"a\"] }"), @r#"
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    isoplug.toml:3:42: error[contradiction]: `a.service` is masked, and `systemd.enable` needs it to start at boot
      isoplug.toml:3:42: refused here
      isoplug.toml:3:22: needed here
    "#);
    assert!(profile("services.gpm.enable = true\nsystemd.mask = [\"chrony\"]").is_ok());
}
