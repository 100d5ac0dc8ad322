//! Answers to what an installation must know: of a manifest, a template, kernel parameters, `answers.toml` or a person.

use serde::{Deserialize, Serialize};

use super::{BootOrder, Confirm, DiskMatch, Encryption, Fault, MediumRule, OnDone, Pick, flexible};

/// Answers, each of which may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Answers {
    /// The template whose answers are taken first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The layout of the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Which disk is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskMatch>,
    /// Which one, if several match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    /// Whether the disk is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// The passphrase of an encrypted disk. Only in an `answers.toml`, which is not part of the image.
    #[cfg_attr(feature = "schema", schemars(extend("x-secret" = true)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<String>,
    /// The host name. `{serial}` and `{mac}` stand for the machine's serial number and its first hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// A user who is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The language: `de_DE.UTF-8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The keyboard: `de`, or `de:nodeadkeys` with a variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keymap: Option<String>,
    /// The time zone: `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// How people are told before a disk is erased without questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// What happens afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_done: Option<OnDone>,
    /// Where the new entry goes in the order of the firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_order: Option<BootOrder>,
    /// Install again where this very installation already is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "flexible::boolean")]
    pub reinstall: Option<bool>,
    /// Whether the disk with the boot medium may be erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<MediumRule>,
    /// Ask with plain numbered lines.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "flexible::boolean")]
    pub plain: Option<bool>,
}

/// A user who is added to the installed system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub full_name: String,
    /// Hash of the password, as crypt(5) has it. Without one, only a key logs in.
    #[cfg_attr(feature = "schema", schemars(extend("x-secret" = true)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Groups; those that the target does not have are left out. `sudo`, if none is named.
    #[serde(
        default = "sudo",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "flexible::list"
    )]
    pub groups: Vec<String>,
    /// Public keys for SSH.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "flexible::list")]
    pub authorized_keys: Vec<String>,
}

fn sudo() -> Vec<String> {
    vec!["sudo".to_owned()]
}

/// Who can read answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Everybody with the image or a login: a plan, kernel parameters.
    Public,
    /// Whoever has the file: `answers.toml`.
    Private,
}

impl Answers {
    /// Returns these answers, and those of `below` where these have none.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            template: self.template.or(below.template),
            target: self.target.or(below.target),
            layout: self.layout.or(below.layout),
            disk: self.disk.or(below.disk),
            pick: self.pick.or(below.pick),
            encryption: self.encryption.or(below.encryption),
            passphrase: self.passphrase.or(below.passphrase),
            hostname: self.hostname.or(below.hostname),
            user: self.user.or(below.user),
            locale: self.locale.or(below.locale),
            keymap: self.keymap.or(below.keymap),
            timezone: self.timezone.or(below.timezone),
            confirm: self.confirm.or(below.confirm),
            on_done: self.on_done.or(below.on_done),
            boot_order: self.boot_order.or(below.boot_order),
            reinstall: self.reinstall.or(below.reinstall),
            medium: self.medium.or(below.medium),
            plain: self.plain.or(below.plain),
        }
    }

    /// Returns what is wrong with them. `at` is where they stand: `answers`, `templates.kiosk.answers`.
    #[must_use]
    pub fn faults(&self, at: &str, secrecy: Secrecy) -> Vec<Fault> {
        let mut faults = self.text_faults(at);
        if let Some(disk) = &self.disk {
            faults.extend(disk.faults(&format!("{at}.disk")));
        }
        if self.passphrase.is_some() && secrecy == Secrecy::Public {
            faults.push(Fault::new(
                format!("{at}.passphrase"),
                "everybody with the image could read it; write it to an answers.toml, or let it be asked",
            ));
        }
        if let Some(user) = &self.user {
            faults.extend(user.faults(&format!("{at}.user")));
        }
        faults
    }
}
