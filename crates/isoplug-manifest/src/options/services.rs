//! Options for services with settings of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Services with settings of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Services {
    /// The SSH server.
    pub openssh: OpenSsh,
    /// The console.
    pub getty: Getty,
    /// Clock synchronisation by chrony.
    pub chrony: Chrony,
    /// A mouse on the text console.
    pub gpm: Gpm,
}

impl Services {
    /// Returns the units of those services that are on and are nothing but a unit of their package.
    #[must_use]
    pub fn plain_units(&self) -> Vec<&'static str> {
        let Self { openssh: _, getty: _, chrony, gpm } = self;
        let units = [(chrony.enable, "chrony.service"), (gpm.enable, "gpm.service")];
        units.into_iter().filter(|(on, _)| *on).map(|(_, unit)| unit).collect()
    }
}

/// The login on the first console and on serial lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Getty {
    /// The user who is logged in there without a password.
    #[schemars(extend("format" = "user-name"))]
    pub autologin_user: Option<String>,
}

/// Clock synchronisation by chrony.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Chrony {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
}

/// A mouse on the text console.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gpm {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
}

/// The SSH server. Its host keys are made at first boot, never baked in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenSsh {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
    /// The TCP ports it listens on; none listed means 22.
    #[schemars(inner(range(min = 1)))]
    pub ports: Vec<u16>,
    /// Its configuration.
    pub settings: OpenSshSettings,
}

impl OpenSsh {
    /// Returns the ports it listens on: those listed, or 22.
    #[must_use]
    pub fn listens_on(&self) -> Vec<u16> {
        if self.ports.is_empty() { vec![22] } else { self.ports.clone() }
    }
}

/// What goes into `sshd_config`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenSshSettings {
    /// How root may log in.
    pub permit_root_login: PermitRootLogin,
    /// Whether passwords are accepted.
    pub password_authentication: bool,
}

impl Default for OpenSshSettings {
    fn default() -> Self {
        Self { permit_root_login: PermitRootLogin::default(), password_authentication: true }
    }
}

/// How root may log in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PermitRootLogin {
    /// By key and by password.
    Yes,
    /// By key only.
    #[default]
    ProhibitPassword,
    /// By a key that is bound to one command.
    ForcedCommandsOnly,
    /// Not at all.
    No,
}
