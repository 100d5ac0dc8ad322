//! What a running image must show, as data: parts of the manifest promise it, a boot test asks for it.
//!
//! Knows no manifest, no option and no shell.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The firmware that starts the boot loader.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// A BIOS.
    Bios,
    /// UEFI with Secure Boot off.
    Uefi,
    /// UEFI with Secure Boot on.
    SecureBoot,
}

/// The medium that an image boots from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// An optical drive.
    Cd,
    /// A USB stick.
    Usb,
    /// None: the system was installed onto a disk. No test names it; `system = "installed"` says the same.
    #[schemars(skip)]
    Disk,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
            Self::SecureBoot => "secure-boot",
        })
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cd => "cd",
            Self::Usb => "usb",
            Self::Disk => "disk",
        })
    }
}

/// One promise about the running system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Promise {
    /// A systemd unit is in a state.
    Unit {
        /// Full name, with its suffix: `ssh.service`.
        name: String,
        /// The state.
        state: UnitState,
    },
    /// A user exists.
    User {
        /// Login name.
        name: String,
        /// Groups that the user is in, among others.
        groups: Vec<String>,
        /// The numeric id, if it matters.
        uid: Option<u32>,
    },
    /// A file, folder or link exists; what is given must hold of what the path leads to.
    File {
        /// Absolute path.
        path: String,
        /// SHA-256 of its bytes, in hex.
        sha256: Option<String>,
        /// Permission bits, 0 to 0o7777.
        mode: Option<u16>,
        /// `user` or `user:group`, by name or number.
        owner: Option<String>,
        /// A text somewhere in its first MiB.
        contains: Option<String>,
    },
    /// The running host name.
    Hostname {
        /// The name.
        name: String,
    },
    /// A word of the kernel's command line.
    KernelParam {
        /// The whole word: `console=ttyS0,115200`.
        param: String,
    },
    /// Something listens on a port, on any address.
    Port {
        /// Port number.
        port: u16,
        /// TCP or UDP.
        protocol: Protocol,
    },
    /// A package is installed and configured.
    Package {
        /// Its name.
        name: String,
        /// Its exact version, if it matters.
        version: Option<String>,
    },
    /// A shell command gives a result.
    Command {
        /// Text for `sh`, run as root in `/`.
        run: String,
        /// The exit status it must have.
        exit: u8,
        /// A text that its output (stdout and stderr) must contain.
        contains: Option<String>,
    },
    /// The system came up whole: `systemctl is-system-running` says `running`.
    System,
    /// The firmware that started the system is the machine's, Secure Boot included.
    Firmware,
    /// The system runs from this image and no other: its medium has `/.isoplug/<id>`.
    LiveMedium {
        /// The image's id.
        id: String,
    },
}

/// The state of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitState {
    /// Running, or for a one-shot done and kept.
    Active,
    /// Not running.
    Inactive,
    /// Started at boot.
    Enabled,
    /// Not started at boot.
    Disabled,
    /// Cannot be started.
    Masked,
}

/// A transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A promise, and where it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootCheck {
    /// What must hold.
    pub promise: Promise,
    /// Its name in reports; `None` takes [`Promise::title`].
    pub title: Option<String>,
    /// The firmware on which it is checked; empty means every one.
    pub firmware: Vec<Firmware>,
    /// The media from which it is checked; empty means every one.
    pub medium: Vec<Medium>,
    /// Seconds that it may take on a usual machine; `None` leaves it all the time there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

impl BootCheck {
    /// The name in reports.
    pub fn title(&self) -> String {
        self.title.clone().unwrap_or_else(|| self.promise.title())
    }

    /// Whether the check is made when booted so.
    pub fn applies(&self, firmware: Firmware, medium: Medium) -> bool {
        (self.firmware.is_empty() || self.firmware.contains(&firmware))
            && (self.medium.is_empty() || self.medium.contains(&medium))
    }
}

impl From<Promise> for BootCheck {
    fn from(promise: Promise) -> Self {
        Self { promise, title: None, firmware: Vec::new(), medium: Vec::new(), seconds: None }
    }
}

impl Promise {
    /// A short name for reports: `unit ssh.service is active`.
    pub fn title(&self) -> String {
        match self {
            Self::Unit { name, state } => format!("unit {name} is {}", state.name()),
            Self::User { name, .. } => format!("user {name}"),
            Self::File { path, .. } => format!("file {path}"),
            Self::Hostname { name } => format!("hostname is {name}"),
            Self::KernelParam { param } => format!("kernel parameter {param}"),
            Self::Port { port, protocol: Protocol::Tcp } => format!("tcp port {port} listens"),
            Self::Port { port, protocol: Protocol::Udp } => format!("udp port {port} listens"),
            Self::Package { name, .. } => format!("package {name}"),
            Self::Command { run, .. } => format!("command {}", first_line(run)),
            Self::System => "system is running".to_owned(),
            Self::Firmware => "firmware".to_owned(),
            Self::LiveMedium { .. } => "live medium".to_owned(),
        }
    }
}

impl UnitState {
    /// The word that systemctl prints for the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Masked => "masked",
        }
    }
}

fn first_line(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
