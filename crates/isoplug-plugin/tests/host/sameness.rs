//! A plugin makes the same under all conditions of the machine.

use std::thread;

use crate::guest::Guest;
use crate::space::{Space, etc};

/// Hashes what it knows into a file: options, facts, seeds, floating-point numbers with a NaN.
fn toy() -> Guest {
    let mut guest = Guest::contributor().fact("image.name");
    let label = guest.text("label");
    guest
        .does(&format!("(call $seed {label} (i32.const 32) (i32.const 16))"))
        .does("(call $from_bytes (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 16))")
        .does("(local.set $b (i32.load (i32.const 20)))")
        .module("a")
        .place_blob("/etc/seed")
        .does("(f64.store (i32.const 200) (f64.div (f64.const 0) (f64.sub (f64.const 1) (f64.const 1))))")
        .does("(call $from_bytes (i32.const 200) (i32.const 8) (i32.const 16))")
        .does("(local.set $b (i32.load (i32.const 20)))")
        .place_blob("/etc/nan")
        .does("(loop $spin (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $spin (i32.lt_u (local.get $i) (i32.const 1000))))")
}

/// 1,000 runs: on one and on eight threads, with fresh stores, in cold and warm folders, with a
/// result that is made and with one that is kept.
#[test]
fn a_thousand_runs_are_one() {
    let bytes = toy().bytes();
    let expected = Space::new().contribute(&bytes, etc()).unwrap();
    assert!(expected.fuel > 3000);
    for _ in 0..20 {
        let space = Space::new();
        let plugin = space.plugin(&bytes, etc());
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        for result in space.kept("results") {
                            if result.extension().is_some_and(|extension| extension == "json") {
                                // Another thread may have been here before.
                                let _ = std::fs::remove_file(result);
                            }
                        }
                        let made = space.runtime.contribute(&plugin, &space.around).unwrap();
                        assert_eq!(made, expected);
                    }
                });
            }
        });
    }
}
