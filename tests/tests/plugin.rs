//! `isoplug plugin`, and what plugins do to the other commands.
#![cfg(test)]

#[path = "plugin/registry.rs"]
mod registry;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::real::{self, Example};
use isoplug_tests::require;
use isoplug_tests::served::{Served, packages};
use isoplug_tests::space::Space;
use registry::{Registry, altered, has};

const GRANTS: &str = r#"
[grants.hello]
files = ["root:/etc/motd.d/**"]
merge = ["packages.install", "boot.kernel-params"]
kernel-params = ["isoplug.hello=*"]
"#;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/fixtures").join(name)
}

/// Serves an archive that has what the plugin installs, with a manifest that has the plugin.
fn with_plugin(more: &str) -> Served {
    let mut packages = packages();
    packages.push(Package::new("hello", "2.10").file("usr/bin/hello", b"#!/bin/sh\n"));
    let served = Served::new(&packages);
    fs::copy(fixture("hello-rust.wasm"), served.space.path("hello.wasm")).unwrap();
    let manifest = served.manifest("packages.install = [\"app\"]");
    let plugin = "[plugins]\nhello.path = \"hello.wasm\"\n";
    served.write(&format!("{manifest}\n{plugin}{GRANTS}\n{more}"));
    served
}

#[test]
fn help() {
    let space = Space::new();
    assert_snapshot!(space.first_lines(&["plugin", "--help"]), @r"
    Add, update and write plugins

    Usage: isoplug plugin [OPTIONS] <COMMAND>
    ");
    let commands = [
        "add", "remove", "update", "list", "info", "options", "search", "verify", "mirror",
        "vendor", "pack", "sign", "publish", "keygen", "trust", "new", "build", "test", "run",
        "lint",
    ];
    for command in commands {
        let help = space.ok(&["plugin", command, "--help"]);
        assert!(help.contains("Example"), "plugin {command} has no example");
    }
}

#[test]
fn a_plugin_adds_packages_and_kernel_parameters() {
    let served = with_plugin("");
    assert_snapshot!(served.run(&["explain", "boot.kernel-params"]), @r#"
    exit: 0
    --- stdout
    boot.kernel-params = ["isoplug.hello=1"]
      Parameters for the kernel, such as `console=ttyS0,115200`.
      type:    a list
      default: []
      item:    "isoplug.hello=1" at plugin hello [VERSION], module hello:2:18
    --- stderr
    "#);
    served.space.ok(&["lock"]);
    assert!(served.space.read("isoplug.lock").contains("\"hello 2.10 "));
    let plan = served.space.ok(&["plan"]);
    let order = ["network", "users", "plugin hello", "services", "files", "live"];
    let places: Vec<usize> =
        order.iter().map(|name| plan.find(&format!("─ {name} (")).expect(name)).collect();
    assert!(places.is_sorted(), "{plan}");
}

#[test]
fn what_is_wrong_is_drawn_on_the_users_lines() {
    let served = with_plugin("[config.hello]\ngreeting = \"\"\n");
    let refused = served.run(&["check"]);
    assert!(refused.starts_with("exit: 4\n"), "{refused}");
    assert!(refused.contains("error[hello::empty-greeting]: there is nothing to say"), "{refused}");
    assert!(refused.contains("greeting = \"\""), "{refused}");
    served.change("greeting = \"\"", "greting = \"x\"");
    let unknown = served.run(&["check"]);
    assert!(unknown.starts_with("exit: 2\n"), "{unknown}");
    assert!(unknown.contains("did you mean `greeting`?"), "{unknown}");
    served.change("greting = \"x\"", "");
    served.change(", \"boot.kernel-params\"", "");
    let denied = served.run(&["build"]);
    assert!(denied.starts_with("exit: 4\n"), "{denied}");
    assert!(denied.contains("`merge = [\"boot.kernel-params\"]` in [grants.hello]"), "{denied}");
    served.change("hello.wasm", "absent.wasm");
    let absent = served.run(&["check"]);
    assert!(absent.contains("there is no file absent.wasm"), "{absent}");
}

#[test]
fn a_profile_sets_and_disables_plugins() {
    let served = with_plugin("[profiles.q]\nextends = \"p\"\nplugins.hello.enable = false\n");
    let without = served.space.ok(&["explain", "-p", "q", "boot.kernel-params"]);
    assert!(without.starts_with("boot.kernel-params = []"), "{without}");
    served.change("plugins.hello.enable = false", "plugins.hello.config.greeting = \"\"");
    assert!(served.run(&["check", "-p", "q"]).starts_with("exit: 4\n"));
    assert!(served.run(&["check", "-p", "p"]).starts_with("exit: 0\n"));
}

#[test]
fn the_schema_has_the_plugins_options() {
    let served = with_plugin("");
    let schema: serde_json::Value = serde_json::from_str(&served.space.ok(&["schema"])).unwrap();
    assert_eq!(schema["$defs"]["plugin.hello"]["properties"]["greeting"]["type"], "string");
    let options = served.space.ok(&["plugin", "options", "hello"]);
    assert!(options.starts_with("greeting "), "{options}");
}

#[test]
fn a_file_is_added_once_its_requests_are_granted() {
    let space = Space::with_manifest("image.name = \"t\"   # mine\n\n[profiles.p]\n");
    fs::copy(fixture("hello-rust.wasm"), space.path("hello.wasm")).unwrap();
    let refused = space.run(&["plugin", "add", "hello.wasm"]);
    assert!(refused.starts_with("exit: 4\n"), "{refused}");
    assert_eq!(space.ok(&["plugin", "add", "hello.wasm", "--grant-all"]), "hello 0.1.0");
    assert_snapshot!(space.read("isoplug.toml"), @r#"
    image.name = "t"   # mine

    [profiles.p]

    [plugins]
    hello = { path = "hello.wasm" }

    [grants.hello]
    files = ["root:/etc/motd.d/**"]
    merge = ["packages.install", "boot.kernel-params"]
    kernel-params = ["isoplug.hello=*"]
    "#);
    assert!(space.run(&["plugin", "add", "hello.wasm", "--yes"]).starts_with("exit: 2\n"));
    space.ok(&["plugin", "remove", "hello"]);
    assert_eq!(space.read("isoplug.toml"), "image.name = \"t\"   # mine\n\n[profiles.p]\n");
    assert_snapshot!(space.run(&["plugin", "remove", "hello"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no plugin `hello`
      try: `isoplug plugin add` takes one into it
    ");
}

/// A registry, a publisher's space, and a project that trusts the publisher.
struct Trade {
    registry: Registry,
    publisher: Space,
    project: Served,
}

const REPOSITORY: &str = "isoplug/hello-c";

impl Trade {
    fn new() -> Option<Self> {
        let registry = Registry::start()?;
        let (publisher, project) = (Space::new(), with_plugin(""));
        for key in ["acme.key", "other.key"] {
            publisher.ok(&["plugin", "keygen", key]);
        }
        let trade = Self { registry, publisher, project };
        trade.project.write(&trade.project.manifest("packages.install = [\"app\"]"));
        let key = trade.publisher.read("acme.key.pub");
        trade.project.space.write("acme.pub", &key);
        trade.project.space.ok(&["plugin", "trust", "acme", "acme.pub"]);
        Some(trade)
    }

    /// Publishes a version of the plugin, changed in these texts.
    fn publish(
        &self,
        version: &str,
        changes: &[(&str, &str)],
        key: &str,
        repository: &str,
    ) -> String {
        let version = format!("\"version\":\"{version}\"");
        let all = [&[("\"version\":\"0.1.0\"", version.as_str())], changes].concat();
        altered(&fixture("hello-c.wasm"), &self.publisher.path("x.wasm"), &all);
        let repository = self.registry.repository(repository);
        self.publisher.run(&["plugin", "publish", "x.wasm", &repository, "--key", key])
    }

    fn update(&self) -> String {
        self.project.run(&["plugin", "update"])
    }
}

fn exits(code: u8, text: &str) {
    assert!(text.starts_with(&format!("exit: {code}\n")), "{text}");
}

#[test]
fn a_plugin_goes_from_its_publisher_into_a_build() {
    require!(has("docker-registry") && has("skopeo"), "docker-registry or skopeo is not installed");
    let trade = Trade::new().expect("a registry");
    let repository = trade.registry.repository(REPOSITORY);
    let space = &trade.project.space;
    exits(0, &trade.publish("0.1.0", &[], "acme.key", REPOSITORY));

    // Search and add.
    let index = trade.registry.repository("isoplug");
    let found = space.ok(&["plugin", "search", "--index", &index, "greets"]);
    assert!(found.starts_with(&format!("{repository}  0.1.0  Greets")), "{found}");
    exits(4, &trade.project.run(&["plugin", "add", &repository, "--name", "hello"]));
    let add = ["plugin", "add", &repository, "--name", "hello", "--version", "^0.1", "--yes"];
    assert_eq!(space.ok(&add), "hello 0.1.0");
    assert!(space.ok(&["explain", "boot.kernel-params"]).contains("plugin hello 0.1.0"));
    exits(0, &trade.project.run(&["plugin", "verify"]));
    space.ok(&["lock"]);

    // A tag that moves is not followed; what is locked still builds.
    let evil = [("Greets: one", "Greats: one")];
    exits(4, &trade.publish("0.1.0", &evil, "acme.key", REPOSITORY));
    exits(0, &trade.publish("0.1.0", &evil, "acme.key", "evil/hello-c"));
    trade.registry.retag("evil/hello-c:0.1.0", "isoplug/hello-c:0.1.0");
    let moved = trade.update();
    exits(4, &moved);
    assert!(moved.contains("moved: locked sha256:"), "{moved}");
    let fresh = Space::at(space.path("")).env("ISOPLUG_STORE", "store-2");
    let plan = fresh.ok(&["plan", "--locked", "--format", "json"]);
    let lock = space.read("isoplug.lock");

    // A newer version that asks for more stops, and one by another publisher does.
    exits(0, &trade.publish("0.1.2", &[], "acme.key", REPOSITORY));
    let wider = ("\"files\":[\"root:/etc/motd.d/**\"]", "\"files\":[\"root:/etc/**\"]");
    let manifest = space.read("isoplug.toml");
    space.write("isoplug.toml", &manifest.replace("^0.1", "=0.1.2"));
    let moved = trade.update();
    exits(4, &moved);
    assert!(moved.contains("moved"), "an old tag that moved is a sign: {moved}");
    exits(0, &trade.publish("0.2.0", &[wider], "acme.key", "isoplug/wider"));
    let other = trade.registry.repository("isoplug/wider");
    space.write("isoplug.toml", &manifest.replace(&repository, &other).replace("^0.1", "^0.2"));
    let more = trade.project.run(&["build"]);
    exits(4, &more);
    assert!(more.contains("files root:/etc/**"), "{more}");
    space.ok(&["plugin", "update", "--grant-all"]);
    exits(0, &trade.publish("0.2.1", &[], "other.key", "isoplug/wider"));
    exits(4, &trade.update());
    let key = trade.publisher.read("other.key.pub");
    space.write("other.pub", &key);
    space.ok(&["plugin", "trust", "other", "other.pub"]);
    let changed = trade.update();
    exits(4, &changed);
    assert!(changed.contains("the publisher of plugin hello changed"), "{changed}");

    // A mirror serves the same build when the registry is gone.
    space.write("isoplug.toml", &manifest);
    space.write("isoplug.lock", &lock);
    space.ok(&["plugin", "mirror", "usb"]);
    let host = trade.registry.host();
    drop(trade.registry);
    let usb = space.path("usb").display().to_string();
    space.write("config.toml", &format!("mirror.\"{host}\" = \"oci-layout:{usb}\"\n"));
    let config = space.path("config.toml").display().to_string();
    let alone = Space::at(space.path("")).env("ISOPLUG_STORE", "store-3");
    exits(4, &alone.run(&["plan", "--locked", "--offline"]));
    let mirrored = alone.env("ISOPLUG_CONFIG", &config);
    assert_eq!(mirrored.ok(&["plan", "--locked", "--offline", "--format", "json"]), plan);
}

#[test]
fn a_build_has_what_the_plugin_adds() {
    let _turn = real::turn();
    let built = real::minimal();
    let example = Example::minimal();
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    fs::copy(fixture("hello-rust.wasm"), example.path("hello.wasm")).unwrap();
    let manifest = example.space.read("isoplug.toml");
    let plugin = "[plugins]\nhello.path = \"hello.wasm\"\n";
    example.space.write("isoplug.toml", &format!("{manifest}\n{plugin}{GRANTS}"));
    example.space.ok(&["build", "--store", &built.store_path()]);
    let reader = isoplug_formats::iso::Reader::open(&example.iso()).unwrap();
    let copied = |path: &str| {
        let target = example.path("copied");
        reader.copy(path, &mut fs::File::create(&target).unwrap()).unwrap();
        target
    };
    let menu = fs::read_to_string(copied("boot/grub/grub.cfg")).unwrap();
    assert!(menu.contains("isoplug.hello=1"), "{menu}");
    let sbom = example.space.read("out/minimal-2026.11-amd64.iso.spdx.json");
    assert!(sbom.contains("BUILD_TOOL_OF"), "the plugin is in the bill of materials");
    require!(has("unsquashfs"), "unsquashfs is not installed");
    let greeting = Command::new("unsquashfs")
        .arg("-cat")
        .arg(copied("live/filesystem.squashfs"))
        .arg("etc/motd.d/hello")
        .output();
    assert_eq!(greeting.unwrap().stdout, b"Hello from a plugin\n");
}
