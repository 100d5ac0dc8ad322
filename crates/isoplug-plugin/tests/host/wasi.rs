//! The part of WASI that is served: no power, and the same answers in every build.

use insta::assert_snapshot;

use crate::guest::Guest;
use crate::space::{Space, etc};

const RANDOM: &str = "package wasi:random@0.2.6;
interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u64) -> list<u8>; }";

const CLOCKS: &str = "package wasi:clocks@0.2.6;
interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }";

const STREAMS: &str = "package wasi:io@0.2.6;
interface error { resource error { to-debug-string: func() -> string; } }
interface streams {
  use error.{error};
  variant stream-error { last-operation-failed(error), closed }
  resource output-stream { write: func(contents: list<u8>) -> result<_, stream-error>; }
}";

const CLI: &str = "package wasi:cli@0.2.6;
interface stdout { use wasi:io/streams@0.2.6.{output-stream}; get-stdout: func() -> output-stream; }
interface environment { get-environment: func() -> list<tuple<string, string>>; }
interface exit { exit: func(status: result); }";

const FILES: &str = "package wasi:filesystem@0.2.6;
interface types { resource descriptor { sync: func(); } touch: func(); }";

fn random() -> Guest {
    Guest::contributor()
        .imports("wasi:random/random@0.2.6", RANDOM)
        .with(r#"(import "wasi:random/random@0.2.6" "get-random-u64" (func $random (result i64)))"#)
}

/// Logs the number as 8 raw bytes, each brought into a visible range.
const LOG_NUMBER: &str = "(i64.store (i32.const 200) (i64.or (i64.and (call $random) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x4040404040404040)))
    (call $log (i32.const 1) (i32.const 200) (i32.const 8))";

#[test]
fn random_numbers_come_from_the_seed() {
    let guest = random().does(LOG_NUMBER).does(LOG_NUMBER);
    let log = |seed| {
        let mut space = Space::new();
        space.answers.seed = seed;
        space.contribute(&guest.bytes(), etc()).unwrap();
        space.answers.log.into_inner().unwrap()
    };
    let first = log(1);
    assert_eq!(log(1), first);
    assert_ne!(log(2), first);
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_description_that_changes_is_refused() {
    let describe = "(i64.store (i32.const 200) (call $random))
        (i32.store (i32.const 48) (i32.const 4096))
        (i32.store8 (i32.const 4096) (i32.add (i32.const 97) (i32.and (i32.load (i32.const 200)) (i32.const 7))))
        (i32.store (i32.const 52) (i32.const 1))";
    let mut guest = random();
    guest.text("x");
    let guest = guest.describes(describe);
    assert_snapshot!(
        Space::new().describe(&guest.bytes()).unwrap_err(),
        @"the plugin describes itself wrongly: it says something else each time"
    );
}

#[test]
fn the_time_is_the_epoch() {
    let guest = Guest::contributor()
        .imports("wasi:clocks/wall-clock@0.2.6", CLOCKS)
        .with(r#"(import "wasi:clocks/wall-clock@0.2.6" "now" (func $now (param i32)))"#)
        .does("(call $now (i32.const 200)) (if (i64.ne (i64.load (i32.const 200)) (i64.const 1000)) (then unreachable))");
    assert_eq!(Space::new().refusal(&guest.bytes(), etc()), "fine");
}

#[test]
fn standard_output_goes_to_the_log() {
    let mut guest = Guest::contributor()
        .imports("wasi:io/error@0.2.6", STREAMS)
        .imports("wasi:cli/stdout@0.2.6", CLI)
        .with(r#"(import "wasi:cli/stdout@0.2.6" "get-stdout" (func $stdout (result i32)))"#)
        .with(r#"(import "wasi:io/streams@0.2.6" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))"#);
    let text = guest.text("one line\nand half");
    let guest = guest.does(&format!("(call $write (call $stdout) {text} (i32.const 200))"));
    let space = Space::new();
    assert_eq!(space.refusal(&guest.bytes(), etc()), "fine");
    assert_eq!(*space.answers.log.lock().unwrap(), ["toy: one line", "toy: and half"]);
}

fn failure(guest: &Guest) -> String {
    let message = Space::new().refusal(&guest.bytes(), etc());
    message.lines().next().unwrap().split("fuel: ").nth(1).unwrap().to_owned()
}

#[test]
fn what_would_reach_the_machine_traps_with_what_to_use() {
    let exit = Guest::contributor()
        .imports("wasi:cli/exit@0.2.6", STREAMS)
        .imports("wasi:cli/environment@0.2.6", CLI)
        .with(r#"(import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))"#)
        .does("(call $exit (i32.const 0))");
    assert_snapshot!(
        failure(&exit),
        @"wasi:cli/exit#exit: a plugin ends by returning; use `context.report` for what the user should know"
    );
    let touch = Guest::contributor()
        .imports("wasi:filesystem/types@0.2.6", FILES)
        .with(r#"(import "wasi:filesystem/types@0.2.6" "touch" (func $touch))"#)
        .does("(call $touch)");
    assert_snapshot!(
        failure(&touch),
        @"wasi:filesystem/types#touch: a plugin has no files; use `context.open-input` and `module.file`"
    );
}

#[test]
fn there_are_no_variables() {
    let environment = Guest::contributor()
        .imports("wasi:cli/environment@0.2.6", STREAMS)
        .imports("wasi:cli/stdout@0.2.6", CLI)
        .with(r#"(import "wasi:cli/environment@0.2.6" "get-environment" (func $variables (param i32)))"#)
        .does("(call $variables (i32.const 200)) (if (i32.load (i32.const 204)) (then unreachable))");
    assert_eq!(Space::new().refusal(&environment.bytes(), etc()), "fine");
}
