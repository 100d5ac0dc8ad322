//! What was built against a later contract of the same minor version runs here, unless it uses what
//! is not here yet.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use isoplug_plugin::Grants;

use crate::guest::{Guest, WIT};
use crate::space::{Files, Space, etc};

const LATER: &str = "0.1.7";

/// Returns the contract as it may be later: more functions in each interface, and a new interface.
fn later() -> String {
    let more = |wit: String, (before, after): (&str, &str)| {
        assert!(wit.contains(before), "the contract has no {before:?}");
        wit.replace(before, &format!("{before}\n{after}"))
    };
    let additions = [
        ("interface context {", "  later: func() -> string;"),
        ("interface rootfs {", "  owners: func(path: string) -> list<string>;"),
        ("interface describe {", "  describe-more: func() -> string;"),
        ("interface contributor {", "  undo: func();"),
        ("interface stage {", "  undo: func();"),
        ("interface check {", "  undo: func();"),
        ("import context;", "  import clock;"),
    ];
    let wit = additions.into_iter().fold(WIT.to_owned(), more);
    format!("{wit}\ninterface clock {{ now: func() -> u64; }}\n")
}

/// Builds a plugin against the later contract, which exports what that has beside ours.
fn built_later(guest: Guest, world: &str) -> Guest {
    let undo = format!("(func (export \"isoplug:plugin/{world}@{LATER}#undo\"))");
    let more = format!(
        "(func (export \"isoplug:plugin/describe@{LATER}#describe-more\") (result i32) (i32.const 48))"
    );
    guest.against(LATER, later()).with(&undo).with(&more)
}

#[test]
fn a_later_contributor_contributes_and_furnishes() {
    let guest = Guest::contributor().fact("image.name").module("a");
    let guest = guest.file("root", "/etc/motd", "hello", 0o644);
    let contributes = built_later(guest.clone(), "contributor");
    let space = Space::new();
    let made = space.contribute(&contributes.bytes(), etc()).unwrap();
    assert_eq!(made.modules[0].entries[0].path, "/etc/motd");
    assert_eq!(made.modules, space.contribute(&guest.bytes(), etc()).unwrap().modules);

    let furnishes = built_later(guest.furnishes(), "contributor");
    let plugin = space.plugin(&furnishes.bytes(), etc());
    assert_eq!(plugin.component.api.to_string(), LATER);
    let made = space.runtime.furnish(&plugin, &space.answers, &Files(BTreeMap::new())).unwrap();
    assert_eq!(made.modules[0].entries[0].path, "/etc/motd");
}

#[test]
fn a_later_stage_is_planned() {
    let plan = "(i32.store (i32.const 64) (i32.const 0))
        (i32.store (i32.const 68) (local.get 2))
        (i32.store (i32.const 72) (local.get 3))
        (return (i32.const 64))";
    let guest = built_later(Guest::new("stage").does(plan), "stage");
    let space = Space::new();
    let plugin = space.plugin(&guest.bytes(), Grants::default());
    let planned = space.runtime.plan(&plugin, &space.answers, "output", r#"{"a":1}"#).unwrap();
    assert_eq!(planned.json, r#"{"a":1}"#);
}

#[test]
fn a_later_check_reports() {
    let guest = Guest::new("check").open("open_rootfs", &["/etc/name"]).log_blob();
    let space = Space::new();
    let grants = Grants { reads: vec!["/etc/*".to_owned()], ..Grants::default() };
    let plugin = space.plugin(&built_later(guest, "check").bytes(), grants);
    let rootfs = Files(BTreeMap::from([("/etc/name", "toy")]));
    let report = space.runtime.check(&plugin, &space.answers, &rootfs).unwrap();
    assert_eq!((report.failed(), report.log[0].text.as_str()), (false, "toy"));
}

#[test]
fn what_uses_something_newer_is_refused() {
    let refusal = |world: &'static str, import: &str| {
        let (interface, function) = import.split_once(' ').unwrap();
        let import = format!(
            "(import \"isoplug:plugin/{interface}@{LATER}\" \"{function}\" (func $later (param i32)))"
        );
        let guest = Guest::new(world).with(&import).does("(call $later (i32.const 16))");
        let space = Space::new();
        space.describe(&built_later(guest, world).bytes()).unwrap_err().to_string()
    };
    let expected = refusal("contributor", "context later");
    assert_snapshot!(expected, @"
    the plugin does not fit API 0.1.0: component imports instance `isoplug:plugin/context@0.1.7`, but a matching implementation was not found in the linker: instance export `later` has the wrong type: function implementation is missing
    it was built against API 0.1.7: use a newer isoplug, or an older version of the plugin
    ");
    for world in ["stage", "check"] {
        assert_eq!(refusal(world, "context later"), expected);
    }
}

#[test]
fn a_newer_interface_is_refused() {
    let import =
        format!("(import \"isoplug:plugin/clock@{LATER}\" \"now\" (func $now (result i64)))");
    let guest = Guest::contributor().with(&import).does("(drop (call $now))");
    assert_snapshot!(
        Space::new().describe(&built_later(guest, "contributor").bytes()).unwrap_err(),
        @"
    the plugin does not fit API 0.1.0: component imports instance `isoplug:plugin/clock@0.1.7`, but a matching implementation was not found in the linker: instance export `now` has the wrong type: function implementation is missing
    it was built against API 0.1.7: use a newer isoplug, or an older version of the plugin
    "
    );
}
