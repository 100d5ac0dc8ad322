//! Plugins: sandboxed WebAssembly components that add to an image, plan a stage or check a result.
//!
//! A plugin returns data and does nothing by itself. Knows wasmtime and registries; knows no
//! terminal.
