//! Shared pieces of the end-to-end tests.

pub mod archive;
pub mod certificate;
pub mod readers;
pub mod real;
pub mod replaced;
pub mod served;
pub mod sets;
pub mod space;

pub use replaced::replaced;

/// Ends the test loudly if a condition does not hold; fails it where every test must run.
#[macro_export]
macro_rules! require {
    ($condition:expr, $why:expr) => {
        if !$condition {
            $crate::skipped(&$why);
            return;
        }
    };
}

/// Says that a test is skipped, or panics if `ISOPLUG_TESTS_MUST_RUN` is 1.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "people must see what was not tested"
)]
pub fn skipped(why: &str) {
    assert!(
        std::env::var_os("ISOPLUG_TESTS_MUST_RUN").is_none_or(|value| value != "1"),
        "this test must run, but {why}"
    );
    eprintln!("SKIPPED: {why}");
}
