//! The SSH server.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use isoplug_promise::{Promise, Protocol, UnitState};

use super::users::{Root, User};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};
use crate::sshd;

/// The SSH server. Its host keys are made at first boot, never baked in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenSsh {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
    /// The TCP ports it listens on; none listed means 22.
    #[schemars(inner(range(min = 1)))]
    pub ports: Vec<u16>,
    /// Its configuration: the keywords of sshd_config(5), in small letters with hyphens or as they stand there.
    pub settings: SshdSettings,
    /// What holds for some users or connections alone. Where several fit, the first that sets a keyword counts.
    #[serde(rename = "match")]
    pub matches: Vec<SshdMatch>,
}

impl OpenSsh {
    /// Returns the ports it listens on: those listed, or 22.
    #[must_use]
    pub fn listens_on(&self) -> Vec<u16> {
        if self.ports.is_empty() { vec![22] } else { self.ports.clone() }
    }
}

/// What goes into `sshd_config`: keywords and what they are set to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Json>")]
pub struct SshdSettings(BTreeMap<String, Json>);

impl Default for SshdSettings {
    fn default() -> Self {
        Self::from(BTreeMap::new())
    }
}

impl From<BTreeMap<String, Json>> for SshdSettings {
    /// What Debian's sshd does by itself is said, too, since other files may say otherwise.
    fn from(mut settings: BTreeMap<String, Json>) -> Self {
        for (option, value) in [(PASSWORDS, json!(true)), (ROOT, json!("prohibit-password"))] {
            settings.entry(option.to_owned()).or_insert(value);
        }
        Self(settings)
    }
}

impl JsonSchema for SshdSettings {
    fn schema_name() -> Cow<'static, str> {
        "SshdSettings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        sshd::schema(false).try_into().unwrap_or_default()
    }
}

const PASSWORDS: &str = "password-authentication";
const ROOT: &str = "permit-root-login";

impl SshdSettings {
    /// Returns what an option is set to.
    #[must_use]
    pub fn get(&self, option: &str) -> Option<&Json> {
        self.0.get(option)
    }

    /// Says whether passwords are accepted.
    #[must_use]
    pub fn takes_passwords(&self) -> bool {
        self.get(PASSWORDS) != Some(&json!(false))
    }

    /// Says whether keys are accepted.
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        self.get("pubkey-authentication") != Some(&json!(false))
    }

    /// Returns how root may log in, in the words of sshd.
    #[must_use]
    pub fn root(&self) -> &str {
        self.get(ROOT).and_then(Json::as_str).unwrap_or_default()
    }

    /// Returns the lines of sshd_config(5), each with the option that it comes from.
    pub fn lines(&self) -> impl Iterator<Item = (&str, String)> {
        lines(&self.0)
    }
}

/// What a `Match` block sets: the keywords that it may have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SshdMatchSettings(BTreeMap<String, Json>);

impl JsonSchema for SshdMatchSettings {
    fn schema_name() -> Cow<'static, str> {
        "SshdMatchSettings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        sshd::schema(true).try_into().unwrap_or_default()
    }
}

impl SshdMatchSettings {
    /// Returns the lines of sshd_config(5), each with the option that it comes from.
    pub fn lines(&self) -> impl Iterator<Item = (&str, String)> {
        lines(&self.0)
    }
}

fn lines(settings: &BTreeMap<String, Json>) -> impl Iterator<Item = (&str, String)> {
    let of = |(option, value): (&'_ String, &Json)| sshd::lines(option, value);
    settings
        .iter()
        .flat_map(move |setting| of(setting).into_iter().map(|line| (setting.0.as_str(), line)))
}

/// What holds for some users or connections alone. All conditions must be met, of each list one; `*` stands for
/// any text, and `!` before a pattern leaves out what fits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SshdMatch {
    /// Who logs in, by name.
    #[schemars(extend("format" = "sshd-name"))]
    pub users: Vec<String>,
    /// A group that they are in.
    #[schemars(extend("format" = "sshd-name"))]
    pub groups: Vec<String>,
    /// The name of the machine that they come from.
    #[schemars(extend("format" = "sshd-name"))]
    pub hosts: Vec<String>,
    /// Its address, also as a network such as `192.0.2.0/24`.
    #[schemars(extend("format" = "sshd-name"))]
    pub addresses: Vec<String>,
    /// The address at which they come in.
    #[schemars(extend("format" = "sshd-name"))]
    pub local_addresses: Vec<String>,
    /// The port at which they come in.
    #[schemars(inner(range(min = 1)))]
    pub local_ports: Vec<u16>,
    /// What holds then: keywords of sshd_config(5) that may stand below `Match`.
    pub settings: SshdMatchSettings,
}

