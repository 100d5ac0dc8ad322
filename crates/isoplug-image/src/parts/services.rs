//! Writes units of systemd and says which are started at boot.
//!
//! Reads `[Install]` itself, so no systemctl is run. Knows no manifest.

mod enable;
mod find;
mod unit;

use isoplug_engine::Key;
use isoplug_manifest::By;
use serde::Serialize;

use super::{Attrs, ContributeError, Contributor, Host};
use unit::{Install, Name};

/// Units to write, enable, disable and mask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Services {
    /// Unit files to write; those with an `[Install]` section are enabled.
    pub units: Vec<UnitFile>,
    /// Additions to units, as files of their own.
    pub drop_ins: Vec<DropIn>,
    /// Units to start at boot.
    pub enable: Vec<String>,
    /// Units that are not to be started at boot.
    pub disable: Vec<String>,
    /// Units that nothing may start.
    pub mask: Vec<String>,
    /// The target to reach at boot; `None`: what the packages make it.
    pub default_target: Option<String>,
}

/// A unit file to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitFile {
    /// Its file name: `hello.service`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An addition to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DropIn {
    /// The unit: `ssh.service`.
    pub unit: String,
    /// The file name: `10-hello.conf`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Contributor for Services {
    fn by(&self) -> By {
        By::Part("services")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        let units = self.units.iter().map(|unit| format!("{}/{}", find::CONFIGURED, unit.name));
        units.collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("services", self);
    }

    fn contribute(&self, host: &mut dyn Host) -> Result<(), ContributeError> {
        self.units.iter().try_for_each(|unit| write(host, unit))?;
        self.drop_ins.iter().try_for_each(|drop_in| write_drop_in(host, drop_in))?;
        self.disable.iter().try_for_each(|unit| enable::disable(host, unit))?;
        let installed = |unit: &&UnitFile| !Install::parse(&unit.text).is_empty();
        let template = |unit: &&UnitFile| Name::parse(&unit.name).is_some_and(|n| n.is_template());
        let named =
            |unit: &UnitFile| self.disable.contains(&unit.name) || self.mask.contains(&unit.name);
        let own = self.units.iter().filter(installed).filter(|unit| !named(unit));
        let own = own.filter(|unit| {
            !template(unit) || Install::parse(&unit.text).default_instance.is_some()
        });
        own.map(|unit| &unit.name)
            .chain(&self.enable)
            .try_for_each(|unit| enable::enable(host, unit))?;
        self.mask.iter().try_for_each(|unit| enable::mask(host, unit))?;
        self.default_target.iter().try_for_each(|target| enable::set_default(host, target))
    }
}

/// Starts a unit at boot, as `systemctl enable` does.
pub fn enable(host: &mut dyn Host, unit: &str) -> Result<(), ContributeError> {
    enable::enable(host, unit)
}

/// Keeps a unit from being started at boot, as `systemctl disable` does.
pub fn disable(host: &mut dyn Host, unit: &str) -> Result<(), ContributeError> {
    enable::disable(host, unit)
}

/// Tells whether the image has a unit.
pub fn has(host: &dyn Host, unit: &str) -> bool {
    find::find(host, unit).is_ok()
}

/// Writes a unit file of the administrator's.
pub fn write(host: &mut dyn Host, unit: &UnitFile) -> Result<(), ContributeError> {
    let UnitFile { name, text } = unit;
    if Name::parse(name).is_none() {
        let reason = "the name of a unit file ends in its type, such as `.service`";
        return Err(ContributeError::refused(format!("unit `{name}`"), reason));
    }
    host.file(&format!("{}/{name}", find::CONFIGURED), &lines(text), Attrs::mode(0o644))
}

fn write_drop_in(host: &mut dyn Host, drop_in: &DropIn) -> Result<(), ContributeError> {
    let DropIn { unit, name, text } = drop_in;
    let unit = find::find(host, unit)?.name;
    if name.contains('/') || !name.ends_with(".conf") {
        let reason = format!("the file name of an addition ends in `.conf`, `{name}` does not");
        return Err(ContributeError::refused(format!("unit `{unit}`"), reason));
    }
    let path = format!("{}/{unit}.d/{name}", find::CONFIGURED);
    host.file(&path, &lines(text), Attrs::mode(0o644))
}

/// Ends a text with a line break, since systemd ignores what follows the last one.
fn lines(text: &str) -> Vec<u8> {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    [text, end].concat().into_bytes()
}

#[cfg(test)]
mod tests;
