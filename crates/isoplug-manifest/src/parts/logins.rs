//! Whether anybody can log in, and whether somebody can who should not. It has no option of its own.

use std::collections::BTreeMap;

use super::desktop::Desktop;
use super::files::File;
use super::getty::Getty;
use super::openssh::{OpenSsh, PermitRootLogin};
use super::tests::Test;
use super::users::{Root, User};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::package::name_in;
use crate::part::{self, Lint};
use crate::plugin::PluginUse;

/// Packages with which an image is a system that somebody could log in to.
const SYSTEMS: [&str; 3] = ["init", "login", "systemd-sysv"];
/// Packages that make accounts when the system boots.
const ACCOUNT_MAKERS: [&str; 3] = ["cloud-init", "ignition", "live-config"];

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) profile: &'a str,
    pub(crate) install: &'a [String],
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) root: &'a Root,
    pub(crate) openssh: &'a OpenSsh,
    pub(crate) getty: &'a Getty,
    pub(crate) desktop: &'a Desktop,
    pub(crate) files: &'a [File],
    pub(crate) plugins: &'a BTreeMap<String, PluginUse>,
    pub(crate) tests: &'a [Test],
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("logins")
    }

    fn owns(&self) -> &[&str] {
        &[]
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        // A shipped profile is there to be extended.
        if self.is_closed() && !self.profile.starts_with("isoplug:") {
            let message = format!("nobody can log in to an image of profile `{}`", self.profile);
            let help = "give a user `authorized-keys` with `services.openssh.enable`, or a \
                        `hashed-password`, or set `services.getty.autologin-user`; if it is meant, \
                        say `root.locked = true`";
            lint.report(Diagnostic::warning("nobody-logs-in", message).help(help));
        }
        self.published_passwords(lint);
    }
}

impl Part<'_> {
    /// Files of the user's, plugins and some packages may open what looks closed from here; and who
    /// locks root and names no user means it.
    fn is_closed(&self) -> bool {
        let installs =
            |names: &[&str]| self.install.iter().any(|wish| names.contains(&name_in(wish)));
        let is_meant = self.root.locked && self.users.is_empty();
        let elsewhere = self.files.iter().any(|file| file.target.starts_with("/etc/"))
            || !self.plugins.is_empty()
            || installs(&ACCOUNT_MAKERS);
        let console = self.getty.autologin_user.is_some() || self.desktop.autologin_user.is_some();
        installs(&SYSTEMS)
            && !(is_meant || elsewhere || console || self.has_password() || self.has_key())
    }

    fn has_password(&self) -> bool {
        let opens =
            |hash: &Option<String>| hash.as_ref().is_some_and(|hash| !hash.starts_with(['!', '*']));
        let root = !self.root.locked && opens(&self.root.hashed_password);
        root || self.users.values().any(|user| opens(&user.hashed_password))
    }

    fn has_key(&self) -> bool {
        let root = self.openssh.settings.permit_root_login != PermitRootLogin::No
            && !self.root.authorized_keys.is_empty();
        let users = self.users.values().any(|user| !user.authorized_keys.is_empty());
        self.openssh.enable && (root || users)
    }

    /// A password that a test types stands in the manifest for everybody to read.
    fn published_passwords(&self, lint: &mut Lint<'_>) {
        let settings = &self.openssh.settings;
        if !self.openssh.enable || !settings.password_authentication {
            return;
        }
        let root = settings.permit_root_login == PermitRootLogin::Yes;
        for (test, origin) in self.tests.iter().zip(lint.items(&option!(tests))) {
            let login = test.login.as_ref().filter(|login| login.user != "root" || root);
            let Some(login) = login else { continue };
            let message = format!(
                "the password of `{}` stands here, and SSH takes it from the network",
                login.user
            );
            let diagnostic = Diagnostic::warning("published-password", message).at(origin, "");
            let help = "set `services.openssh.settings.password-authentication` to false";
            lint.report(diagnostic.help(help));
        }
    }
}
