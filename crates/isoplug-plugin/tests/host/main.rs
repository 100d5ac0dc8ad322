//! Runs small plugins, good and hostile, written in the text format of WebAssembly.

mod calls;
mod contributor;
mod guest;
mod hostile;
mod kept;
mod sameness;
mod space;
mod wasi;
