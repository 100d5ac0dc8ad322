//! Builds a plugin in Rust with cargo, for a target that brings no WASI with it.
//!
//! Where rustup's compiler has no library for the target, Debian's own compiler builds it from its
//! sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use super::{KitError, answer, finished};

const TARGET: &str = "wasm32-unknown-unknown";

const HELP: &str = "`rustup target add wasm32-unknown-unknown` brings the target; on Debian the \
                    packages cargo-web, rust-web-src, rust-web-llvm and lld-22 do without rustup";

/// Builds the plugin in a folder and returns the file that cargo names.
pub(super) fn build(folder: &Path) -> Result<PathBuf, KitError> {
    let mut cargo = match (has_target(folder), Debian::found()) {
        (Some(true), _) | (None, None) => Command::new("cargo"),
        (_, Some(debian)) => debian.cargo(),
        (Some(false), None) => return Err(KitError::Missing { tool: TARGET, help: HELP }),
    };
    cargo.args(["build", "--release", "--lib", "--target", TARGET]);
    cargo.arg("--message-format=json-render-diagnostics").current_dir(folder);
    let messages = finished("cargo", HELP, &mut cargo)?;
    let messages = String::from_utf8_lossy(&messages).into_owned();
    let made = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    made.filter_map(|message| component(&message)).next_back().ok_or_else(|| {
        KitError::Wrap("cargo made none; Cargo.toml needs `crate-type = [\"cdylib\"]`".to_owned())
    })
}

/// Returns the WebAssembly file that a message of cargo's names.
fn component(message: &Json) -> Option<PathBuf> {
    let files =
        message["filenames"].as_array().filter(|_| message["reason"] == "compiler-artifact");
    let mut files = files?.iter().filter_map(Json::as_str).map(PathBuf::from);
    files.find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

/// Tells whether the compiler that cargo would take has a library for the target; `None` if there
/// is no compiler to ask.
fn has_target(folder: &Path) -> Option<bool> {
    let mut ask = Command::new("rustc");
    ask.args(["--print", "target-libdir", "--target", TARGET]).current_dir(folder);
    answer(&mut ask).map(|libraries| libraries.is_dir())
}

/// Debian's compiler of the packages `rustc-web` and `rust-web-src`.
struct Debian {
    linker: String,
    wasm_ld: &'static str,
}

impl Debian {
    fn found() -> Option<Self> {
        let machine = std::env::consts::ARCH;
        let linker = format!("/usr/lib/rustlib/{machine}-unknown-linux-gnu/bin/wasm-component-ld");
        let needed = ["/usr/bin/cargo", "/usr/lib/rustlib/src/rust/library", &linker];
        let all = needed.iter().all(|path| Path::new(path).exists());
        let wasm_ld = ["/usr/bin/wasm-ld-22", "/usr/bin/wasm-ld"];
        let wasm_ld = wasm_ld.into_iter().find(|path| Path::new(path).exists())?;
        all.then_some(Self { linker, wasm_ld })
    }

    /// The library is built from its sources, which cargo lets only unstable compilers do.
    fn cargo(&self) -> Command {
        let mut cargo = Command::new("/usr/bin/cargo");
        let linked = format!("-Clink-arg=--wasm-ld-path={}", self.wasm_ld);
        cargo
            .env("PATH", "/usr/bin:/bin")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", linked)
            .env_remove("RUSTUP_TOOLCHAIN");
        cargo
    }
}
