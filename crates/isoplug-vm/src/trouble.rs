//! Reads a serial log for what went wrong, and says it plainly.
//!
//! Pure: text in, trouble out. What ends a boot for certain is told from what only explains one that
//! never came up ([`fatal`], [`explain`]).

mod plain;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pace::Pace;
pub(crate) use plain::plain;

/// What went wrong in a boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Which kind.
    pub kind: TroubleKind,
    /// The line that showed it; empty if none did.
    pub line: String,
}

/// The kinds of trouble. Their texts are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// The kernel panicked.
    KernelPanic,
    /// Firmware or shim refused a signature.
    SecureBoot,
    /// GRUB could not do what its menu says.
    Grub,
    /// Firmware found nothing to boot.
    NoBootableMedium,
    /// UEFI fell back to its shell.
    FirmwareShell,
    /// The initrd did not find the medium.
    MediumNotFound,
    /// The initrd gave up.
    InitrdShell,
    /// systemd gave up.
    EmergencyMode,
    /// The installer in the image did not install.
    NotInstalled,
    /// A login prompt, but no way past it.
    LoginRefused,
    /// The shell was lost.
    ShellLost,
    /// The machine stopped by itself.
    Stopped,
    /// QEMU reported that the virtual machine cannot go on.
    InternalError,
    /// QEMU itself broke down.
    QemuBroke,
    /// The guest never gave a sign of life.
    NeverRan,
    /// systemd gave up waiting for the serial port, so no login appears on it.
    PortTooLate,
    /// The boot or its checks were still going on when the time was up.
    TooSlow,
    /// The user stopped it.
    Interrupted,
    /// There was a kernel or more, but no shell in time.
    TimeoutWithOutput,
    /// Nothing came over the serial port.
    TimeoutSilent,
}

/// Texts that end a boot, in order of how much they tell.
const FATAL: &[(TroubleKind, &str)] = &[
    (TroubleKind::KernelPanic, "Kernel panic - not syncing"),
    (TroubleKind::SecureBoot, "Security Violation"),
    (TroubleKind::SecureBoot, "bad shim signature"),
    (TroubleKind::SecureBoot, "Security Policy Violation"),
    (TroubleKind::MediumNotFound, "Unable to find a medium containing a live file system"),
    (TroubleKind::MediumNotFound, "Unable to find a live file system on the network"),
    (TroubleKind::InitrdShell, "(initramfs)"),
    (TroubleKind::EmergencyMode, "You are in emergency mode"),
    (TroubleKind::EmergencyMode, "You are in rescue mode"),
    (TroubleKind::EmergencyMode, "Cannot open access to console, the root account is locked"),
    (TroubleKind::EmergencyMode, "systemd[1]: Freezing execution"),
    (TroubleKind::PortTooLate, "Timed out waiting for device dev-ttyS0"),
    (TroubleKind::PortTooLate, "Timed out waiting for device dev-ttyAMA0"),
    (TroubleKind::Grub, "grub rescue>"),
    (TroubleKind::Grub, "Minimal BASH-like line editing is supported"),
    (TroubleKind::FirmwareShell, "UEFI Interactive Shell"),
    (TroubleKind::NoBootableMedium, "No bootable device."),
    (TroubleKind::NoBootableMedium, "BdsDxe: No bootable option or device was found"),
];

/// Texts after which a boot may yet go on.
const EXPLAINING: &[(TroubleKind, &str)] = &[
    (TroubleKind::SecureBoot, ": Access Denied"),
    (TroubleKind::Grub, "error: "),
    (TroubleKind::NoBootableMedium, "BdsDxe: failed to load"),
    (TroubleKind::NoBootableMedium, "Boot failed:"),
];

/// Finds what ends the boot for certain.
pub(crate) fn fatal(log: &str) -> Option<Trouble> {
    find(FATAL, log)
}

/// Finds the best explanation of a boot that never came up.
pub(crate) fn explain(log: &str) -> Trouble {
    let kind = if log.trim().is_empty() {
        TroubleKind::TimeoutSilent
    } else {
        TroubleKind::TimeoutWithOutput
    };
    // A kernel that speaks has left the boot loader's complaints behind.
    let explaining = if log.contains("Linux version") { &[] } else { EXPLAINING };
    find(FATAL, log)
        .or_else(|| find(explaining, log))
        .or_else(|| searching(log))
        .unwrap_or(Trouble::new(kind))
}

