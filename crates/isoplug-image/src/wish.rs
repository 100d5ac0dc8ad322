//! Turns an evaluated profile into a request for packages: those it names and those it implies.
//!
//! Knows which package serves which option; knows no archive.

use isoplug_manifest::System;
use isoplug_manifest::options::{FirmwareSet, NetworkingBackend, Options, Sudo};

use crate::sources::Request;

/// Returns what a profile asks of its sources, whose suites are given one a line.
pub fn request(system: &System, suites: Vec<String>) -> Request {
    let options = &system.options;
    let mut install = options.packages.install.clone();
    install.extend(implied(options, &system.arch));
    Request {
        architecture: system.arch.clone(),
        suites,
        install,
        remove: options.packages.remove.clone(),
        prefer: options.packages.prefer.clone(),
        recommends: options.packages.recommends,
        boot: boot_packages(options, &system.arch),
    }
}

/// Returns the packages without which an option would do nothing.
pub fn implied(options: &Options, arch: &str) -> Vec<String> {
    let mut implied = vec![kernel(options, arch)];
    let mut when = |wanted: bool, packages: &[&str]| {
        implied.extend(packages.iter().filter(|_| wanted).map(|package| (*package).to_owned()));
    };
    let locale = options.localisation.locale.as_str();
    when(options.services.openssh.enable, &["openssh-server"]);
    when(options.users.values().any(|user| user.sudo != Sudo::None), &["sudo"]);
    when(options.networking.backend == NetworkingBackend::Networkd, &["systemd-resolved"]);
    when(options.networking.backend == NetworkingBackend::Networkmanager, &["network-manager"]);
    when(!matches!(locale, "C" | "POSIX" | "C.UTF-8"), &["locales"]);
    when(options.localisation.timezone != "Etc/UTC", &["tzdata"]);
    when(options.localisation.keymap != "us", &["console-setup"]);
    when(options.microcode && arch == "amd64", &["intel-microcode", "amd64-microcode"]);
    when(options.firmware.set != FirmwareSet::None, FIRMWARE);
    when(options.firmware.set == FirmwareSet::All, MORE_FIRMWARE);
    implied.extend(options.firmware.packages.iter().cloned());
    implied
}

fn kernel(options: &Options, arch: &str) -> String {
    let package = options.kernel.package(arch);
    match &options.kernel.version {
        Some(version) => format!("{package}={version}"),
        None => package,
    }
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
    let mut packages = Vec::new();
    if boot.bios && arch == "amd64" {
        packages.extend(["grub-pc-bin".to_owned(), "grub-rescue-pc".to_owned()]);
    }
    if boot.uefi {
        packages.push(format!("grub-efi-{arch}-signed"));
    }
    if boot.uefi && boot.secure_boot {
        packages.extend(["shim-signed".to_owned(), format!("shim-helpers-{arch}-signed")]);
    }
    packages
}
