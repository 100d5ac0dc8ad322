//! Options for checks of the booted image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A check that the booted image must pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Test {
    /// A name to show; without one, the command.
    pub name: Option<String>,
    /// The firmware to boot with; none listed means every one that the image supports.
    pub firmware: Vec<BootFirmware>,
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
    /// Whether there is a way to boot in which both are made.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        share(&self.firmware, &other.firmware) && share(&self.media, &other.media)
    }
}

/// No item means all.
fn share<T: PartialEq>(these: &[T], others: &[T]) -> bool {
    these.is_empty() || others.is_empty() || these.iter().any(|each| others.contains(each))
}

/// The firmware that a test boots with.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BootFirmware {
    /// A BIOS.
    #[default]
    Bios,
    /// UEFI with Secure Boot off.
    Uefi,
    /// UEFI with Secure Boot on.
    SecureBoot,
}

/// The medium that a test boots from.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// An optical drive.
    #[default]
    Cd,
    /// A USB stick.
    Usb,
}

/// A log-in at the console.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The user's password, in the clear: for tests only.
    pub password: String,
}
