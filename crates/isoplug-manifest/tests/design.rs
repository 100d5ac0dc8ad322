//! Evaluates the manifest that the design sketches, and explains it.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::plugin::{Answer, Call, Described, PluginSource, Plugins};
use isoplug_manifest::{Input, Overview, System, evaluate, explain, profiles};
use isoplug_promise::Firmware;
use serde_json::json;

const SKETCH: &str = include_str!("sketch.toml");

/// Stands for the plugin of the sketch.
struct Hardening;

impl Plugins for Hardening {
    fn describe(&mut self, _: &str, _: &PluginSource) -> Result<Described, String> {
        let levels = json!({ "enum": ["low", "high"] });
        let options = json!({ "type": "object", "properties": { "level": levels } });
        Ok(Described {
            version: "1.2.0".to_owned(),
            options,
            contributes: true,
            architectures: Vec::new(),
        })
    }

    fn contribute(&mut self, _: &[Call<'_>]) -> Answer {
        Answer::default()
    }
}

fn system(profile: &str, arch: &str) -> System {
    let mut load = |path: &str| match path {
        "modules/common.toml" => {
            Ok("packages.install = [\"curl\"]\nfiles = [{ target = \"/a\", source = \"../a\" }]"
                .to_owned())
        }
        _ => Err("no such file".to_owned()),
    };
    let (name, text, plugins) = ("isoplug.toml", SKETCH, &mut Hardening);
    let input =
        Input { name, text, profile, arch, vars: &Default::default(), load: &mut load, plugins };
    evaluate(input).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn the_sketch_evaluates() {
    let system = system("minimal", "amd64");
    let options = &system.options;
    assert_eq!(system.image.name, "acme-installer");
    assert_eq!(system.sources["debian"].components, ["main", "non-free-firmware"]);
    assert_eq!(system.plugins["hardening"].version.as_deref(), Some("^1.2"));
    assert_eq!(system.grants["hardening"].files[0], "root:/etc/sysctl.d/**");
    assert_eq!(system.config["hardening"]["level"], "high");
    assert!(options.packages.install.ends_with(&["curl", "vim", "git", "htop"].map(str::to_owned)));
    assert_eq!(options.networking.hostname, "installer");
    assert_eq!(options.users["installer"].groups, ["sudo"]);
    assert_eq!(options.boot.kernel_params, ["console=ttyS0,115200"]);
    assert_eq!(options.iso.volume_id.as_deref(), Some("ACME_2026"));
    assert_eq!(options.iso.contents[0].source.as_deref(), Some("README.txt"));
    assert_eq!(options.tests[0].firmware.last(), Some(&Firmware::SecureBoot));
    assert!(options.tests[0].media.is_empty(), "on every medium");
}

#[test]
fn a_path_is_relative_to_the_file_that_has_it() {
    let system = system("minimal", "amd64");
    let sources = system.options.files.iter().map(|file| file.source.as_deref());
    assert_eq!(sources.collect::<Vec<_>>(), [Some("a"), None]);
}

#[test]
fn a_condition_holds_for_its_architecture_only() {
    let has =
        |arch: &str| system("rescue", arch).origin_of("packages.install", "memtest86+").cloned();
    assert!(has("amd64").is_some());
    assert!(has("arm64").is_none());
}

#[test]
fn every_item_knows_its_line() {
    let system = system("minimal", "amd64");
    let place = |item| system.texts.place(system.origin_of("packages.install", item).unwrap());
    assert_eq!(place("htop"), "isoplug.toml:19:35");
    assert_eq!(place("curl"), "modules/common.toml:1:21");
    assert!(place("udev").starts_with("isoplug:minimal:"));
    assert_eq!(system.origin_of("packages.install", "emacs"), None);
    let suite = system.manifest_origin("sources.debian.suite").unwrap();
    assert_eq!(system.texts.place(suite), "isoplug.toml:6:9");
}

#[test]
fn names_its_profiles() {
    let Overview { image, profiles, groups } = profiles("isoplug.toml", SKETCH).unwrap();
    assert_eq!(image.version.as_deref(), Some("2026.11"));
    assert_eq!(profiles, ["minimal", "rescue"]);
    assert!(groups.is_empty());
}

#[test]
fn wants_what_options_imply() {
    let system = system("minimal", "amd64");
    let packages = system.packages();
    let because = |name: &str| {
        let package = packages.iter().find(|package| package.what.name == name);
        package.map(|package| package.because.as_str())
    };
    assert_eq!(because("vim"), Some("packages.install"));
    assert_eq!(because("linux-image-amd64"), Some("kernel.flavour"));
    assert_eq!(because("openssh-server"), Some("services.openssh.enable"));
    assert_eq!(because("systemd-resolved"), Some("networking.backend"));
    assert_eq!(because("sudo"), Some("users.installer.groups"));
    assert_eq!(because("intel-microcode"), None);
}

#[test]
fn explains_one_option() {
    let system = system("minimal", "amd64");
    assert_snapshot!(explain(&system, "networking.hostname").unwrap(), @r#"
    networking.hostname = "installer"
      The host name.
      type:    a string
      default: "localhost"
      set by:  "installer" at isoplug.toml:20:23
      beats:   "isoplug" (fallback) at isoplug:minimal:28:36
    "#);
    assert_snapshot!(explain(&system, "boot.kernel-params").unwrap(), @r#"
    boot.kernel-params = ["console=ttyS0,115200"]
      Parameters for the kernel, such as `console=ttyS0,115200`. A value with blanks stands between
      double quotes: `dyndbg="file hub.c +p"`. GRUB can pass on no `'`, `\` or other `"`.
      type:    a list
      default: []
      item:    "console=ttyS0,115200" at isoplug.toml:23:23
    "#);
}

#[test]
fn explains_an_option_that_nobody_set() {
    let system = system("minimal", "amd64");
    assert_snapshot!(explain(&system, "squashfs.preset").unwrap(), @r#"
    squashfs.preset = "default"
      Speed against size; the other options here override its parts.
      type:    one of "fast", "default", "small"
      default: "default"
      nobody set it
    "#);
}

#[test]
fn explains_a_subtree() {
    let system = system("minimal", "amd64");
    assert_snapshot!(explain(&system, "services").unwrap(), @r#"
    services.chrony.enable = false  # default
    services.chrony.servers = []  # default
    services.docker.enable = false  # default
    services.docker.memory = (nothing)  # default
    services.getty.autologin-user = (nothing)  # default
    services.gpm.enable = false  # default
    services.openssh.enable = true  # isoplug.toml:21:31
    services.openssh.match = []  # default
    services.openssh.ports = []  # default
    services.openssh.settings.password-authentication = true  # default
    services.openssh.settings.permit-root-login = "prohibit-password"  # isoplug.toml:21:66
    "#);
    let error = explain(&system, "networking.hostnam").unwrap_err();
    assert_snapshot!(error.plain(&system.texts), @r"
    error[unknown-option]: there is no option `networking.hostnam`
      help: did you mean `networking.hostname`?
    ");
}

#[test]
fn who_is_logged_in_at_the_console_needs_the_program_that_does_it() {
    let wants = |lines: &str| {
        let system = support::profile(lines).unwrap();
        let mut packages = system.packages().into_iter();
        let login = packages.find(|package| package.what.name == "login");
        login.map(|login| login.because.as_str().to_owned())
    };
    let option = "services.getty.autologin-user";
    assert_eq!(wants(&format!("{option} = \"root\"")).as_deref(), Some(option));
    assert_eq!(wants("networking.hostname = \"a\""), None);
}
