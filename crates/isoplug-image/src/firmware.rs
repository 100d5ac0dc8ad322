//! Which packages hold firmware, and which component has them.

use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::options::FirmwareSet;
use isoplug_manifest::{Source, System};

use isoplug_packages::distribution;

/// Returns what a set of firmware asks for, as far as the sources have it.
pub(crate) fn wishes(set: FirmwareSet) -> Vec<String> {
    let names: &[&str] = match set {
        FirmwareSet::None => &[],
        FirmwareSet::Redistributable => COMMON,
        FirmwareSet::All => ALL,
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Firmware for network, graphics, sound and storage, none of which asks for a licence.
const COMMON: &[&str] = &[
    "firmware-amd-graphics",
    "firmware-ath9k-htc",
    "firmware-atheros",
    "firmware-bnx2",
    "firmware-bnx2x",
    "firmware-brcm80211",
    "firmware-carl9170",
    "firmware-intel-graphics",
    "firmware-intel-sound",
    "firmware-iwlwifi",
    "firmware-libertas",
    "firmware-linux-free",
    "firmware-mediatek",
    "firmware-misc-nonfree",
    "firmware-nvidia-graphics",
    "firmware-qlogic",
    "firmware-realtek",
    "firmware-sof-signed",
    "firmware-ti-connectivity",
    "firmware-zd1211",
];

/// Debian keeps firmware in the section `kernel`, under two forms of name.
const ALL: &[&str] = &["kernel/firmware-*", "kernel/*-firmware"];

/// Releases before firmware had a component of its own.
const OLD: [&str; 6] = ["wheezy", "jessie", "stretch", "buster", "bullseye", "oldoldstable"];

/// What a set of firmware lacks because a component is not enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The source of Debian that could have it.
    pub source: String,
    /// The component that has it.
    pub component: &'static str,
    /// The packages of the set that the image does not get; with the set of all, those that are most
    /// common.
    pub packages: Vec<&'static str>,
}

/// Returns what the profile's set of firmware lacks, if a source of Debian lacks the component.
#[must_use]
pub fn missing(system: &System, locked: &LockedImage) -> Option<Missing> {
    let wanted = match system.options.firmware.set {
        FirmwareSet::None => return None,
        FirmwareSet::Redistributable | FirmwareSet::All => COMMON,
    };
    let has = |source: &Source| source.components.iter().any(|name| name == component(source));
    if system.sources.values().any(has) {
        return None;
    }
    let is_debian = |(name, source): &(&String, &Source)| distribution::of(name, source).is_some();
    let (name, source) = system.sources.iter().find(is_debian)?;
    let there = |name: &str| locked.groups.iter().flatten().any(|package| package.name == name);
    let refused = |name: &str| system.options.packages.remove.iter().any(|refused| refused == name);
    let packages: Vec<&str> =
        wanted.iter().filter(|name| !there(name) && !refused(name)).copied().collect();
    let component = component(source);
    (!packages.is_empty()).then(|| Missing { source: name.clone(), component, packages })
}

fn component(source: &Source) -> &'static str {
    let release = source.suite.split('-').next().unwrap_or_default();
    if OLD.contains(&release) { "non-free" } else { "non-free-firmware" }
}

#[cfg(test)]
mod tests;
