//! Builds with plugins that do harm: each is told apart by a clear message, and leaves nothing behind.

#![cfg(test)]

#[path = "../../crates/isoplug-plugin/tests/host/guest.rs"]
#[expect(dead_code, reason = "the host's own tests use the rest")]
mod guest;

use std::fs;
use std::os::unix::fs::symlink;

use guest::{Guest, WIT};
use insta::assert_snapshot;
use isoplug_tests::real::{self, sha256};
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

const PLUGIN: &str = "
[plugins]
toy.path = \"toy.wasm\"

[grants.toy]
files = [\"root:/etc/**\"]
limits = { fuel = \"100M\", memory = \"32MiB\" }
";

/// Whatever a plugin can do wrong while the manifest is evaluated.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let begin = || Guest::contributor().module("a");
    let whole = begin().bytes();
    let sockets = "package wasi:sockets@0.2.6; interface tcp { connect: func(); }";
    let random = "package wasi:random@0.2.6; interface random { get-random-u64: func() -> u64; }";
    let changing = "(i64.store (i32.const 200) (call $random))
        (i32.store (i32.const 48) (i32.const 4096)) (i32.store (i32.const 52) (i32.const 1))
        (i32.store8 (i32.const 4096)
            (i32.add (i32.const 97) (i32.and (i32.load (i32.const 200)) (i32.const 7))))";
    let mut describes = Guest::contributor().imports("wasi:random/random@0.2.6", random).with(
        "(import \"wasi:random/random@0.2.6\" \"get-random-u64\" (func $random (result i64)))",
    );
    describes.text("x");
    let guests = [
        ("endless loop", begin().does("(loop $again (br $again))")),
        ("memory bomb", begin().does("(loop $again (drop (memory.grow (i32.const 16))) (br $again))")),
        (
            "table bomb",
            begin().with("(table $t 1 funcref)").does(
                "(loop $again (drop (table.grow $t (ref.null func) (i32.const 100000))) (br $again))",
            ),
        ),
        (
            "endless recursion",
            begin()
                .with("(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))")
                .does("(drop (call $deep (i32.const 0)))"),
        ),
        ("huge text", begin().does("(call $log (i32.const 1) (i32.const 0) (i32.const 0x7fffffff))")),
        ("path of no text", begin().file("root", b"/etc/\xff", "", 0o644)),
        ("path upwards", begin().file("root", "/etc/../usr/x", "", 0o644)),
        ("path to nowhere", begin().file("root", "etc/x", "", 0o644)),
        ("path with NUL", begin().file("root", "/etc/a\0b", "", 0o644)),
        ("setuid", begin().file("root", "/etc/su", "", 0o4755)),
        ("device", begin().file("root", "/etc/sda", "", 0o060_644)),
        ("no files of its own", begin().file("root", "/usr/bin/x", "", 0o755)),
        (
            "millions of files",
            begin().does("(loop $files").folder("root", "/etc/x", 0o755).does("(br $files))"),
        ),
        ("cycle", begin().after("toy/b").module("b").after("toy/a")),
        (
            "false schema",
            begin().described(r#"{"id":"acme.toy","version":"1.0.0","options":{"type":"array"}}"#),
        ),
        ("changing description", describes.describes(changing)),
        ("newer API", Guest::contributor().against("0.3.0", WIT.to_owned())),
        (
            "sockets",
            begin()
                .imports("wasi:sockets/tcp@0.2.6", sockets)
                .with("(import \"wasi:sockets/tcp@0.2.6\" \"connect\" (func $connect))")
                .does("(call $connect)"),
        ),
    ];
    let guests = guests.into_iter().map(|(name, guest)| (name, guest.bytes()));
    guests.chain([("truncated", whole[..whole.len() / 2].to_vec())]).collect()
}

#[test]
fn a_build_with_a_hostile_plugin_fails_and_leaves_nothing() {
    let served = Served::default();
    let good = served.space.read("isoplug.toml");
    let before = served.run(&["build", "--quiet"]);
    served.write(&format!("{good}{PLUGIN}"));
    let mut said = String::new();
    for (name, component) in hostile() {
        fs::write(served.space.path("toy.wasm"), component).unwrap();
        let refused = served.run(&["build", "--quiet"]);
        let exit = refused.lines().next().unwrap();
        let error = refused.lines().find(|line| line.starts_with("error")).unwrap_or(&refused);
        said += &format!("{name}: {exit}: {error}\n");
        assert!(!served.space.path("out").exists(), "{name} leaves something behind");
        assert!(!refused.contains("panicked"), "{refused}");
    }
    assert_snapshot!(said, @r#"
    endless loop: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 100000000 units of fuel: it used up its 100000000 units of fuel; unless it loops without an end, `limits.fuel` in [grants.toy] gives it more
    memory bomb: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 10 units of fuel: it asked for 33 MiB of memory, and 32 MiB is the limit
    table bomb: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 10 units of fuel: it asked for tables of 1100023 elements, and 1048576 is the limit
    endless recursion: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 65530 units of fuel: its stack overflowed: an endless recursion?
    huge text: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 24 units of fuel: string pointer/length out of bounds of memory
    path of no text: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 53 units of fuel: invalid utf-8 sequence of 1 bytes from index 5
    path upwards: exit: 4: error[toy::refused]: "/etc/../usr/x": a path has no `..`
    path to nowhere: exit: 4: error[toy::refused]: "etc/x": a path begins with `/`
    path with NUL: exit: 4: error[toy::refused]: "/etc/a\0b": a path has no NUL, line break or other control character
    setuid: exit: 4: error[toy::refused]: /etc/su: mode 4755 is not granted; `setuid = true` in [grants.toy] would allow it
    device: exit: 4: error[toy::refused]: /etc/sda: 0o60644 are not permission bits
    no files of its own: exit: 4: error[toy::refused]: root:/usr/bin/x is not granted; `files = ["root:/usr/bin/x"]` in [grants.toy] would allow it
    millions of files: exit: 4: error[toy::fault]: plugin `toy` failed in `contribute` after 2800038 units of fuel: it contributes more than 100000 files and other entries, which is the limit
    cycle: exit: 4: error[toy::order]: modules wait for each other: toy/a before toy/b before toy/a
    false schema: exit: 4: error[plugin::unusable]: plugin `toy` cannot be used: the plugin describes itself wrongly: options: the type of the whole is `object`
    changing description: exit: 4: error[plugin::unusable]: plugin `toy` cannot be used: the plugin describes itself wrongly: it says something else each time
    newer API: exit: 4: error[plugin::unusable]: plugin `toy` cannot be used: the plugin needs API 0.3.0, this isoplug has [VERSION]: use a newer isoplug, or an older version of the plugin
    sockets: exit: 4: error[plugin::unusable]: plugin `toy` cannot be used: the component imports `wasi:sockets/tcp@0.2.6`: plugins have no network; use `context.fetch`, which takes a digest, and the grant `fetch`
    truncated: exit: 4: error[plugin::unusable]: plugin `toy` cannot be used: not a usable component: unexpected end-of-file at byte 5591
    "#);
    assert_eq!(served.space.ok(&["cache", "verify"]), "");
    // Without it all is as before.
    served.write(&good);
    assert_eq!(served.run(&["build", "--quiet"]), before);
}

/// Attempts 54 and 55: its messages, their codes and helps, lines of its log, names of its modules and options.
#[test]
fn what_a_plugin_says_shows_as_what_it_is() {
    let odd = "x\u{1b}]0;pwn\u{7}\u{9b}2J\u{202e}\r";
    let served = Served::default();
    let good = served.space.read("isoplug.toml");
    served.write(&format!("{good}{PLUGIN}"));
    let reports = |code: &str, message: &str, help: &str| {
        let mut guest = Guest::contributor().log(odd).module("a");
        let [code, message, help] = [code, message, help].map(|text| guest.text(text));
        let none = "(i32.const 0) (i32.const 0)";
        guest.does(&format!(
            "(call $report (i32.const 0) {code} {message} {none} (i32.const 1) {help})"
        ))
    };
    for guest in [
        reports(odd, "message", "help"),
        reports("code", odd, "help"),
        reports("code", "message", odd),
        Guest::contributor().log(odd).module(odd),
        Guest::contributor().module("a").after(odd),
        Guest::contributor().module("a").file("root", format!("/etc/{odd}"), "", 0o644),
        Guest::contributor().module("a").merge(&format!("{{\"{odd}\": 1}}")),
    ] {
        fs::write(served.space.path("toy.wasm"), guest.bytes()).unwrap();
        for arguments in [&["check", "--verbose"][..], &["plan"], &["plugin", "options", "toy"]] {
            let said = served.run(arguments);
            let plain = !said.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r']);
            assert!(plain && !said.contains("panicked"), "{said:?}");
        }
    }
    let said = served.run(&["check"]);
    assert!(said.starts_with("exit: 4\n"), "{said}");
}

/// What only a stage can find out: the file of another, and an endless loop with the packages in.
#[test]
fn a_plugin_that_fails_in_its_stage_leaves_the_store_as_it_was() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let manifest = minimal.space.read("isoplug.toml");
    let space = Space::with_manifest(&format!("{manifest}{PLUGIN}reads = [\"/etc/*\"]\n"));
    fs::copy(minimal.path("isoplug.lock"), space.path("isoplug.lock")).unwrap();
    symlink(minimal.store_path(), space.path("store")).unwrap();
    let build = |guest: Guest| {
        fs::write(space.path("toy.wasm"), guest.bytes()).unwrap();
        let refused = space.run(&["build", "--quiet"]);
        assert!(!space.path("out").exists(), "{refused}");
        refused.replace(&minimal.store_path(), "[STORE]")
    };
    let begin = || Guest::contributor().module("a");
    assert_snapshot!(build(begin().file("root", "/etc/hostname", "mine\n", 0o644)), @"
    exit: 4
    --- stdout
    --- stderr
    error: stage `plugin toy` of minimal (amd64) failed
      because: /etc/hostname: both `network` and `plugin toy` set it, each to something else
      log: [STORE]/logs-v1/[SHA256].log
    ");
    assert_snapshot!(build(begin().does("(loop $again (br $again))").furnishes()), @"
    exit: 4
    --- stdout
    --- stderr
    error: stage `plugin toy` of minimal (amd64) failed
      because: plugin `toy`: plugin `toy` failed in `furnish` after 100000000 units of fuel: it used up its 100000000 units of fuel; unless it loops without an end, `limits.fuel` in [grants.toy] gives it more
        this is a fault of the plugin acme.toy 1.2.0, not of the manifest
      log: [STORE]/logs-v1/[SHA256].log
    ");
    space.write("isoplug.toml", &manifest);
    space.ok(&["build"]);
    assert_eq!(sha256(&space.path("out/minimal-2026.11-amd64.iso")), sha256(&minimal.iso()));
}
