//! `isoplug plugin`, and what plugins do to the other commands.
#![cfg(test)]

#[path = "plugin/terminal.rs"]
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::real::{self, Example, Medium};
use isoplug_tests::require;
use isoplug_tests::served::{Served, packages};
use isoplug_tests::space::Space;
use terminal::{CTRL_C, CTRL_D, typed};

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
      Parameters for the kernel, such as `console=ttyS0,115200`. A value with blanks stands between
      double quotes: `dyndbg="file hub.c +p"`. GRUB can pass on no `'`, `\` or other `"`.
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

#[test]
fn a_person_is_asked_on_a_terminal() {
    require!(terminal::can_be_played(), "script is not installed");
    let manifest = "image.name = \"t\"\n\n[profiles.p]\n";
    let space = Space::with_manifest(manifest);
    fs::copy(fixture("hello-rust.wasm"), space.path("hello.wasm")).unwrap();
    let add = |keys| typed(&space, "plugin add hello.wasm", keys);
    assert_snapshot!(add("n\n"), @r"
    exit: 4
    hello-rust 0.1.0, published by nobody: a file
      Greets: one package, one kernel argument, one file
      licence: MIT
      homepage: https://github.com/isoplug/isoplug
    plugin hello 0.1.0 asks for:
      files root:/etc/motd.d/**
      merge packages.install
      merge boot.kernel-params
      kernel-params isoplug.hello=*
    With that it can:
      run programs as root whenever the image boots (packages.install)
      change how the kernel and the first programs start (isoplug.hello=*)
    Grant this? [y/N] n
    error: plugin hello 0.1.0 is not granted what it asks for
    ");
    assert_snapshot!(after_the_question(&add("\n")), @r"
    exit: 4
    Grant this? [y/N] 
    error: plugin hello 0.1.0 is not granted what it asks for
    ");
    assert_snapshot!(after_the_question(&add(CTRL_D)), @r"
    exit: 4
    Grant this? [y/N] 
    error: plugin hello 0.1.0 is not granted what it asks for
    ");
    assert_snapshot!(after_the_question(&add(CTRL_C)), @r"
    exit: 130
    Grant this? [y/N] ^C
    error: stopped before an answer
    ");
    assert_eq!(space.read("isoplug.toml"), manifest);
    assert_snapshot!(after_the_question(&add("Y\n")), @r"
    exit: 0
    Grant this? [y/N] Y
    hello 0.1.0
    ");
    assert!(space.read("isoplug.toml").contains("[grants.hello]"));
}

/// Returns the exit code and what comes after the question, which is always the same.
fn after_the_question(text: &str) -> String {
    let (code, rest) = text.split_once('\n').unwrap();
    format!("{code}\n{}", &rest[rest.find("Grant this?").unwrap()..])
}

#[test]
fn a_build_that_is_to_be_repeated_tells_of_files() {
    let served = with_plugin("");
    served.space.ok(&["lock"]);
    assert!(!served.run(&["plan"]).contains("warning"));
    let locked = served.run(&["plan", "--locked", "--format", "json"]);
    let (_, stderr) = locked.split_once("--- stderr\n").unwrap();
    assert_snapshot!(stderr, @r#"
    warning[plugin::unpinned]: plugin `hello` is a file, which the lock does not pin
      --> isoplug.toml:15:14
       |
    15 | hello.path = "hello.wasm"
       |              ^^^^^^^^^^^^
       |
       = help: this build takes sha256:[SHA256]; what `isoplug plugin publish` put into a registry, `isoplug plugin add` pins
    "#);
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
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let greeting = Command::new("unsquashfs")
        .arg("-cat")
        .arg(copied("live/filesystem.squashfs"))
        .arg("etc/motd.d/hello")
        .output();
    assert_eq!(greeting.unwrap().stdout, b"Hello from a plugin\n");
}
