//! Turns an evaluated profile into a request for packages.
//!
//! Knows no archive.

use isoplug_manifest::System;
use isoplug_manifest::options::Options;

use crate::firmware;
use crate::sources::Request;
use crate::stages::loaders::{self, MEMTEST};

/// Returns what a profile asks of its sources, whose suites are given one a line.
pub fn request(system: &System, suites: Vec<String>) -> Request {
    let options = &system.options;
    let (optional, wanted): (Vec<_>, Vec<_>) =
        system.wanted().into_iter().partition(|wanted| wanted.optional);
    let optional = optional.into_iter().map(|wanted| wanted.name);
    Request {
        architecture: system.arch.clone(),
        suites,
        install: wanted.into_iter().map(|wanted| versioned(wanted.name, system)).collect(),
        optional: optional.chain(firmware::wishes(options.firmware.set)).collect(),
        remove: options.packages.remove.clone(),
        prefer: options.packages.prefer.clone(),
        recommends: options.packages.recommends,
        boot: boot_packages(options, &system.arch),
    }
}

/// Asks for the kernel of a version, or of those that begin with it, if the profile names one.
fn versioned(package: String, system: &System) -> String {
    let kernel = &system.options.kernel;
    match &kernel.version {
        Some(version) if package == kernel.package(&system.arch) => format!("{package}^{version}"),
        _ => package,
    }
}

/// Returns the packages whose files boot the medium; they are unpacked, not installed.
fn boot_packages(options: &Options, arch: &str) -> Vec<String> {
    let boot = &options.boot;
    // Without loaders for the architecture, the stage that wants them says so.
    let all = loaders::packages(arch, boot.bios, boot.uefi, boot.secure_boot).unwrap_or_default();
    let wanted = all.into_iter().filter(|package| *package != MEMTEST || boot.menu.memtest);
    wanted.map(str::to_owned).collect()
}
