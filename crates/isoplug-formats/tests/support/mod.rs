//! What a test does that needs a program which is not installed.

/// Says why a test is not made; an error where all tests must be.
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment what it must do")]
pub(crate) fn skipped(why: &str) {
    let must = std::env::var_os("ISOPLUG_TESTS_MUST_RUN").is_some_and(|value| value == "1");
    assert!(!must, "this test must run, but {why}");
    eprintln!("SKIPPED: {why}");
}
