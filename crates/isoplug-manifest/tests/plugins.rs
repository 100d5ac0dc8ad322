//! Plugins in an evaluation: their options, what they set, what they report, and what is wrong.

#![cfg(test)]

use insta::assert_snapshot;
use isoplug_manifest::plugin::{
    Answer, Call, Described, PluginModule, PluginSource, Plugins, Report, Segment,
};
use isoplug_manifest::strength::Strength;
use isoplug_manifest::{Diagnostics, Input, Severity, System, evaluate, explain};
use serde_json::{Value as Json, json};

/// A plugin that sets what it is told to, and reports what it is told to.
#[derive(Default)]
struct Fake {
    fragments: Vec<(Json, Strength)>,
    reports: Vec<Report>,
    calls: Vec<(String, Json)>,
    architectures: Vec<String>,
}

impl Plugins for Fake {
    fn describe(&mut self, _: &str, source: &PluginSource) -> Result<Described, String> {
        if source.path.as_deref() == Some("absent.wasm") {
            return Err("there is no file absent.wasm".to_owned());
        }
        let options = json!({
            "type": "object",
            "properties": {
                "level": { "enum": ["low", "high"], "default": "low", "description": "How strict." },
                "banner": { "type": "string" },
                "ratio": { "type": "number", "default": 0.5 },
                "ciphers": { "type": "array", "items": { "type": "string" }, "default": [] },
                "limits": {
                    "type": "object",
                    "properties": { "files": { "type": "integer", "minimum": 1, "default": 64 } }
                }
            },
            "required": ["banner"],
            "additionalProperties": false
        });
        let architectures = self.architectures.clone();
        Ok(Described { version: "1.2.0".to_owned(), options, contributes: true, architectures })
    }

