//! What a plugin can do, and what it is told when it goes too far.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use isoplug_engine::Digest;
use isoplug_plugin::{EntryKind, Grants, Strength, Tree};
use serde_json::json;

use crate::guest::Guest;
use crate::space::{Files, Space, etc, list};

#[test]
fn a_plugin_says_what_it_is() {
    let guest = Guest::contributor().described(
        r#"{"id":"acme.toy","version":"1.2.0","summary":"A toy","licence":"MIT",
            "requests":{"files":["root:/etc/motd"]}}"#,
    );
    let description = Space::new().describe(&guest.bytes()).unwrap();
    assert_eq!(description.id, "acme.toy");
    assert_eq!(description.requests.lines(), ["files root:/etc/motd"]);
    assert_snapshot!(
        description.json,
        @r#"{"id":"acme.toy","licence":"MIT","requests":{"files":["root:/etc/motd"]},"summary":"A toy","version":"1.2.0"}"#
    );
}

#[test]
fn a_plugin_contributes_options_files_and_hooks() {
    let made = Space::new().contribute(&of_all_kinds().bytes(), all_kinds()).unwrap();
    assert_eq!(made.diagnostics, []);
    let [a, b] = &made.modules[..] else { panic!("{made:?}") };
    assert_eq!(a.fragments, [(json!({ "packages": { "install": ["vim"] } }), Strength::Normal)]);
    let paths: Vec<&str> = a.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["/etc/motd", "/etc/toy.d", "/etc/link", "/usr/share/doc"]);
    let EntryKind::File(content, attributes) = &a.entries[0].kind else { panic!() };
    assert_eq!((content.to_vec().unwrap(), attributes.mode), (b"hello".to_vec(), 0o644));
    assert_eq!(b.entries[0].tree, Tree::Iso);
    assert_eq!(b.hooks[0].script.to_vec().unwrap(), b"echo hello");
    assert!(made.fuel > 0 && made.fuel < 10_000, "{}", made.fuel);
}

