//! The one rule for a test that this machine cannot make: for want of a program, of rights or of a network.
//!
//! Where `ISOPLUG_TESTS_MUST_RUN` is 1, as in `tests/all.sh`, it fails. Elsewhere it says so, and adds a line
//! to the file that `ISOPLUG_TESTS_SKIPPED` names, which `tests/all.sh` counts. A test that needs what
//! `tests/all.sh` does not install is `#[ignore]`d with the command that runs it, and comes here too.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Says that a test is not made.
///
/// # Panics
///
/// If every test must run.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "people must see what was not tested, and say whether all must be"
)]
pub fn skipped(why: &str) {
    let must_run = std::env::var_os("ISOPLUG_TESTS_MUST_RUN").is_some_and(|value| value == "1");
    assert!(!must_run, "this test must run, but {why}");
    eprintln!("SKIPPED: {why}");
    if let Some(file) = std::env::var_os("ISOPLUG_TESTS_SKIPPED") {
        count(Path::new(&file), why);
    }
}

fn count(file: &Path, why: &str) {
    let line = format!("{}\n", why.replace('\n', " "));
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.and_then(|mut file| file.write_all(line.as_bytes())).expect("counts skipped tests");
}

/// Tells whether a program is installed; the test is skipped if it is not.
///
/// # Panics
///
/// If it is not installed and every test must run.
#[must_use]
pub fn has(program: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", "command -v \"$0\"", program]).stdout(Stdio::null());
    let found = shell.status().is_ok_and(|status| status.success());
    if !found {
        skipped(&format!("{program} is not installed"));
    }
    found
}
