//! Users, root, and who may become root. Whether anybody can log in, and whether somebody can who should not.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::Promise;

use crate::by::By;
use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::format::{self, Verdict};
use crate::option::{Path, option};
use crate::part::{self, Contribution, Lint};
use crate::secret::Secret;

/// A user of the running system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// The user's number; without one, the next free from 1000, or from 100 for a system user, in
    /// the order of names.
    #[schemars(range(min = 1, max = 4_294_967_293_u32))]
    pub uid: Option<u32>,
    /// The groups the user is in, beside one of the same name as the user.
    #[schemars(extend("format" = "group-name"))]
    pub groups: Vec<String>,
    /// The password as crypt(5) writes it, from `mkpasswd`. Without one, no password is accepted.
    #[schemars(extend("format" = "crypt-hash", "x-secret" = true))]
    pub hashed_password: Option<String>,
    /// Where to read the same, so that the manifest may be published.
    pub hashed_password_from: Option<Secret>,
    /// SSH public keys that may log in, one line of `.pub` each.
    #[schemars(extend("format" = "ssh-key"))]
    pub authorized_keys: Vec<String>,
    /// The login shell.
    #[schemars(extend("format" = "target-path"))]
    pub shell: String,
    /// The home folder; without one, `/home/NAME`.
    #[schemars(extend("format" = "target-path"))]
    pub home: Option<String>,
    /// Whether the user may become root with `sudo`. All but `none` install the package.
    pub sudo: Sudo,
    /// The user's full name.
    pub description: String,
    /// Whether it is an account for a service: no home is made, and nobody logs in.
    pub system: bool,
}

impl Default for User {
    fn default() -> Self {
        Self {
            uid: None,
            groups: Vec::new(),
            hashed_password: None,
            hashed_password_from: None,
            authorized_keys: Vec::new(),
            shell: "/bin/bash".to_owned(),
            home: None,
            sudo: Sudo::None,
            description: String::new(),
            system: false,
        }
    }
}

impl User {
    /// Returns the hash of the password, wherever it comes from, once it was read.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        hash(self.hashed_password.as_ref(), self.hashed_password_from.as_ref())
    }
}

impl Root {
    /// Returns the hash of the password, wherever it comes from, once it was read.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        hash(self.hashed_password.as_ref(), self.hashed_password_from.as_ref())
    }
}

fn hash<'u>(here: Option<&'u String>, elsewhere: Option<&'u Secret>) -> Option<&'u str> {
    here.map(String::as_str).or_else(|| elsewhere?.text())
}

/// Says why a text is no hash of a password that can be used, if it is none.
#[must_use]
pub fn wrong_hash(text: &str) -> Option<String> {
    match format::check("crypt-hash", text) {
        Verdict::Wrong(finding) => {
            let help = finding.help.map_or_else(String::new, |help| format!("; {help}"));
            Some(format!("{}{help}", finding.message))
        }
        _ => None,
    }
}

/// Whether a user may become root.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sudo {
    /// Only as far as the user's groups allow.
    #[default]
    None,
    /// With the user's own password.
    Password,
    /// Without a password.
    Nopasswd,
}

/// The root user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Root {
    /// The password as crypt(5) writes it, from `mkpasswd`. Without one, no password is accepted.
    #[schemars(extend("format" = "crypt-hash", "x-secret" = true))]
    pub hashed_password: Option<String>,
    /// Where to read the same, so that the manifest may be published.
    pub hashed_password_from: Option<Secret>,
    /// Whether the password is locked, even if there is one.
    pub locked: bool,
    /// SSH public keys that may log in, one line of `.pub` each.
    #[schemars(extend("format" = "ssh-key"))]
    pub authorized_keys: Vec<String>,
}

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Security {
    /// How users become root.
    pub sudo: SudoRules,
}

/// How users become root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SudoRules {
    /// Whether the members of the group `sudo`, elsewhere called `wheel`, type their password to
    /// become root. For one user alone, see `users.NAME.sudo`.
    pub wheel_needs_password: bool,
}

