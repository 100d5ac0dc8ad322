//! Units of systemd: those to start, and those that say nothing of when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{Promise, UnitState};

use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// Units of systemd.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Systemd {
    /// Units to start at boot, as `systemctl enable` does.
    #[schemars(extend("format" = "unit-name"))]
    pub enable: Vec<String>,
    /// Units that a package would start at boot and that must not be.
    #[schemars(extend("format" = "unit-name"))]
    pub disable: Vec<String>,
    /// Units that nothing may start.
    #[schemars(extend("format" = "unit-name"))]
    pub mask: Vec<String>,
    /// Units to write, by file name (`hello.service`). Those with an `[Install]` section are
    /// enabled.
    #[schemars(extend("propertyNames" = { "format": "unit-file-name" }))]
    pub units: BTreeMap<String, Unit>,
    /// The target to reach at boot; without one, what the packages make it.
    #[schemars(extend("format" = "unit-name"))]
    pub default_target: Option<String>,
}

/// One unit file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unit {
    /// The text of the unit file, into `/etc/systemd/system`.
    pub text: String,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) systemd: &'a Systemd,
}

impl part::Part for Part<'_> {
    fn contribute(&self, out: &mut Contribution) {
        let Systemd { enable, disable, mask, units: _, default_target: _ } = self.systemd;
        let mut promise = |option, names: &[String], state| {
            let mut out = out.because(option);
            for name in names {
                out.promise(Promise::Unit { name: full_name(name), state });
            }
        };
        promise(option!(systemd.enable), enable, UnitState::Enabled);
        promise(option!(systemd.disable), disable, UnitState::Disabled);
        promise(option!(systemd.mask), mask, UnitState::Masked);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Systemd { enable, units, .. } = self.systemd;
        for (name, origin) in enable.iter().zip(lint.items(&option!(systemd.enable))) {
            let full = full_name(name);
            if units.get(&full).is_some_and(|unit| !has_install(&unit.text)) {
                let message = format!("`{full}` has no [Install] section, so nothing starts it");
                let diagnostic = Diagnostic::warning("not-installed", message).at(origin, "");
                let diagnostic = match lint.origin(&option!(systemd.units).below(&full)) {
                    Some(unit) => diagnostic.and(unit, "its text"),
                    None => diagnostic,
                };
                let help = "add `[Install]` and `WantedBy=multi-user.target` to it";
                lint.report(diagnostic.help(help));
            }
        }
    }
}

fn full_name(unit: &str) -> String {
    if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") }
}

fn has_install(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "[Install]")
}
