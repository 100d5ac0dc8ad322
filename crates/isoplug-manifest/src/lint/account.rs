//! Users: one number for two of them, root among them, passwords that let everybody in.

use std::collections::BTreeMap;

use super::Lint;
use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::options::PermitRootLogin;

pub(super) fn users(lint: &mut Lint<'_>) {
    if lint.options.users.contains_key("root") {
        let message = "root is set under `users`";
        let diagnostic = Diagnostic::error("root-user", message).help("write it as `root.…`");
        lint.report(lint.at(diagnostic, &["users", "root"]));
    }
    if lint.options.root.locked && lint.options.root.hashed_password.is_some() {
        let message = "root has a password, but `root.locked` makes it useless";
        let diagnostic = Diagnostic::warning("locked-password", message);
        lint.report(lint.at(diagnostic, &["root", "hashed-password"]));
    }
    shared_numbers(lint);
    autologin(lint);
}

fn autologin(lint: &mut Lint<'_>) {
    let Some(user) = &lint.options.services.getty.autologin_user else { return };
    if user != "root" && !lint.options.users.contains_key(user) {
        let message = format!("there is no user `{user}` to log in");
        let known = lint.options.users.keys();
        let diagnostic = did_you_mean(Diagnostic::error("unknown-user", message), user, known);
        lint.report(lint.at(diagnostic, &["services", "getty", "autologin-user"]));
    }
}

fn shared_numbers(lint: &mut Lint<'_>) {
    let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
    for (name, user) in &lint.options.users {
        let Some(uid) = user.uid else { continue };
        if let Some(other) = numbers.insert(uid, name) {
            let message = format!("users `{other}` and `{name}` have the same uid {uid}");
            let diagnostic = Diagnostic::error("shared-uid", message);
            let diagnostic = lint.at(diagnostic, &["users", name, "uid"]);
            lint.report(lint.at(diagnostic, &["users", other, "uid"]));
        }
    }
}

pub(super) fn ssh(lint: &mut Lint<'_>) {
    let openssh = &lint.options.services.openssh;
    let settings = &openssh.settings;
    if !openssh.enable {
        return;
    }
    if settings.permit_root_login == PermitRootLogin::Yes && settings.password_authentication {
        let message = "anybody on the network may try passwords of root";
        let path = ["services", "openssh", "settings", "permit-root-login"];
        let diagnostic = Diagnostic::warning("root-password-login", message)
            .help("write \"prohibit-password\", and put a key into `root.authorized-keys`");
        lint.report(lint.at(diagnostic, &path));
    }
    if !settings.password_authentication && !anybody_has_a_key(lint) {
        let message = "nobody can log in by SSH: passwords are off and nobody has a key";
        let diagnostic = Diagnostic::warning("no-login", message)
            .help("put a key into `users.NAME.authorized-keys`");
        let path = ["services", "openssh", "settings", "password-authentication"];
        lint.report(lint.at(diagnostic, &path));
    }
}

fn anybody_has_a_key(lint: &Lint<'_>) -> bool {
    let users = lint.options.users.values().map(|user| &user.authorized_keys);
    users.chain([&lint.options.root.authorized_keys]).any(|keys| !keys.is_empty())
}
