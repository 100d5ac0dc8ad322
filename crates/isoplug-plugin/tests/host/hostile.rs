//! Plugins that do harm, on purpose or not: each is contained, and the message says what it did.

use insta::assert_snapshot;
use isoplug_plugin::{Grants, Limits};

use crate::guest::{Guest, WIT};
use crate::space::{Space, etc};

/// Returns the first line of the message; the second always says whose fault it is.
fn failure(guest: &Guest, grants: Grants) -> String {
    let message = Space::new().refusal(&guest.bytes(), grants);
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    assert!(rest.is_empty() || rest.ends_with("acme.toy 1.2.0, not of the manifest"), "{rest}");
    first.replace(char::is_numeric, "N").replace("NN", "N").replace("NN", "N").replace("NN", "N")
}

fn limited(fuel: &str, memory: &str, time: &str) -> Grants {
    let limit = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let limits = Limits { fuel: limit(fuel), memory: limit(memory), time: limit(time) };
    Grants { limits, ..etc() }
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    let guest = Guest::contributor().log("before").does("(loop $again (br $again))");
    assert_snapshot!(
        Space::new().refusal(&guest.bytes(), limited("1M", "", "")),
        @r"
    plugin `toy` failed in `contribute` after 1000000 units of fuel: it used up its 1000000 units of fuel; unless it loops without an end, `limits.fuel` in [grants.toy] gives it more
      it logged: before
    this is a fault of the plugin acme.toy 1.2.0, not of the manifest
    "
    );
}

#[test]
fn what_hangs_in_spite_of_fuel_is_ended() {
    let guest = Guest::contributor().does("(loop $again (br $again))");
    assert_snapshot!(
        failure(&guest, limited("9000000G", "", "1s")),
        @"plugin `toy` failed in `contribute` after N units of fuel: it ran longer than `limits.time` in its grants allows"
    );
}

#[test]
fn memory_and_tables_are_bounded() {
    let guest =
        Guest::contributor().does("(loop $again (drop (memory.grow (i32.const 16))) (br $again))");
    assert_snapshot!(
        failure(&guest, limited("", "32MiB", "")),
        @"plugin `toy` failed in `contribute` after N units of fuel: it asked for N MiB of memory, and N MiB is the limit"
    );
    let guest = Guest::contributor().with("(table $t 1 funcref)").does(
        "(loop $again (drop (table.grow $t (ref.null func) (i32.const 100000))) (br $again))",
    );
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: it asked for tables of N elements, and N is the limit"
    );
}

#[test]
fn an_endless_recursion_overflows_its_own_stack() {
    let guest = Guest::contributor()
        .with("(func $deep (param i32) (result i32) (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))")
        .does("(drop (call $deep (i32.const 0)))");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: its stack overflowed: an endless recursion?"
    );
}

#[test]
fn a_panic_is_a_fault_of_the_plugin() {
    assert_snapshot!(
        failure(&Guest::contributor().does("unreachable"), etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: it gave up (`unreachable`): a panic in most languages"
    );
}

#[test]
fn malformed_texts_and_lists_are_refused() {
    let guest = Guest::contributor().module("a").file("root", b"/etc/\xff", "", 0o644);
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: invalid utf-N sequence of N bytes from index N"
    );
    let guest =
        Guest::contributor().does("(call $log (i32.const 1) (i32.const 0) (i32.const 0x7fffffff))");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: string pointer/length out of bounds of memory"
    );
    let guest = Guest::contributor()
        .does("(drop (memory.grow (i32.const 3500)))")
        .does("(call $from_bytes (i32.const 0) (i32.const 0x0c000000) (i32.const 16))");
    assert_snapshot!(failure(&guest, etc()), @"plugin `toy` failed in `contribute` after N units of fuel: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted");
}

#[test]
fn malformed_names_and_fragments_are_refused() {
    let guest = Guest::contributor().module(&"a".repeat(65));
    assert!(failure(&guest, etc()).contains("is not a valid name of a module: up to N of letters"));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_snapshot!(
        failure(&Guest::contributor().module("a").merge(&deep), etc()),
        @"refused: a fragment that is not JSON: recursion limit exceeded at line N column N"
    );
}

#[test]
fn handles_that_are_not_its_own_are_refused() {
    let guest =
        Guest::contributor().does("(local.set $m (i32.const 77))").file("root", "/etc/x", "", 0);
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: unknown handle index N"
    );
    let guest = Guest::contributor()
        .module("a")
        .module("b")
        .does("(i32.store (i32.const 1028) (i32.load (i32.const 1024)))");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: unknown handle index N"
    );
    let guest = Guest::contributor().module("a").module("a");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: it returned two modules called `a`"
    );
}

