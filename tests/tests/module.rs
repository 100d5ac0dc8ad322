//! Shared modules: profiles that one folder publishes and the manifests of others extend, pinned and signed.
#![cfg(test)]

#[path = "module/wrong.rs"]
mod wrong;

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

const NAME: &str = "r.example/acme/base";

/// What Acme publishes: a project that builds by itself, too.
const BASE: &str = r#"
[image]
name = "acme-base"
version = "3.2.0"
description = "What all images of Acme have"

[profiles.base]
networking = { hostname = "acme", backend = "none" }
include = ["parts/motd.toml"]
packages.install = ["tool"]

[profiles.web]
extends = "base"
packages.install = ["app"]
"#;
const MOTD: &str = "[[files]]\ntarget = \"/etc/motd\"\nsource = \"motd\"\n";

/// A publisher with a key, a folder as its registry, and a team that extends what it publishes.
struct Acme {
    base: Space,
    team: Served,
}

impl Acme {
    fn new() -> Self {
        let acme = Self { base: Space::with_manifest(BASE), team: Served::default() };
        acme.base.write("parts/motd.toml", MOTD);
        acme.base.write("parts/motd", "Welcome to Acme\n");
        acme.base.write("notes", "of nobody's business");
        acme.base.ok(&["plugin", "keygen", "acme.key"]);
        acme.publish("acme.key");
        acme.team.change("[profiles.p]\n", "[profiles.p]\nextends = \"acme:web\"\n");
        acme.team.change("packages.install = [\"app\"]\n", "");
        acme.says(&format!("registry = \"{}\"\nversion = \"^3.2\"", acme.repository()));
        let key = acme.base.path("acme.key.pub").display().to_string();
        acme.team.space.ok(&["plugin", "trust", "acme", &key]);
        acme
    }

    /// Lets the team's manifest say so of the module.
    fn says(&self, source: &str) {
        let manifest = self.team.space.read("isoplug.toml");
        let manifest = manifest.split("\n[modules.acme]").next().unwrap().to_owned();
        self.team.write(&format!("{manifest}\n[modules.acme]\n{source}\n"));
    }

    fn repository(&self) -> String {
        format!("oci-layout:{}#{NAME}", self.base.path("registry").display())
    }

    fn publish(&self, key: &str) -> String {
        self.base.run(&["module", "publish", &self.repository(), "--key", key])
    }

    fn raise(&self, from: &str, to: &str) {
        let manifest = self.base.read("isoplug.toml");
        self.base.write("isoplug.toml", &manifest.replace(from, to));
    }

    /// Runs the team's command; where the registry is, is left out.
    fn run(&self, arguments: &[&str]) -> String {
        let registry = self.base.path("registry").display().to_string();
        self.team.run(arguments).replace(&registry, "[REGISTRY]")
    }
}

