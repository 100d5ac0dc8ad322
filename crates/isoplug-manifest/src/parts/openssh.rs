//! The SSH server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{Promise, Protocol, UnitState};

use super::users::{Root, User};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

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

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) openssh: &'a OpenSsh,
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) root: &'a Root,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("openssh")
    }

    fn owns(&self) -> &[&str] {
        &["services.openssh"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if !self.openssh.enable {
            return;
        }
        let name = "ssh.service".to_owned();
        out.because(option!(services.openssh.enable))
            .package("openssh-server")
            .promise(Promise::Unit { name, state: UnitState::Active });
        let mut ports = out.because(option!(services.openssh.ports));
        for port in self.openssh.listens_on() {
            ports.promise(Promise::Port { port, protocol: Protocol::Tcp });
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let OpenSsh { enable, ports: _, settings } = self.openssh;
        if !enable {
            return;
        }
        if settings.permit_root_login == PermitRootLogin::Yes && settings.password_authentication {
            let message = "anybody on the network may try passwords of root";
            let diagnostic = Diagnostic::warning("root-password-login", message)
                .help("write \"prohibit-password\", and put a key into `root.authorized-keys`");
            lint.report_at(diagnostic, &option!(services.openssh.settings.permit_root_login));
        }
        if !settings.password_authentication && !self.anybody_has_a_key() {
            let message = "nobody can log in by SSH: passwords are off and nobody has a key";
            let diagnostic = Diagnostic::warning("no-login", message)
                .help("put a key into `users.NAME.authorized-keys`");
            lint.report_at(diagnostic, &option!(services.openssh.settings.password_authentication));
        }
    }
}

impl Part<'_> {
    fn anybody_has_a_key(&self) -> bool {
        let users = self.users.values().map(|user| &user.authorized_keys);
        users.chain([&self.root.authorized_keys]).any(|keys| !keys.is_empty())
    }
}
