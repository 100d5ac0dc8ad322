//! Units of systemd: those to start, and those that say nothing of when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{BootCheck, Promise, UnitState};

use crate::by::By;
use crate::diagnostic::{Diagnostic, Severity};
use crate::option::{Path, option};
use crate::part::{self, Contribution, Lint, Needed};

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
    fn by(&self) -> By {
        By::Part("systemd")
    }

    fn owns(&self) -> &[&str] {
        &["systemd"]
    }

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
        let Systemd { enable: _, disable, mask, units: _, default_target: _ } = self.systemd;
        self.not_installed(lint);
        // A socket may start what is disabled; nothing starts what is masked.
        refused(lint, disable, &option!(systemd.disable), (Severity::Warning, "disabled"));
        refused(lint, mask, &option!(systemd.mask), (Severity::Error, "masked"));
    }
}

impl Part<'_> {
    /// Tells of units to enable that say nothing of when they start.
    fn not_installed(&self, lint: &mut Lint<'_>) {
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

/// Reports every unit that other options start and this list keeps from starting.
fn refused(
    lint: &mut Lint<'_>,
    names: &[String],
    list: &Path<Vec<String>>,
    (severity, word): (Severity, &str),
) {
    for (name, origin) in names.iter().zip(lint.items(list)) {
        let full = full_name(name);
        let Some(Needed { because, .. }) = started(lint, &full) else { continue };
        let message = format!("`{full}` is {word}, and `{because}` needs it to start at boot");
        let diagnostic = Diagnostic::error("contradiction", message).at(origin, "refused here");
        let diagnostic = Diagnostic { severity, ..diagnostic };
        let reason = lint.origin(&Path::<()>::written(because));
        lint.report(match reason {
            Some(reason) => diagnostic.and(reason, "needed here"),
            None => diagnostic,
        });
    }
}

/// Returns the promise that a unit is started.
fn started<'n>(lint: &Lint<'n>, unit: &str) -> Option<&'n Needed<BootCheck>> {
    lint.needs.checks.iter().find(|check| match &check.what.promise {
        Promise::Unit { name, state } => {
            name == unit && matches!(state, UnitState::Enabled | UnitState::Active)
        }
        _ => false,
    })
}

fn full_name(unit: &str) -> String {
    if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") }
}

fn has_install(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "[Install]")
}
