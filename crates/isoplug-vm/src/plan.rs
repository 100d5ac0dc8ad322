//! What one test of an image consists of.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Check, Firmware, Machine, Medium};

/// A test to make: the image, the ways to boot it, and what must hold each time.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The image.
    pub iso: PathBuf,
    /// The machine; its firmware and medium are replaced by each combo's.
    pub machine: Machine,
    /// The ways to boot, one after the other.
    pub combos: Vec<(Firmware, Medium)>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// How to get a shell.
    pub login: Login,
    /// Longest time from power-on to a shell, and again from there to the last check. A boot that
    /// still writes to the serial port gets half as much again.
    pub timeout: Duration,
    /// Where serial logs and pictures of the screen go; made if missing.
    pub out_dir: PathBuf,
    /// Whether to take a picture of the screen after the last check even if all of them passed.
    pub pictures: bool,
}

impl Plan {
    /// The default time for a boot: emulated UEFI on a busy machine needs 80 s.
    pub const TIMEOUT: Duration = Duration::from_secs(300);
}

/// How a test gets its shell. None of them needs anything in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// As root, by systemd credentials that the machine's SMBIOS tables carry. Works with root
    /// locked, under Secure Boot, and with a getty that imports them (systemd 257). With an older one
    /// the machine is started again with a `tmpfiles.extra` credential (systemd 252) that opens
    /// `/etc/pam.d/login` in the running system.
    Credentials,
    /// As root, by the `tmpfiles.extra` credential at once: saves a start where systemd is known to
    /// be older than 257, as in Debian 12.
    OpenPam,
    /// Through the login prompt. A user that is not root needs sudo without a password.
    Password {
        /// Login name.
        user: String,
        /// Password.
        password: String,
    },
}