/// A guest that contributes one of each kind.
fn of_all_kinds() -> Guest {
    Guest::contributor()
        .module("a")
        .merge(r#"{"packages":{"install":["vim"]}}"#)
        .file("root", "/etc//motd", "hello", 0o644)
        .folder("root", "/etc/toy.d", 0o755)
        .symlink("/etc/link", "motd")
        .remove("/usr/share/doc")
        .module("b")
        .file("iso", "/docs/a.txt", "on the medium", 0o644)
        .hook("later", "echo hello")
}

fn all_kinds() -> Grants {
    Grants {
        files: list(&["root:/etc/**", "iso:/docs/*"]),
        merge: list(&["packages"]),
        remove: list(&["root:/usr/share/doc"]),
        hooks: true,
        ..Grants::default()
    }
}

/// Begins a contributor with a module.
fn begin() -> Guest {
    Guest::contributor().module("a")
}

/// Returns why a guest is refused that may write below `/etc`.
fn refusal(guest: Guest) -> String {
    Space::new().refusal(&guest.bytes(), etc())
}

#[test]
fn files_are_refused_at_the_call() {
    assert_snapshot!(
        refusal(begin().file("root", "/usr/bin/x", "", 0o755)),
        @r#"refused: root:/usr/bin/x is not granted; `files = ["root:/usr/bin/x"]` in [grants.toy] would allow it"#
    );
    assert_snapshot!(
        refusal(begin().file("root", "/etc/su", "", 0o4755)),
        @"refused: /etc/su: mode 4755 is not granted; `setuid = true` in [grants.toy] would allow it"
    );
    assert_snapshot!(
        refusal(begin().file("root", "/etc/systemd/system/x.service", "", 0o644)),
        @r#"refused: /etc/systemd/system/x.service: systemd unit `x.service` is not granted; `units = ["x.service"]` in [grants.toy] would allow it"#
    );
}

#[test]
fn paths_that_are_none_are_refused_at_the_call() {
    assert_snapshot!(
        refusal(begin().file("root", "/etc/../usr/x", "", 0o644)),
        @r#"refused: "/etc/../usr/x": a path has no `..`"#
    );
    assert_snapshot!(
        refusal(begin().file("root", "etc/x", "", 0o644)),
        @r#"refused: "etc/x": a path begins with `/`"#
    );
    assert_snapshot!(
        refusal(begin().file("root", "/etc/a\0b", "", 0o644)),
        @r#"refused: "/etc/a\0b": a path has no NUL, line break or other control character"#
    );
}

#[test]
fn places_that_nobody_gets_are_refused_at_the_call() {
    assert_snapshot!(
        refusal(begin().file("root", "/dev/sda", "", 0o644)),
        @"refused: /dev/sda: /dev belongs to the kernel of the running system"
    );
    assert_snapshot!(
        refusal(begin().file("efi", "/x", "", 0o644)),
        @r#"refused: there is no tree "efi", but `root` and `iso`"#
    );
}

#[test]
fn hooks_and_options_are_refused_at_the_call() {
    assert_snapshot!(
        refusal(begin().hook("x", "true")),
        @"refused: hooks are not granted; `hooks = true` in [grants.toy] would allow it"
    );
    assert_snapshot!(
        refusal(begin().merge(r#"{"packages":{"install":["vim"]}}"#)),
        @r#"refused: `packages.install` is not granted; `merge = ["packages.install"]` in [grants.toy] would allow it"#
    );
    assert_snapshot!(
        refusal(begin().merge("{")),
        @"refused: a fragment that is not JSON: EOF while parsing an object at line 1 column 1"
    );
}

#[test]
fn what_may_not_be_seen_is_refused_at_the_call() {
    assert_snapshot!(
        refusal(begin().open("open_input", &["banner", ""])),
        @r#"refused: input `banner` is not granted; `inputs = { banner = "PATH" }` in [grants.toy] would allow it"#
    );
    let digest = Digest::of(b"x").to_string();
    assert_snapshot!(
        refusal(begin().open("fetch", &["https://example.com/x", &digest])),
        @r#"refused: fetching https://example.com/x is not granted; `fetch = ["https://example.com/x"]` in [grants.toy] would allow it"#
    );
    assert_snapshot!(
        refusal(begin().open("open_rootfs", &["/etc/passwd"])),
        @"refused: there is no root filesystem during `contribute`"
    );
}

#[test]
fn a_stage_is_planned() {
    let space = Space::new();
    // The plan is the text of the stage's inputs.
    let plan = "(i32.store (i32.const 64) (i32.const 0))
        (i32.store (i32.const 68) (local.get 2))
        (i32.store (i32.const 72) (local.get 3))
        (return (i32.const 64))";
    let stage = space.plugin(&Guest::new("stage").does(plan).bytes(), Grants::default());
    let planned = space.runtime.plan(&stage, &space.answers, "output", r#"{"b":1,"a":2}"#).unwrap();
    assert_eq!(planned.json, r#"{"a":2,"b":1}"#);
    let error = space.runtime.plan(&stage, &space.answers, "output", "no").unwrap_err();
    assert_snapshot!(
        error.to_string().replace(char::is_numeric, "N").replace("NN", "N"),
        @r"
    plugin `toy` failed in `plan` after N units of fuel: its plan is not JSON: expected ident at line N column N
    this is a fault of the plugin acme.toy N.N.N, not of the manifest
    "
    );
}

#[test]
fn an_image_is_checked() {
    let space = Space::new();
    let rootfs = Files(BTreeMap::from([("/etc/passwd", "root:x:0:0")]));
    let check = Guest::new("check").open("open_rootfs", &["/etc/passwd"]).log_blob();
    let grants = Grants { reads: list(&["/etc/*"]), ..Grants::default() };
    let check = space.plugin(&check.bytes(), grants);
    let report = space.runtime.check(&check, &space.answers, &rootfs).unwrap();
    assert_eq!((report.failed(), report.log.len()), (false, 1));
    assert_snapshot!(
        space.runtime.contribute(&check, &space.answers).unwrap_err(),
        @"plugin `toy` does not contribute to an image"
    );
}
