//! Embeds the program that installs, for each architecture that there is one for: a static program, so that nothing of the
//! build machine's libraries comes with it.
//!
//! Of `ISOPLUG_INSTALL_AMD64` or `ISOPLUG_INSTALL_ARM64` the file is taken. Else the program for this machine's own
//! architecture is compiled, into a folder of its own, since cargo runs this with its own folder locked.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script all by its environment")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Architectures in Debian's words and in Rust's.
const ARCHES: [(&str, &str); 2] = [("amd64", "x86_64"), ("arm64", "aarch64")];

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    for (arch, rust) in ARCHES {
        let variable = format!("ISOPLUG_INSTALL_{}", arch.to_uppercase());
        println!("cargo::rerun-if-env-changed={variable}");
        let program = match env::var_os(&variable) {
            Some(file) => {
                println!("cargo::rerun-if-changed={}", Path::new(&file).display());
                fs::read(&file).unwrap_or_else(|error| panic!("{variable}: {error}"))
            }
            None => compiled(rust, &out).unwrap_or_default(),
        };
        fs::write(out.join(format!("install-{arch}")), program).expect("the folder can be written");
    }
}

/// Compiles the program for this machine's own architecture; for others there is none.
fn compiled(rust: &str, out: &Path) -> Option<Vec<u8>> {
    let target = env::var("TARGET").ok().filter(|target| target.starts_with(rust))?;
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?).parent()?.to_owned();
    for name in ["isoplug-install", "isoplug-install-plan"] {
        println!("cargo::rerun-if-changed={}", root.join(name).display());
    }
    let manifest = root.join("isoplug-install/Cargo.toml");
    if env::var("HOST").ok()? != target || !manifest.is_file() {
        return None;
    }
    let folder = out.join("installer");
    let built = cargo(&manifest, &target, &folder, &root).status();
    assert!(built.is_ok_and(|status| status.success()), "isoplug-install does not compile");
    let program = folder.join(target).join("release/isoplug-install");
    Some(fs::read(&program).unwrap_or_else(|error| panic!("{}: {error}", program.display())))
}

/// Compiles without what this build was told of flags, and without the paths of this machine.
fn cargo(manifest: &Path, target: &str, folder: &Path, root: &Path) -> Command {
    let home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| home + "/.cargo"));
    let flags = [
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Cstrip=symbols".to_owned(),
        "-Clink-arg=-Wl,--build-id=none".to_owned(),
        format!("--remap-path-prefix={}=isoplug", root.display()),
        format!("--remap-path-prefix={}=cargo", home.unwrap_or_default()),
    ];
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--release", "--locked", "--bin", "isoplug-install"]);
    command.arg("--manifest-path").arg(manifest).args(["--target", target]);
    command.arg("--target-dir").arg(folder);
    for variable in
        ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
    {
        command.env_remove(variable);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command
}