#[test]
fn millions_of_files_and_handles_are_cut_off() {
    let guest =
        Guest::contributor().module("a").does("(loop $files").folder("root", "/etc/x", 0o755);
    let guest = guest.does("(br $files))");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: it contributes more than N files and other entries, which is the limit"
    );
    let guest = Guest::contributor().does("(loop $handles (call $from_string (i32.const 0) (i32.const 1) (i32.const 16)) (br $handles))");
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: cannot allocate another handle: store handle limit exceeded"
    );
    let guest = Guest::contributor().does(
        "(loop $blobs (call $from_string (i32.const 0) (i32.const 1) (i32.const 16))
            (call $drop_blob (i32.load (i32.const 20))) (br $blobs))",
    );
    assert_snapshot!(
        failure(&guest, etc()),
        @"plugin `toy` failed in `contribute` after N units of fuel: it makes bytes in more than N pieces, which is the limit"
    );
}

#[test]
fn millions_of_lines_are_cut_off() {
    let line = "x".repeat(1 << 16);
    let guest = Guest::contributor().does("(loop $lines").log(&line).does(
        "(local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $lines (i32.lt_u (local.get $i) (i32.const 100))))",
    );
    let made = Space::new().contribute(&guest.bytes(), etc()).unwrap();
    assert_eq!(made.log.len(), 16);
    assert_snapshot!(made.log[15].text, @"[the log ends here: it has reached its limit of 1 MiB]");
}

#[test]
fn modules_that_wait_for_each_other_are_refused() {
    let guest = Guest::contributor().module("a").after("toy/b").module("b").after("toy/a");
    let made = Space::new().contribute(&guest.bytes(), etc()).unwrap();
    let modules: Vec<_> = made.modules.iter().map(|module| ("toy", module)).collect();
    assert_snapshot!(
        isoplug_plugin::order(&modules).unwrap_err(),
        @"modules wait for each other: toy/a before toy/b before toy/a"
    );
}

#[test]
fn devices_are_no_files() {
    let guest = Guest::contributor().module("a").file("root", "/etc/x", "", 0o020_644);
    assert_snapshot!(failure(&guest, etc()), @"refused: /etc/x: NoN are not permission bits");
}

#[test]
fn a_false_description_is_refused() {
    let space = Space::new();
    let describe = |text: &str| {
        let guest = Guest::contributor().described(text);
        space.describe(&guest.bytes()).unwrap_err().to_string()
    };
    assert_snapshot!(
        describe("hello"),
        @"the plugin describes itself wrongly: no JSON: expected value at line 1 column 1"
    );
    assert_snapshot!(
        describe(r#"{"id":"acme.toy","version":"1.0.0","options":{"type":"array"}}"#),
        @"the plugin describes itself wrongly: options: the type of the whole is `object`"
    );
    let endless = Guest::contributor().describes("(loop $again (br $again))");
    let message = space.describe(&endless.bytes()).unwrap_err().to_string();
    assert!(message.contains("it used up its 1000000000 units of fuel"), "{message}");
}

#[test]
fn damaged_components_never_harm_the_host() {
    let space = Space::new();
    let whole = Guest::contributor().module("a").file("root", "/etc/x", "y", 0o644).bytes();
    for at in (8..whole.len()).step_by(131) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let Ok(component) = space.runtime.component(&damaged) else { continue };
        // Whatever comes of it: an error, or a plugin that says something else.
        let _ = space.runtime.describe(&component);
    }
}

#[test]
fn plugins_of_other_contracts_are_told_apart() {
    let space = Space::new();
    let refusal = |guest: Guest| space.describe(&guest.bytes()).unwrap_err().to_string();
    assert_snapshot!(
        refusal(Guest::contributor().against("0.3.0", WIT.to_owned())),
        @"the plugin needs API 0.3.0, this isoplug has 0.1.0: use a newer isoplug, or an older version of the plugin"
    );
    let newer = WIT.replace(
        "  options: func() -> string;",
        "  options: func() -> string;\n  later: func() -> string;",
    );
    let unused = Guest::contributor().against("0.1.2", newer.clone());
    assert_eq!(space.describe(&unused.bytes()).unwrap().id, "acme.toy");
    let import = r#"(import "isoplug:plugin/context@0.1.2" "later" (func $later (param i32)))"#;
    let used = Guest::contributor().against("0.1.2", newer).with(import);
    let message = refusal(used.does("(call $later (i32.const 16))"));
    assert!(message.starts_with("the plugin does not fit API 0.1.0: "), "{message}");
    assert!(message.contains("`later`"), "{message}");
}

#[test]
fn the_network_is_refused_before_anything_is_compiled() {
    let package = "package wasi:sockets@0.2.6; interface tcp { connect: func(); }";
    let import = r#"(import "wasi:sockets/tcp@0.2.6" "connect" (func $connect))"#;
    let guest = Guest::contributor()
        .imports("wasi:sockets/tcp@0.2.6", package)
        .with(import)
        .does("(call $connect)");
    assert_snapshot!(
        Space::new().describe(&guest.bytes()).unwrap_err(),
        @"the component imports `wasi:sockets/tcp@0.2.6`: plugins have no network; use `context.fetch`, which takes a digest, and the grant `fetch`"
    );
}