impl Default for SudoRules {
    fn default() -> Self {
        Self { wheel_needs_password: true }
    }
}

/// Returns what is wrong with a user who is to be logged in, if there is no such user.
pub(super) fn unknown_user(name: &str, users: &BTreeMap<String, User>) -> Option<Diagnostic> {
    let error =
        || Diagnostic::error("unknown-user", format!("there is no user `{name}` to log in"));
    (!users.contains_key(name)).then(|| did_you_mean(error(), name, users.keys()))
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) root: &'a Root,
    pub(crate) security: &'a Security,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("users")
    }

    fn owns(&self) -> &[&str] {
        &["users", "root", "security"]
    }

    fn contribute(&self, out: &mut Contribution) {
        for (name, user) in self.users {
            let User { groups, uid, sudo, .. } = user;
            let path = || option!(users).below(name);
            // The group `sudo` means nothing without the package.
            let is_sudoer = groups.iter().any(|group| group == "sudo");
            let (name, groups, uid) = (name.clone(), groups.clone(), *uid);
            out.because(path()).promise(Promise::User { name, groups, uid });
            if *sudo != Sudo::None {
                out.because(path().below("sudo")).package("sudo");
            } else if is_sudoer {
                out.because(path().below("groups")).package("sudo");
            }
        }
        if !self.security.sudo.wheel_needs_password {
            out.because(option!(security.sudo.wheel_needs_password)).package("sudo");
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.users.contains_key("root") {
            let message = "root is set under `users`";
            let diagnostic = Diagnostic::error("root-user", message).help("write it as `root.…`");
            lint.report_at(diagnostic, &option!(users).below("root"));
        }
        let Root { hashed_password, hashed_password_from, locked, .. } = self.root;
        if *locked && (hashed_password.is_some() || hashed_password_from.is_some()) {
            let message = "root has a password, but `root.locked` makes it useless";
            let diagnostic = Diagnostic::warning("locked-password", message);
            let key = if hashed_password.is_some() { HERE } else { ELSEWHERE };
            lint.report_at(diagnostic, &option!(root).below(key));
        }
        password((hashed_password, hashed_password_from), &option!(root), lint);
        for (name, User { hashed_password, hashed_password_from, .. }) in self.users {
            let at = option!(users).below(name);
            password((hashed_password, hashed_password_from), &at, lint);
        }
        self.shared_numbers(lint);
    }
}

const HERE: &str = "hashed-password";
const ELSEWHERE: &str = "hashed-password-from";

/// Reports a password that is given twice, and one from elsewhere that is not.
fn password<T>(
    (here, elsewhere): (&Option<String>, &Option<Secret>),
    at: &Path<T>,
    lint: &mut Lint<'_>,
) {
    let Some(secret) = elsewhere else { return };
    let place = at.clone().below(ELSEWHERE);
    lint.secret(secret, "the hash of a password", &place);
    if here.is_some() {
        let message = format!("the password is given twice: by `{HERE}` and by `{ELSEWHERE}`");
        let diagnostic = lint.at(Diagnostic::error("two-passwords", message), &place);
        lint.report_at(diagnostic, &at.clone().below(HERE));
    }
    if let Some(reason) = secret.plain.as_deref().and_then(wrong_hash) {
        lint.report_at(Diagnostic::error("bad-hash", reason), &place);
    }
}

impl Part<'_> {
    fn shared_numbers(&self, lint: &mut Lint<'_>) {
        let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
        for (name, user) in self.users {
            let Some(uid) = user.uid else { continue };
            if let Some(other) = numbers.insert(uid, name) {
                let message = format!("users `{other}` and `{name}` have the same uid {uid}");
                let diagnostic = Diagnostic::error("shared-uid", message);
                let diagnostic = lint.at(diagnostic, &option!(users).below(name).below("uid"));
                lint.report_at(diagnostic, &option!(users).below(other).below("uid"));
            }
        }
    }
}
