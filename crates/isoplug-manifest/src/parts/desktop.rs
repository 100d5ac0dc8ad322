//! A desktop: its packages, its display manager, and who is logged in without being asked.
//!
//! What each environment is called by its programs is one table ([`environment`]), what they read to log somebody in
//! and to let that session be is written by [`session`]. Knows no version of a desktop.

mod environment;
mod session;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{BootCheck, Promise, UnitState};

use super::networking::NetworkingBackend;
use super::users::{Security, Sudo, User, unknown_user};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};
use environment::Known;

/// A desktop.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Desktop {
    /// The desktop, as Debian's own installer sets it up (`task-NAME-desktop`) with its display manager. NetworkManager
    /// then configures the network, and what packages recommend is installed too; `networking.backend` and
    /// `packages.recommends` change that.
    pub environment: Option<Environment>,
    /// The user who is logged in without a password when the display manager starts. The screen of that session does
    /// not lock, the machine does not go to sleep by itself, and dialogs of a first login are left out. Who may use
    /// `sudo` without a password is not asked for one by the desktop either.
    #[schemars(extend("format" = "user-name"))]
    pub autologin_user: Option<String>,
}

/// A desktop environment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// GNOME, with GDM.
    Gnome,
    /// KDE Plasma, with SDDM.
    Kde,
    /// Xfce, with LightDM.
    Xfce,
    /// LXQt, with SDDM.
    Lxqt,
    /// MATE, with LightDM.
    Mate,
    /// Cinnamon, with LightDM.
    Cinnamon,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) desktop: &'a Desktop,
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) security: &'a Security,
}

/// Debian's name for the one that is there.
const DISPLAY_MANAGER: &str = "display-manager.service";
/// Seconds until a session has begun on a usual machine.
const SESSION: u32 = 300;

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("desktop")
    }

    fn owns(&self) -> &[&str] {
        &["desktop"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Some(known) = self.desktop.environment.map(Environment::known) else { return };
        let active = Promise::Unit { name: DISPLAY_MANAGER.to_owned(), state: UnitState::Active };
        out.because(option!(desktop.environment))
            .package(&format!("task-{}-desktop", known.name))
            .package(known.manager.package())
            .set(&option!(packages.recommends), true)
            .set(&option!(networking.backend), NetworkingBackend::Networkmanager)
            .file(session::patience())
            .promise(active);
        if let Some(user) = &self.desktop.autologin_user {
            self.log_in(user, &known, out);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Some(user) = &self.desktop.autologin_user else { return };
        let option = option!(desktop.autologin_user);
        if self.desktop.environment.is_none() {
            let message = "nobody is logged in: `desktop.environment` is not set";
            lint.report_at(Diagnostic::warning("idle-option", message), &option);
        } else if user == "root" {
            let message = "display managers do not log root in by themselves";
            let error = Diagnostic::error("root-user", message);
            let help = "name a user of `users`, with `sudo = \"nopasswd\"` to become root";
            lint.report_at(error.help(help), &option);
        } else if let Some(error) = unknown_user(user, self.users) {
            lint.report_at(error, &option);
        }
    }
}

impl Part<'_> {
    fn log_in(&self, user: &str, known: &Known, out: &mut Contribution) {
        let mut asked = out.because(option!(desktop.autologin_user));
        for file in session::files(user, known, self.needs_no_password(user)) {
            asked.file(file);
        }
        if known.reads_dconf {
            asked.package("dconf-cli").unit(session::DCONF_UNIT);
        }
        let process = known.process;
        asked.check(BootCheck {
            title: Some(format!("{user} is logged in to {}", known.title)),
            seconds: Some(SESSION),
            ..Promise::Command {
                run: format!("until pgrep -u {user} -x {process}; do sleep 1; done"),
                exit: 0,
                contains: None,
            }
            .into()
        });
    }

    fn needs_no_password(&self, user: &str) -> bool {
        let of_wheel = !self.security.sudo.wheel_needs_password;
        self.users.get(user).is_some_and(|user| {
            let is_member = user.groups.iter().any(|group| group == "sudo");
            user.sudo == Sudo::Nopasswd || (of_wheel && is_member)
        })
    }
}