impl SshdMatch {
    /// Returns the line that begins its block; nothing if it has no condition.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let Self { users, groups, hosts, addresses, local_addresses, local_ports, settings: _ } =
            self;
        let ports = local_ports.iter().map(u16::to_string).collect();
        let all = [
            ("User", users),
            ("Group", groups),
            ("Host", hosts),
            ("Address", addresses),
            ("LocalAddress", local_addresses),
            ("LocalPort", &ports),
        ];
        let of = |(name, list): &(&str, &Vec<String>)| format!(" {name} {}", list.join(","));
        let line: String = all.iter().filter(|(_, list)| !list.is_empty()).map(of).collect();
        (!line.is_empty()).then(|| format!("Match{line}"))
    }
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
        let OpenSsh { enable, ports: _, settings, matches: _ } = self.openssh;
        self.conditions(lint);
        if !enable {
            return;
        }
        if settings.root() == "yes" && settings.takes_passwords() {
            let message = "anybody on the network may try passwords of root";
            let diagnostic = Diagnostic::warning("root-password-login", message)
                .help("write \"prohibit-password\", and put a key into `root.authorized-keys`");
            lint.report_at(diagnostic, &option!(services.openssh.settings).below(ROOT));
        }
        if !settings.takes_passwords() && !self.anybody_has_a_key() {
            let message = "nobody can log in by SSH: passwords are off and nobody has a key";
            let diagnostic = Diagnostic::warning("no-login", message)
                .help("put a key into `users.NAME.authorized-keys`");
            lint.report_at(diagnostic, &option!(services.openssh.settings).below(PASSWORDS));
        }
    }
}

impl Part<'_> {
    /// A block that fits everybody would take the place of the settings without saying so.
    fn conditions(&self, lint: &mut Lint<'_>) {
        let list = option!(services.openssh).below("match");
        for (block, origin) in self.openssh.matches.iter().zip(lint.items(&list)) {
            if block.line().is_none() {
                let message =
                    "this fits every connection: it names no user, group, host, address or port";
                let help = "name one, such as `users = [\"ada\"]`, or set it in \
                            `services.openssh.settings`";
                lint.report(Diagnostic::error("match-all", message).at(origin, "").help(help));
            }
        }
    }

    fn anybody_has_a_key(&self) -> bool {
        let users = self.users.values().map(|user| &user.authorized_keys);
        users.chain([&self.root.authorized_keys]).any(|keys| !keys.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_is_written() {
        let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        let block = SshdMatch {
            users: list(&["ada", "bob"]),
            groups: list(&["sudo"]),
            hosts: list(&["*.example.org"]),
            addresses: list(&["192.0.2.0/24"]),
            local_addresses: list(&["192.0.2.1"]),
            local_ports: vec![22, 2222],
            settings: SshdMatchSettings::default(),
        };
        let line = "Match User ada,bob Group sudo Host *.example.org Address 192.0.2.0/24 \
                    LocalAddress 192.0.2.1 LocalPort 22,2222";
        assert_eq!(block.line().as_deref(), Some(line));
        assert_eq!(SshdMatch::default().line(), None);
    }

    #[test]
    fn what_debian_does_by_itself_is_said() {
        let options: OpenSsh =
            serde_json::from_value(json!({ "settings": { "x11-forwarding": true } })).unwrap();
        let lines: Vec<String> = options.settings.lines().map(|(_, line)| line).collect();
        let expected = [
            "PasswordAuthentication yes",
            "PermitRootLogin prohibit-password",
            "X11Forwarding yes",
        ];
        assert_eq!(lines, expected);
        assert_eq!(OpenSsh::default().settings.lines().count(), 2);
    }
}
