//! Turns an evaluated profile into a request for packages.
//!
//! Knows no archive.

use std::collections::BTreeSet;

use isoplug_manifest::System;

use crate::firmware;
use crate::stages::loaders::{self, LoaderFile};
use isoplug_packages::Request;

/// Returns what a profile asks of its sources, whose suites are given one a line.
pub fn request(system: &System, suites: Vec<String>) -> Request {
    let options = &system.options;
    let packages = system.packages().into_iter().map(|needed| needed.what.clone());
    let (optional, needed): (Vec<_>, Vec<_>) = packages.partition(|package| package.optional);
    let optional = optional.into_iter().map(|package| package.name);
    Request {
        architecture: system.arch.clone(),
        foreign: options.packages.architectures.clone(),
        suites,
        install: needed.into_iter().map(|package| versioned(package.name, system)).collect(),
        optional: optional
            .chain(firmware::wishes(options.firmware.set, &system.distribution().firmware))
            .collect(),
        pins: options.packages.pins.clone(),
        remove: options.packages.remove.clone(),
        prefer: options.packages.prefer.clone(),
        recommends: options.packages.recommends,
        boot: boot_packages(system),
        drivers: options.drivers.wishes(system.distribution()),
        offline: options.packages.offline.clone(),
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
    if system.is_installed() {
        return Vec::new();
    }
    let options = &system.options;
    // Without loaders for the architecture, whoever makes the ISO says so.
    let all = loaders::choice(system.distribution(), &system.arch, &options.boot);
    let is_asked_for = |file: &&LoaderFile| !file.is_optional || options.boot.menu.memtest;
    let all = all.unwrap_or_default();
    let packages: BTreeSet<String> =
        all.iter().filter(is_asked_for).map(|file| file.package.clone()).collect();
    packages.into_iter().collect()
}
