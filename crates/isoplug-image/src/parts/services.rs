//! Writes units of systemd and says which are started at boot.
//!
//! Reads `[Install]` itself, so no systemctl is run. Knows no manifest.

mod enable;
mod find;
mod unit;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::Systemd;

use super::{Attrs, ContributeError, Contributor, Rootfs};
use unit::{Install, Name};

/// Units to write, enable, disable and mask.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Services {
    /// What the user says.
    pub systemd: Systemd,
    /// Units that parts need, to be started at boot beside the user's.
    pub needed: Vec<String>,
}

impl Contributor for Services {
    fn by(&self) -> By {
        By::Part("services")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        let units = self.systemd.units.keys();
        units.map(|name| format!("{}/{name}", find::CONFIGURED)).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { systemd, needed } = self;
        key.value("systemd", systemd);
        key.value("needed", needed);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let Systemd { enable, disable, mask, units, default_target } = &self.systemd;
        units.iter().try_for_each(|(name, unit)| write(rootfs, name, &unit.text))?;
        disable.iter().try_for_each(|unit| enable::disable(rootfs, unit))?;
        let refused = |name: &String| disable.contains(name) || mask.contains(name);
        let own =
            units.iter().filter(|(name, unit)| is_enabled(name, &unit.text) && !refused(name));
        let needed = self.needed.iter().filter(|unit| !enable.contains(unit));
        own.map(|(name, _)| name)
            .chain(enable)
            .chain(needed)
            .try_for_each(|unit| enable::enable(rootfs, unit))?;
        mask.iter().try_for_each(|unit| enable::mask(rootfs, unit))?;
        default_target.iter().try_for_each(|target| enable::set_default(rootfs, target))
    }
}

/// Tells whether a unit file says of itself how it is started; a template must name an instance.
fn is_enabled(name: &str, text: &str) -> bool {
    let install = Install::parse(text);
    let is_template = Name::parse(name).is_some_and(|name| name.is_template());
    !install.is_empty() && (!is_template || install.default_instance.is_some())
}

/// Starts a unit at boot, as `systemctl enable` does.
///
/// # Errors
///
/// When the image has no such unit, or it is a template.
pub fn enable(rootfs: &mut dyn Rootfs, unit: &str) -> Result<(), ContributeError> {
    enable::enable(rootfs, unit)
}

/// Keeps a unit from being started at boot, as `systemctl disable` does.
///
/// # Errors
///
/// When the image has no such unit.
pub fn disable(rootfs: &mut dyn Rootfs, unit: &str) -> Result<(), ContributeError> {
    enable::disable(rootfs, unit)
}

/// Tells whether the image has a unit.
pub fn has(rootfs: &dyn Rootfs, unit: &str) -> bool {
    find::find(rootfs, unit).is_ok()
}

/// Writes a unit file of the administrator's.
///
/// # Errors
///
/// When the name is none of a unit file.
pub fn write(rootfs: &mut dyn Rootfs, name: &str, text: &str) -> Result<(), ContributeError> {
    if Name::parse(name).is_none() {
        let reason = "the name of a unit file ends in its type, such as `.service`";
        return Err(ContributeError::refused(format!("unit `{name}`"), reason));
    }
    rootfs.file(&format!("{}/{name}", find::CONFIGURED), &lines(text), Attrs::mode(0o644))
}

/// Ends a text with a line break, since systemd ignores what follows the last one.
fn lines(text: &str) -> Vec<u8> {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    [text, end].concat().into_bytes()
}

#[cfg(test)]
mod tests;