/// live-boot looks for its medium in silence, for minutes, between these two of its steps.
fn searching(log: &str) -> Option<Trouble> {
    let searching = log.contains("/scripts/live-premount") && !log.contains("/scripts/live-bottom");
    searching.then(|| Trouble::with(TroubleKind::MediumNotFound, "live-boot is still searching"))
}

fn find(patterns: &[(TroubleKind, &str)], log: &str) -> Option<Trouble> {
    patterns.iter().find_map(|&(kind, pattern)| {
        let at = log.find(pattern)?;
        let start = log[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = log[start..].lines().next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(Trouble::with(kind, words.join(" ")))
    })
}

impl Trouble {
    /// Trouble that no line shows.
    pub(crate) fn new(kind: TroubleKind) -> Self {
        Self { kind, line: String::new() }
    }

    /// The machine that ran it was too slow.
    pub(crate) fn too_slow(pace: &Pace) -> Self {
        let (seconds, excuse) = (pace.wall().as_secs(), pace.excuse());
        let because = if excuse.is_empty() { String::new() } else { format!("; {excuse}") };
        Self::with(TroubleKind::TooSlow, format!("{seconds} s{because}"))
    }

    /// Trouble with words of its own.
    pub(crate) fn with(kind: TroubleKind, line: impl Into<String>) -> Self {
        Self { kind, line: line.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        match (self.line.as_str(), self.kind) {
            ("", _) => Ok(()),
            // These are words of ours, not of the guest.
            (words, TroubleKind::TooSlow | TroubleKind::QemuBroke) => write!(f, ": {words}"),
            (line, _) => write!(f, " (\"{line}\")"),
        }
    }
}

impl TroubleKind {
    /// Whether the machine that runs the test is at fault, or its user; it then says nothing of the image.
    pub fn is_of_the_host(self) -> bool {
        matches!(
            self,
            Self::InternalError
                | Self::QemuBroke
                | Self::NeverRan
                | Self::PortTooLate
                | Self::TooSlow
                | Self::Interrupted
        )
    }

    #[expect(clippy::too_many_lines, reason = "a table: what is said of each kind")]
    fn text(self) -> &'static str {
        match self {
            Self::KernelPanic => "the kernel panicked",
            Self::SecureBoot => "Secure Boot refused to run something unsigned or altered",
            Self::Grub => "GRUB could not follow its menu",
            Self::NoBootableMedium => "the firmware found nothing to boot on the medium",
            Self::FirmwareShell => "the firmware found nothing to boot and opened its shell",
            Self::MediumNotFound => "the initrd did not find the live medium",
            Self::InitrdShell => "the initrd gave up and opened a shell",
            Self::EmergencyMode => {
                "systemd could not start the system and stopped in emergency mode"
            }
            Self::NotInstalled => "the system was not installed",
            Self::LoginRefused => "the login prompt did not let the test in",
            Self::ShellLost => "the shell stopped answering",
            Self::Stopped => "the machine stopped or reset by itself",
            Self::InternalError => "QEMU cannot run the machine any further",
            Self::QemuBroke => "QEMU broke down",
            Self::NeverRan => "QEMU started, but the guest never ran",
            Self::PortTooLate => {
                "the boot was so slow that systemd gave up waiting for the serial port, on which \
                 the test logs in; try again with less to do for this machine"
            }
            Self::TooSlow => "it was still going on when the time was up",
            Self::Interrupted => "it was stopped",
            Self::TimeoutWithOutput => "no shell appeared on the serial port in time",
            Self::TimeoutSilent => {
                "nothing appeared on the serial port in time; the image needs console=ttyS0 \
                 (arm64: ttyAMA0) in boot.kernel-params to show more"
            }
        }
    }
}

/// Why a boot or its checks end before their time.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something went wrong in the guest.
    Trouble(Trouble),
    /// The user asked to stop.
    Cancelled,
}

impl From<Halt> for Trouble {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Trouble(trouble) => trouble,
            Halt::Cancelled => Self::new(TroubleKind::Interrupted),
        }
    }
}

impl Halt {
    /// Trouble that no line shows.
    pub(crate) fn new(kind: TroubleKind) -> Self {
        Self::Trouble(Trouble::new(kind))
    }
}

#[cfg(test)]
mod tests;