    fn contribute(&mut self, calls: &[Call<'_>]) -> Answer {
        self.calls = calls.iter().map(|c| (c.name.to_owned(), c.options.clone())).collect();
        let Some(call) = calls.first() else { return Answer::default() };
        assert_eq!(call.facts["image.profile"], "p");
        let plugin = call.name.to_owned();
        let fragments = self.fragments.clone();
        let modules = vec![PluginModule { plugin, name: "sysctl".to_owned(), fragments }];
        Answer { modules, reports: self.reports.clone() }
    }
}

const HEAD: &str = "image.name = \"t\"\nplugins.hardening.path = \"h.wasm\"\n";

fn run(fake: &mut Fake, text: &str) -> Result<System, Diagnostics> {
    let mut load = |_: &str| Err("no such file".to_owned());
    let (name, text) = ("isoplug.toml", &format!("{HEAD}{text}"));
    evaluate(Input {
        name,
        text,
        profile: "p",
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins: fake,
    })
}

fn mistakes(fake: &mut Fake, text: &str) -> String {
    run(fake, text).unwrap_err().to_string()
}

const MINIMAL: &str = "config.hardening.banner = \"hi\"\n[profiles.p]\n";

#[test]
fn options_are_checked_and_filled() {
    let mut fake = Fake::default();
    let text = "[config.hardening]\nbanner = \"hi\"\nciphers = [\"a\"]\n\
        [profiles.p.plugins.hardening.config]\nbanner = \"ho\"\nlimits.files = 3\n";
    let system = run(&mut fake, text).unwrap();
    let options = json!({
        "banner": "ho", "ciphers": ["a"], "level": "low", "limits": { "files": 3 }, "ratio": 0.5
    });
    assert_eq!(fake.calls, [("hardening".to_owned(), options.clone())]);
    assert_eq!(system.config["hardening"], options);
    assert_snapshot!(explain(&system, "plugins.hardening.config").unwrap(), @r#"
    plugins.hardening.config.banner = "ho"  # isoplug.toml:7:10
    plugins.hardening.config.ciphers = ["a"]  # isoplug.toml:5:11
    plugins.hardening.config.level = "low"  # default
    plugins.hardening.config.limits.files = 3  # isoplug.toml:8:16
    plugins.hardening.config.ratio = 0.5  # default
    "#);
}

#[test]
fn mistakes_are_drawn_on_the_users_lines() {
    let text = "[plugins]\nfar.path = \"absent.wasm\"\n[grants.hardning]\n[grants.hardening]\n\
        files = [\"/etc/**\"]\nmerge = [\"packages.instal\"]\n[config.hardening]\nlevel = \"hihg\"\n\
        banner = 3\n[profiles.p.plugins.hardening.config]\nlimts = {}\n";
    assert_snapshot!(mistakes(&mut Fake::default(), &text.replace("[plugins]\n", "plugins.")), @r#"
    isoplug.toml:3:9: error[plugin::unusable]: plugin `far` cannot be used: there is no file absent.wasm
    isoplug.toml:4:9: error[unknown-plugin]: there is no plugin `hardning`
      help: did you mean `hardening`?
    isoplug.toml:6:10: error[bad-pattern]: "/etc/**" does not say of which tree
      help: begin with `root:/` for the root filesystem or `iso:/` for the medium
    isoplug.toml:7:10: error[unknown-option]: there is no option `packages.instal`
      help: did you mean `packages.install`?
    isoplug.toml:9:9: error[unknown-value]: found "hihg", expected one of "low", "high"
      help: did you mean `high`?
    isoplug.toml:10:10: error[wrong-type]: found an integer, expected a string
    isoplug.toml:12:1: error[unknown-key]: there is no key `limts` here
      help: did you mean `limits`?
    "#);
    assert_snapshot!(mistakes(&mut Fake::default(), "[profiles.p]\nplugins.hardning.enable = false\n"), @r"
    isoplug.toml:4:9: error[unknown-key]: there is no key `hardning` here
      help: did you mean `hardening`?
    ");
}

#[test]
fn a_plugin_says_for_which_architectures_it_is() {
    let mut fake = Fake { architectures: vec!["arm64".to_owned()], ..Fake::default() };
    assert_snapshot!(mistakes(&mut fake, MINIMAL), @"
    isoplug.toml:2:9: error[plugin::architecture]: plugin `hardening` 1.2.0 is for images of arm64, and this one is of amd64
      help: a version of it that is for amd64, or leave it out there: `plugins.hardening.enable = false` in [profiles.p.when.arch.amd64]
    ");
    assert!(fake.calls.is_empty());
    // Whoever does not use it in such images has them.
    let without = format!("{MINIMAL}when.arch.amd64.plugins.hardening.enable = false\n");
    run(&mut fake, &without).unwrap();
    fake.architectures.push("amd64".to_owned());
    run(&mut fake, MINIMAL).unwrap();
    assert_eq!(fake.calls.len(), 1);
}

#[test]
fn what_a_plugin_sets_has_its_name() {
    let force = json!({ "networking": { "hostname": "safe" }, "packages": { "install": ["vim"] } });
    let weak = json!({ "boot": { "kernel-params": ["quiet"] } });
    let fragments = vec![(force, Strength::Force), (weak, Strength::Fallback)];
    let mut fake = Fake { fragments, ..Fake::default() };
    let text = format!("{MINIMAL}networking.hostname = \"mine\"\n");
    let system = run(&mut fake, &text).unwrap();
    assert_snapshot!(explain(&system, "networking.hostname").unwrap(), @r#"
    networking.hostname = "safe"
      The host name.
      type:    a string
      default: "localhost"
      set by:  "safe" (force) at plugin hardening 1.2.0, module sysctl:2:12
      beats:   "mine" at isoplug.toml:5:23
    "#);
    assert_eq!(system.options.boot.kernel_params, ["quiet"]);
    let origin = system.origin_of("packages.install", "vim").unwrap();
    let place = system.texts.place(origin);
    assert!(place.starts_with("plugin hardening 1.2.0, module sysctl:"), "{place}");
}

#[test]
fn a_conflict_shows_plugin_and_user() {
    let fragments = vec![(json!({ "networking": { "hostname": "safe" } }), Strength::Normal)];
    let mut fake = Fake { fragments, ..Fake::default() };
    let text = format!("{MINIMAL}networking.hostname = \"mine\"\n");
    assert_snapshot!(mistakes(&mut fake, &text), @r#"
    isoplug.toml:5:23: error[conflict]: `networking.hostname` has two different values
      isoplug.toml:5:23: "mine" here
      plugin hardening 1.2.0, module sysctl:2:12: "safe" here
      help: say which one holds with `{ force = … }`, or give way with `{ fallback = … }`
    "#);
}

#[test]
fn what_a_plugin_sets_is_checked() {
    let fragment = json!({
        "packages": { "instal": ["vim"] },
        "files": [{ "target": "/x", "source": "/etc/shadow" }],
        "plugins": { "hardening": { "enable": false } }
    });
    let mut fake = Fake { fragments: vec![(fragment, Strength::Normal)], ..Fake::default() };
    assert_snapshot!(mistakes(&mut fake, MINIMAL), @r"
    plugin hardening 1.2.0, module sysctl:2:10: error[foreign-path]: a plugin cannot name a file of the build machine
      isoplug.toml:2:9: the plugin
    plugin hardening 1.2.0, module sysctl:6:1: error[unknown-key]: there is no key `instal` here
      isoplug.toml:2:9: the plugin
      help: did you mean `install`?
    plugin hardening 1.2.0, module sysctl:8:2: error[unknown-key]: there is no key `plugins` here
      isoplug.toml:2:9: the plugin
      help: known here: `boot`, `desktop`, `drivers`, `files`, `firmware`, `initrd`, `install`, `iso`, `kernel`, `kiosk`, `licences`, `live`, `localisation`, `microcode`, `networking`, `packages`, `root`, `scripts`, `secrets`, `security`, `services`, `squashfs`, `systemd`, `tests`, `users`, `vulnerabilities`
    ");
}

#[test]
fn what_a_plugin_sets_is_toml() {
    let fragments = vec![(json!({ "packages": null }), Strength::Normal)];
    let mut fake = Fake { fragments, ..Fake::default() };
    assert_snapshot!(mistakes(&mut fake, MINIMAL), @r"
    isoplug.toml:2:9: error[plugin::fragment]: plugin hardening 1.2.0, module sysctl sets what no manifest can: unsupported unit type
      isoplug.toml:2:9: the plugin
    ");
}

fn report(severity: Severity, code: &str, at: &[Segment]) -> Report {
    Report {
        plugin: "hardening".to_owned(),
        severity,
        code: code.to_owned(),
        message: "too weak".to_owned(),
        at: at.to_vec(),
        help: Some("use another".to_owned()),
    }
}

#[test]
fn reports_are_drawn_on_the_option_that_they_name() {
    let key = |key: &str| Segment::Key(key.to_owned());
    let reports = vec![
        report(Severity::Error, "weak-cipher", &[key("ciphers"), Segment::Index(1)]),
        report(Severity::Warning, "weak-level", &[key("level")]),
        report(Severity::Note, "whole", &[]),
    ];
    let mut fake = Fake { reports, ..Fake::default() };
    let text = "[config.hardening]\nbanner = \"hi\"\nciphers = [\"aes\", \"des\"]\n[profiles.p]\n";
    assert_snapshot!(mistakes(&mut fake, text), @r"
    isoplug.toml:2:9: note[hardening::whole]: too weak
      help: use another
    isoplug.toml:3:1: warning[hardening::weak-level]: too weak
      help: use another
    isoplug.toml:5:19: error[hardening::weak-cipher]: too weak
      help: use another
    ");
}

#[test]
fn a_profile_can_do_without_a_plugin() {
    let mut fake = Fake::default();
    let system = run(&mut fake, "[profiles.p]\nplugins.hardening.enable = false\n").unwrap();
    assert_eq!(fake.calls, []);
    assert!(system.config.is_empty());
}
