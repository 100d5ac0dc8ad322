//! Which packages hold firmware, and which component has them.

use isoplug_manifest::distribution::{self, Firmware};
use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::options::FirmwareSet;
use isoplug_manifest::{Source, System};

/// Returns what a set of a distribution's firmware asks for, as far as the sources have it.
pub(crate) fn wishes(set: FirmwareSet, firmware: &Firmware) -> Vec<String> {
    let names: &[&str] = match set {
        FirmwareSet::None => &[],
        FirmwareSet::Redistributable | FirmwareSet::Auto => firmware.common,
        FirmwareSet::All => firmware.all,
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a set of firmware lacks because a component is not enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The source of the distribution that could have it.
    pub source: String,
    /// The component that has it.
    pub component: &'static str,
    /// The packages of the set that the image does not get; with the set of all, those that are most
    /// common.
    pub packages: Vec<&'static str>,
}

/// Returns what the profile's set of firmware lacks, if a source of its distribution lacks the component.
#[must_use]
pub fn missing(system: &System, locked: &LockedImage) -> Option<Missing> {
    let distribution = system.distribution();
    let Firmware { common, all: _, component } = distribution.firmware;
    if system.options.firmware.set == FirmwareSet::None {
        return None;
    }
    let has = |source: &Source| source.components.iter().any(|name| name == component(source));
    if system.sources.values().any(has) {
        return None;
    }
    let is_its = |(name, source): &(&String, &Source)| {
        distribution::of(name, source).is_some_and(|of| of.name == distribution.name)
    };
    let (name, source) = system.sources.iter().find(is_its)?;
    let there = |name: &str| locked.groups.iter().flatten().any(|package| package.name == name);
    let refused = |name: &str| system.options.packages.remove.iter().any(|refused| refused == name);
    let packages: Vec<&str> =
        common.iter().filter(|name| !there(name) && !refused(name)).copied().collect();
    let (source, component) = (name.clone(), component(source));
    (!packages.is_empty()).then_some(Missing { source, component, packages })
}

#[cfg(test)]
mod tests;
