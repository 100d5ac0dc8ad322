//! Turns an evaluated profile into a request for packages.
//!
//! Knows no archive.

use std::collections::BTreeSet;

use isoplug_manifest::System;

use crate::firmware;
use crate::stages::loaders::{self, Wanted};
use isoplug_packages::Request;

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
        optional: optional
            .chain(firmware::wishes(options.firmware.set, &system.distribution().firmware))
            .collect(),
        remove: options.packages.remove.clone(),
        prefer: options.packages.prefer.clone(),
        recommends: options.packages.recommends,
        boot: boot_packages(system),
    }
}

/// Asks for the kernel of a version, or of those that begin with it, if the profile names one.
fn versioned(package: String, system: &System) -> String {
    let kernel = &system.options.kernel;
    match &kernel.version {
        Some(version) if package == kernel.package(system.distribution(), &system.arch) => {
            format!("{package}^{version}")
        }
        _ => package,
    }
}

/// Returns the packages whose files boot the medium; they are unpacked, not installed.
fn boot_packages(system: &System) -> Vec<String> {
    let options = &system.options;
    // Without loaders for the architecture, the stage that wants them says so.
    let all = loaders::wanted(system.distribution(), &system.arch, &options.boot);
    let is_wanted = |wanted: &&Wanted| !wanted.is_optional || options.boot.menu.memtest;
    let all = all.unwrap_or_default();
    let packages: BTreeSet<String> =
        all.iter().filter(is_wanted).map(|wanted| wanted.package.clone()).collect();
    packages.into_iter().collect()
}
