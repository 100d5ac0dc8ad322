//! Whether anybody can log in, and whether somebody can who should not. It has no option of its own.

use std::collections::BTreeMap;

use super::desktop::Desktop;
use super::files::File;
use super::getty::Getty;
use super::kiosk::Kiosk;
use super::openssh::OpenSsh;
use super::tests::Test;
use super::users::{Root, User};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::{Path, option};
use crate::package::name_in;
use crate::part::{self, Lint};
use crate::plugin::PluginUse;
use crate::secret::Secret;

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
    pub(crate) kiosk: &'a Kiosk,
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
        self.published_hashes(lint);
        self.empty_passwords(lint);
    }
}

impl Part<'_> {
    /// Files of the user's, plugins and some packages may open what looks closed from here; and who
    /// locks root and names no user means it.
    fn is_closed(&self) -> bool {
        let installs =
            |names: &[&str]| self.install.iter().any(|wish| names.contains(&name_in(wish)));
        // A kiosk's user is there to run one program.
        let runs_it = |name: &String| self.kiosk.user.as_ref() == Some(name);
        let is_meant = self.root.locked && self.users.keys().all(runs_it);
        let elsewhere = self.files.iter().any(|file| file.target.starts_with("/etc/"))
            || !self.plugins.is_empty()
            || installs(&ACCOUNT_MAKERS);
        let console = self.getty.autologin_user.is_some() || self.desktop.autologin_user.is_some();
        installs(&SYSTEMS)
            && !(is_meant || elsewhere || console || self.has_password() || self.has_key())
    }

    fn has_password(&self) -> bool {
        let opens = |hash: Option<&str>, from: &Option<Secret>| match hash {
            Some(hash) => !hash.starts_with(['!', '*']),
            // What is read right before the build is there to be used.
            None => from.is_some(),
        };
        let Root { locked, hashed_password_from: from, .. } = self.root;
        let root = !locked && opens(self.root.hash(), from);
        root || self.users.values().any(|user| opens(user.hash(), &user.hashed_password_from))
    }

    fn has_key(&self) -> bool {
        let OpenSsh { enable, settings, .. } = self.openssh;
        let root = settings.root() != "no" && !self.root.authorized_keys.is_empty();
        let users = self.users.values().any(|user| !user.authorized_keys.is_empty());
        *enable && settings.takes_keys() && (root || users)
    }

    /// A hash that everybody can read can be tried out at leisure, and what it was made of typed over the network.
    fn published_hashes(&self, lint: &mut Lint<'_>) {
        let decides = option!(services.openssh.settings).below("password-authentication");
        let takes_passwords = self.openssh.enable && self.openssh.settings.takes_passwords();
        if !takes_passwords || lint.origin(&decides).is_some() {
            return;
        }
        for (name, path) in self.hashes_for_ssh() {
            let message = format!(
                "whoever reads this can try out passwords of `{name}`, and SSH takes the right one \
                 from the network"
            );
            let help = "read it from elsewhere (`hashed-password-from`), or say whether it is meant: \
                        `services.openssh.settings.password-authentication`";
            lint.report_at(Diagnostic::warning("published-hash", message).help(help), &path);
        }
    }

    /// Returns who has a hash in the manifest that opens SSH, each with its place.
    fn hashes_for_ssh(&self) -> Vec<(&str, Path<()>)> {
        let opens = |hash: &Option<String>| {
            hash.as_ref().is_some_and(|hash| !hash.is_empty() && !hash.starts_with(['!', '*']))
        };
        let root = self.openssh.settings.root() == "yes" && opens(&self.root.hashed_password);
        let root = root.then(|| ("root", option!(root).below("hashed-password")));
        let users = self.users.iter().filter(|(_, user)| opens(&user.hashed_password));
        let users = users
            .map(|(name, _)| (name.as_str(), option!(users).below(name).below("hashed-password")));
        root.into_iter().chain(users).collect()
    }

    /// An empty password opens the console alone, unless sshd takes it, too.
    fn empty_passwords(&self, lint: &mut Lint<'_>) {
        let settings = &self.openssh.settings;
        let takes_empty = settings.get("permit-empty-passwords") == Some(&true.into());
        let is_empty = |hash: &Option<String>| hash.as_deref() == Some("");
        let root = is_empty(&self.root.hashed_password) && settings.root() == "yes";
        let users = self.users.values().any(|user| is_empty(&user.hashed_password));
        if self.openssh.enable && settings.takes_passwords() && takes_empty && (root || users) {
            let message = "anybody on the network logs in without a password";
            let help = "remove it, or the empty `hashed-password`";
            let option = option!(services.openssh.settings).below("permit-empty-passwords");
            lint.report_at(Diagnostic::warning("open-to-all", message).help(help), &option);
        }
    }

    /// A password that a test types stands in the manifest for everybody to read.
    fn published_passwords(&self, lint: &mut Lint<'_>) {
        let settings = &self.openssh.settings;
        if !self.openssh.enable || !settings.takes_passwords() {
            return;
        }
        let root = settings.root() == "yes";
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
