//! Whether anybody can log in, and whether somebody can who should not.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::options::{Options, PermitRootLogin};
use crate::wanted::package_name;

/// Packages with which an image is a system that somebody could log in to.
const SYSTEMS: [&str; 3] = ["init", "login", "systemd-sysv"];
/// Packages that make accounts when the system boots.
const ACCOUNT_MAKERS: [&str; 3] = ["cloud-init", "ignition", "live-config"];

pub(super) fn login(lint: &mut Lint<'_>) {
    // A shipped profile is there to be extended.
    if is_closed(lint.options) && !lint.profile.starts_with("isoplug:") {
        let message = format!("nobody can log in to an image of profile `{}`", lint.profile);
        let help = "give a user `authorized-keys` with `services.openssh.enable`, or a \
                    `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say \
                    `root.locked = true`";
        lint.report(Diagnostic::warning("nobody-logs-in", message).help(help));
    }
    published_passwords(lint);
}

/// Files of the user's, plugins and some packages may open what looks closed from here; and who
/// locks root and names no user means it.
fn is_closed(options: &Options) -> bool {
    let installs = |names: &[&str]| {
        options.packages.install.iter().any(|name| names.contains(&package_name(name)))
    };
    let is_meant = options.root.locked && options.users.is_empty();
    let elsewhere = options.files.iter().any(|file| file.target.starts_with("/etc/"))
        || !options.plugins.is_empty()
        || installs(&ACCOUNT_MAKERS);
    let console = options.services.getty.autologin_user.is_some();
    installs(&SYSTEMS)
        && !(is_meant || elsewhere || console || has_password(options) || has_key(options))
}

fn has_password(options: &Options) -> bool {
    let opens =
        |hash: &Option<String>| hash.as_ref().is_some_and(|hash| !hash.starts_with(['!', '*']));
    let root = !options.root.locked && opens(&options.root.hashed_password);
    root || options.users.values().any(|user| opens(&user.hashed_password))
}

fn has_key(options: &Options) -> bool {
    let openssh = &options.services.openssh;
    let root = openssh.settings.permit_root_login != PermitRootLogin::No
        && !options.root.authorized_keys.is_empty();
    let users = options.users.values().any(|user| !user.authorized_keys.is_empty());
    openssh.enable && (root || users)
}

/// A password that a test types stands in the manifest for everybody to read.
fn published_passwords(lint: &mut Lint<'_>) {
    let openssh = &lint.options.services.openssh;
    let settings = &openssh.settings;
    if !openssh.enable || !settings.password_authentication {
        return;
    }
    let root = settings.permit_root_login == PermitRootLogin::Yes;
    for (test, origin) in lint.options.tests.iter().zip(lint.items(&["tests"])) {
        let Some(login) = test.login.as_ref().filter(|login| login.user != "root" || root) else {
            continue;
        };
        let message = format!(
            "the password of `{}` stands here, and SSH takes it from the network",
            login.user
        );
        let diagnostic = Diagnostic::warning("published-password", message).at(origin, "");
        let help = "set `services.openssh.settings.password-authentication` to false";
        lint.report(diagnostic.help(help));
    }
}
