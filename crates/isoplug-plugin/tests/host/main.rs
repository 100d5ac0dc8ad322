//! Runs small plugins, good and hostile, written in the text format of WebAssembly.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod attempts;
mod calls;
mod components;
mod contributor;
mod guest;
mod hostile;
mod kept;
mod sameness;
mod seen;
mod space;
mod versions;
mod wasi;
