//! The program that media install with, as `build.rs` embedded it for each architecture.

use isoplug_manifest::{Diagnostic, Diagnostics, System};

const AMD64: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/install-amd64"));
const ARM64: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/install-arm64"));

/// Returns the program for an architecture, if there is one.
pub(crate) fn program(arch: &str) -> Option<&'static [u8]> {
    let program = match arch {
        "amd64" => AMD64,
        "arm64" => ARM64,
        _ => &[],
    };
    Some(program).filter(|program| !program.is_empty())
}

/// Tells that a medium would have nothing to install with.
pub(crate) fn missing(system: &System) -> Diagnostics {
    let arch = &system.arch;
    let message =
        format!("the medium has no program to install with: this isoplug has none for {arch}");
    let help = format!(
        "compile isoplug on a machine of that architecture, or with the program's file in ISOPLUG_INSTALL_{}",
        arch.to_uppercase()
    );
    let warning = Diagnostic::warning("no-installer", message).help(help);
    let warning = match system.origin("install.targets") {
        Some(origin) => warning.at(origin, ""),
        None => warning,
    };
    let lacks = !system.targets.is_empty() && program(arch).is_none();
    let list = lacks.then_some(warning).into_iter().collect();
    Diagnostics { list, texts: system.texts.clone() }
}
