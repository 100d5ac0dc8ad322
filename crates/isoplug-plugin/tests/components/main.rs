//! The committed components: the right bytes, and the built-in contributors among them add what the native ones add.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod built;
mod builtin;
mod nothing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use isoplug_plugin::Runtime;
use tempfile::TempDir;

/// Returns the folder of plugins.
fn plugins() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../../plugins").canonicalize().unwrap()
}

/// Returns the component of a plugin of this repository.
fn component(name: &str) -> Vec<u8> {
    let path = plugins().join(name).join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the runtime of all tests: what it has compiled once, it has compiled for all.
fn runtime() -> &'static Arc<Runtime> {
    static RUNTIME: OnceLock<(Arc<Runtime>, TempDir)> = OnceLock::new();
    let (runtime, _) = RUNTIME.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        (Arc::new(Runtime::new(folder.path()).unwrap()), folder)
    });
    runtime
}
