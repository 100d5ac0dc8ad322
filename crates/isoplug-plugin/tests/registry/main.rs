//! Plugins in registries and folders: one suite against a small registry of our own, that of
//! Debian and a folder; what happens when a registry misbehaves; and what other tools make of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod debian;
mod faults;
mod folder;
mod foreign;
mod made;
mod mini;
mod suite;
mod tampered;

/// Says that a test is skipped, or panics if `ISOPLUG_TESTS_MUST_RUN` is 1.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "people must see what was not tested"
)]
fn skipped(why: &str) {
    assert!(
        std::env::var_os("ISOPLUG_TESTS_MUST_RUN").is_none_or(|value| value != "1"),
        "this test must run, but {why}"
    );
    eprintln!("SKIPPED: {why}");
}

/// Tells whether a program is installed, and skips the test if it is not.
fn has(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output().is_ok();
    if !found {
        skipped(&format!("{program} is not installed"));
    }
    found
}
