//! Shared pieces of the end-to-end tests.

#![warn(clippy::too_many_lines)]
#![allow(clippy::missing_errors_doc, reason = "a test that fails says why")]

pub mod archive;
pub mod certificate;
pub mod readers;
pub mod real;
pub mod replaced;
pub mod served;
pub mod sets;
pub mod space;

pub use isoplug_skip::skipped;
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
