//! Tests of the booted image, and those that cannot hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{BootCheck, Firmware, Medium, Promise};

use super::boot::{Boot, Loader};
use super::install::Install;
use super::users::User;
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// A check that the booted image must pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Test {
    /// A name to show; without one, the command.
    pub name: Option<String>,
    /// The firmware to boot with; none listed means every one that the image supports.
    pub firmware: Vec<Firmware>,
    /// What the test is of; without a word, of the profile that has it. `installed` in a profile with `install.targets`
    /// and `install.unattended` makes `isoplug test` install the first of them onto an empty disk, without a network,
    /// and boot that disk: it then checks what the target promises, too.
    pub system: Option<Tested>,
    /// The media to boot from; none listed means both.
    pub media: Vec<Medium>,
    /// A command to run as root in the booted system. It must succeed.
    pub run: Option<String>,
    /// A text that the command's output must contain.
    pub expect: Option<String>,
    /// A log-in at the console that must work. It is made once in a boot, and gives all checks
    /// their shell.
    pub login: Option<Login>,
    /// Seconds that the command may take on a machine with nothing else to do; one that takes longer has failed.
    /// Without a value, what is left of the time for all checks.
    #[schemars(range(min = 1))]
    pub timeout: Option<u32>,
}

impl Test {
    /// Tells whether it is made when booted so.
    #[must_use]
    pub fn applies(&self, firmware: Firmware, medium: Medium) -> bool {
        let is_of = match self.system {
            None => true,
            Some(Tested::Live) => medium != Medium::Disk,
            Some(Tested::Installed) => medium == Medium::Disk,
        };
        is_of && share(&self.firmware, &[firmware]) && share(&self.media, &[medium])
    }

    /// Returns the media that it boots from.
    fn booted_from(&self) -> Vec<Medium> {
        match self.system {
            Some(Tested::Installed) => vec![Medium::Disk],
            Some(Tested::Live) if self.media.is_empty() => vec![Medium::Cd, Medium::Usb],
            _ => self.media.clone(),
        }
    }

    /// Tells whether there is a way to boot in which both are made.
    fn meets(&self, other: &Self) -> bool {
        self.system == other.system
            && share(&self.firmware, &other.firmware)
            && share(&self.media, &other.media)
    }
}

/// No item means all.
fn share<T: PartialEq>(these: &[T], others: &[T]) -> bool {
    these.is_empty() || others.is_empty() || these.iter().any(|each| others.contains(each))
}

/// Which system a test is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tested {
    /// The one that boots from the medium.
    Live,
    /// The one that a medium installs.
    Installed,
}

/// A log-in at the console.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The user's password, in the clear: for tests only.
    #[schemars(extend("x-secret" = true))]
    pub password: String,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) tests: &'a [Test],
    pub(crate) boot: &'a Boot,
    pub(crate) users: &'a BTreeMap<String, User>,
    pub(crate) install: &'a Install,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("tests")
    }

    fn owns(&self) -> &[&str] {
        &["tests"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let mut promised = out.because(option!(tests));
        for test in self.tests {
            // One that only logs in is kept by how every test gets its shell.
            let Some(run) = test.run.clone() else { continue };
            promised.check(BootCheck {
                promise: Promise::Command { run, exit: 0, contains: test.expect.clone() },
                title: test.name.clone(),
                firmware: test.firmware.clone(),
                medium: test.booted_from(),
                seconds: test.timeout,
            });
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        for (test, origin) in self.tests.iter().zip(lint.items(&option!(tests))) {
            for (code, message) in self.mistakes(test) {
                lint.report(Diagnostic::error(code, message).at(origin, ""));
            }
        }
        self.logins(lint);
    }
}

impl Part<'_> {
    /// A boot is logged in to once, so two tests cannot both say who does.
    fn logins(&self, lint: &mut Lint<'_>) {
        let tests = self.tests.iter().zip(lint.items(&option!(tests)));
        let tests: Vec<_> = tests.filter(|(test, _)| test.login.is_some()).collect();
        for (index, (test, origin)) in tests.iter().enumerate() {
            let clashes = |(other, _): &&(&Test, _)| other.login != test.login && other.meets(test);
            let Some((_, first)) = tests[..index].iter().find(clashes) else { continue };
            let message = "two tests log in to the same boot, which is done once";
            let diagnostic = Diagnostic::error("two-logins", message);
            let diagnostic = diagnostic.at(origin, "").at(first, "");
            lint.report(diagnostic.help("give each its own `firmware` or `media`"));
        }
    }

    fn mistakes(&self, test: &Test) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if test.run.is_none() && test.login.is_none() {
            found.push(("empty-test", "the test has neither `run` nor `login`".to_owned()));
        }
        if test.expect.is_some() && test.run.is_none() {
            let message = "`expect` looks at the output of `run`, which is missing";
            found.push(("empty-test", message.to_owned()));
        }
        if let Some(login) = &test.login
            && login.user != "root"
            && !self.users.contains_key(&login.user)
        {
            found.push(("unknown-user", format!("there is no user `{}` to log in", login.user)));
        }
        found.extend(self.of_installed(test));
        for firmware in test.firmware.iter().filter(|firmware| !self.boots(**firmware)) {
            let message = format!("the test boots by {firmware}, which is off");
            found.push(("impossible-test", message));
        }
        found
    }

    /// Says why nothing would be installed that the test could be of.
    fn of_installed(&self, test: &Test) -> Option<(&'static str, String)> {
        let is_target = self.boot.loader != Loader::None;
        if test.system != Some(Tested::Installed) || is_target {
            return None;
        }
        let why = if !test.media.is_empty() {
            "the test is of an installed system, which boots from no medium: leave `media` out"
        } else if self.install.targets.is_empty() {
            "the test is of an installed system, and `install.targets` names none"
        } else if !self.install.unattended.enable {
            "the test installs without questions, and `install.unattended.enable` is not set"
        } else if self.install.needs_passphrase() {
            "the test would have to type a passphrase: let it install another layout first"
        } else {
            return None;
        };
        Some(("impossible-test", why.to_owned()))
    }

    fn boots(&self, firmware: Firmware) -> bool {
        match firmware {
            Firmware::Bios => self.boot.bios,
            Firmware::Uefi => self.boot.uefi,
            Firmware::SecureBoot => self.boot.secure_boot,
        }
    }
}
