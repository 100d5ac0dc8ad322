//! Turns an evaluated profile into a request for packages.
//!
//! Knows which packages hold firmware; knows no archive.

use isoplug_manifest::System;
use isoplug_manifest::options::{FirmwareSet, Options};

use crate::sources::Request;
use crate::stages::loaders::{self, MEMTEST};

/// Returns what a profile asks of its sources, whose suites are given one a line.
pub fn request(system: &System, suites: Vec<String>) -> Request {
    let options = &system.options;
    let wanted = system.wanted().into_iter().map(|wanted| versioned(wanted.name, system));
    Request {
        architecture: system.arch.clone(),
        suites,
        install: wanted.chain(firmware(options.firmware.set)).collect(),
        remove: options.packages.remove.clone(),
        prefer: options.packages.prefer.clone(),
        recommends: options.packages.recommends,
        boot: boot_packages(options, &system.arch),
    }
}

/// Asks for the kernel of a version, if the profile names one.
fn versioned(package: String, system: &System) -> String {
    let kernel = &system.options.kernel;
    match &kernel.version {
        Some(version) if package == kernel.package(&system.arch) => format!("{package}={version}"),
        _ => package,
    }
}

fn firmware(set: FirmwareSet) -> Vec<String> {
    let names = match set {
        FirmwareSet::None => Vec::new(),
        FirmwareSet::Redistributable => FIRMWARE.to_vec(),
        FirmwareSet::All => [FIRMWARE, MORE_FIRMWARE].concat(),
    };
    names.into_iter().map(str::to_owned).collect()
}

/// Firmware for network, graphics, sound and storage; in Debian 12 and 13.
const FIRMWARE: &[&str] = &[
    "firmware-amd-graphics",
    "firmware-atheros",
    "firmware-bnx2",
    "firmware-bnx2x",
    "firmware-brcm80211",
    "firmware-iwlwifi",
    "firmware-libertas",
    "firmware-linux-free",
    "firmware-misc-nonfree",
    "firmware-qlogic",
    "firmware-realtek",
    "firmware-sof-signed",
    "firmware-zd1211",
];

/// The rest.
const MORE_FIRMWARE: &[&str] = &[
    "firmware-cavium",
    "firmware-intel-sound",
    "firmware-ipw2x00",
    "firmware-ivtv",
    "firmware-myricom",
    "firmware-netronome",
    "firmware-netxen",
    "firmware-qcom-soc",
    "firmware-samsung",
    "firmware-siano",
    "firmware-ti-connectivity",
];

/// Returns the packages whose files boot the medium; they are unpacked, not installed.
fn boot_packages(options: &Options, arch: &str) -> Vec<String> {
    let boot = &options.boot;
    let memtest = boot.menu.memtest || options.packages.install.iter().any(|p| p == MEMTEST);
    // Without loaders for the architecture, the stage that wants them says so.
    let all = loaders::packages(arch, boot.bios, boot.uefi, boot.secure_boot).unwrap_or_default();
    let wanted = all.into_iter().filter(|package| *package != MEMTEST || memtest);
    wanted.map(str::to_owned).collect()
}
