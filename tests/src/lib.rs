//! Shared pieces of the end-to-end tests.

pub mod archive;
pub mod space;