#[test]
fn a_profile_of_a_registry_is_extended_as_one_of_the_manifest() {
    let acme = Acme::new();
    assert_snapshot!(acme.run(&["lock"]), @r"
    exit: 0
    --- stdout
    --- stderr
    resolving module acme
    resolving p for amd64
    isoplug.lock pins p
    ");
    let lock = acme.team.space.read("isoplug.lock");
    assert!(lock.contains("[[module]]\nname = \"acme\"") && lock.contains("publisher = \"acme\""));
    assert_snapshot!(acme.run(&["explain", "networking.hostname"]), @r#"
    exit: 0
    --- stdout
    networking.hostname = "acme"
      The host name.
      type:    a string
      default: "localhost"
      set by:  "acme" at module:acme/isoplug.toml:8:27
    --- stderr
    "#);
    assert_snapshot!(acme.run(&["module", "list"]), @r"
    exit: 0
    --- stdout
    acme  3.2.0  acme  oci-layout:[REGISTRY]#r.example/acme/base
    --- stderr
    ");
    // The registry is not needed any more; and the image is the one of the same profiles in a folder.
    let registered = acme.iso_key();
    std::fs::rename(acme.base.path("registry"), acme.base.path("gone")).unwrap();
    acme.team.space.ok(&["check"]);
    acme.says(&format!("path = \"{}\"", acme.base.path("").display()));
    acme.team.space.ok(&["trust", "--yes"]);
    assert_eq!(registered, acme.iso_key());
}

impl Acme {
    fn iso_key(&self) -> String {
        let plan = self.team.space.ok(&["plan", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let stages = plan["stages"].as_array().unwrap();
        let iso = stages.iter().find(|stage| stage["title"] == "iso").expect("a stage");
        iso["key"].to_string()
    }
}

#[test]
fn a_newer_version_is_taken_when_it_is_asked_for() {
    let acme = Acme::new();
    acme.team.space.ok(&["lock"]);
    acme.raise("\"3.2.0\"", "\"3.3.0\"");
    acme.raise("hostname = \"acme\"", "hostname = \"new\"");
    acme.publish("acme.key");
    assert!(acme.run(&["explain", "networking.hostname"]).contains("\"acme\""));
    assert_snapshot!(acme.run(&["module", "update", "--dry-run"]), @r"
    exit: 0
    --- stdout
    acme: 3.2.0 -> 3.3.0
    --- stderr
    ");
    assert!(acme.run(&["explain", "networking.hostname"]).contains("\"acme\""));
    assert_snapshot!(acme.run(&["module", "update", "acme"]), @r"
    exit: 0
    --- stdout
    acme: 3.2.0 -> 3.3.0
    --- stderr
    ");
    assert!(acme.run(&["explain", "networking.hostname"]).contains("\"new\""));
    assert_snapshot!(acme.run(&["module", "update"]), @r"
    exit: 0
    --- stdout
    acme: 3.3.0, nothing changes
    --- stderr
    ");
    assert_snapshot!(acme.run(&["module", "update", "other"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no module `other`
      try: one of its modules: acme
    ");
    // Another major version is not what the manifest accepts.
    acme.raise("\"3.3.0\"", "\"4.0.0\"");
    acme.publish("acme.key");
    assert!(acme.run(&["module", "update"]).contains("acme: 3.3.0, nothing changes"));
}

#[test]
fn another_signer_another_content_and_none_are_refused() {
    let acme = Acme::new();
    acme.team.space.ok(&["lock"]);
    acme.raise("\"3.2.0\"", "\"3.3.0\"");
    acme.base.ok(&["plugin", "keygen", "other.key"]);
    let key = acme.base.path("other.key.pub").display().to_string();
    acme.team.space.ok(&["plugin", "trust", "other", &key]);
    acme.publish("other.key");
    assert_snapshot!(acme.run(&["module", "update"]), @r"
    exit: 4
    --- stdout
    --- stderr
    error: the publisher of module acme changed: acme signed 3.2.0, other signed 3.3.0
      try: ask both publishers why; to go on, remove [[module]] acme from isoplug.lock and run `isoplug lock`
    ");
    acme.raise("\"3.3.0\"", "\"3.2.0\"");
    acme.base.write("parts/motd", "Another one\n");
    assert_snapshot!(acme.publish("acme.key"), @r"
    exit: 4
    --- stdout
    --- stderr
    publishing isoplug.toml
    publishing parts/motd
    publishing parts/motd.toml
    error: acme-base 3.2.0 is not published: this version is published already with other contents (sha256:[SHA256]): raise the version
    ");
    acme.raise("\"3.2.0\"", "\"3.4.0\"");
    acme.base.ok(&["module", "publish", &acme.repository(), "--unsigned"]);
    assert_snapshot!(acme.run(&["module", "update"]), @r#"
    exit: 4
    --- stdout
    --- stderr
    error: r.example/acme/base 3.4.0 is not signed
      try: ask its publisher to sign it with `isoplug plugin sign`, or set trust.default to "locked" to rely on the lock alone
    "#);
}
