//! What one test of an image consists of.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::{Attach, BootCheck, Firmware, Machine, Medium};

/// A test to make: the image, the ways to boot it, and what must hold each time.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The image.
    pub iso: PathBuf,
    /// The machine; its firmware and medium are replaced by each combo's.
    pub machine: Machine,
    /// The ways to boot, one after the other.
    pub combos: Vec<(Firmware, Medium)>,
    /// How the disk of a combo without a medium gets its system.
    pub installation: Option<Installation>,
    /// What must hold.
    pub checks: Vec<BootCheck>,
    /// How to get a shell.
    pub login: Login,
    /// Longest time from power-on to a shell, and again from there to the last check.
    pub limit: Limit,
    /// Where serial logs and pictures of the screen go; made if missing.
    pub out_dir: PathBuf,
    /// Whether to take a picture of the screen after the last check even if all of them passed.
    pub pictures: bool,
}

/// An installation from the image onto an empty disk, by the image's rule for one without questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// The text of an `answers.toml` for it.
    pub answers: String,
    /// The size of the disk.
    pub bytes: u64,
    /// How the disk is connected.
    pub attach: Attach,
    /// Whether a larger disk with something on it is there, too.
    pub beside_another: bool,
    /// How to get a shell in the live system.
    #[serde(skip)]
    pub login: Login,
}

/// How long a boot may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So long on a usual machine with nothing else to do; longer on a slow or busy one, as measured. An
    /// emulated boot that still goes on then gets up to three times as much.
    Usual(Duration),
    /// So long by the clock on the wall, whatever the machine.
    Wall(Duration),
}

impl Limit {
    /// Emulated UEFI needs 40 to 80 s on a usual machine, a desktop twice as long.
    pub const DEFAULT: Self = Self::Usual(Duration::from_secs(300));

    /// The time on a usual machine.
    pub(crate) fn usual(self) -> Duration {
        match (self, Self::DEFAULT) {
            (Self::Usual(time), _) | (Self::Wall(_), Self::Usual(time)) => time,
            (Self::Wall(time), Self::Wall(_)) => time,
        }
    }

    /// When to end by the clock on the wall: a machine that has stopped altogether must not keep us.
    pub(crate) fn wall(self) -> Duration {
        match self {
            Self::Usual(time) => time * 12,
            Self::Wall(time) => time,
        }
    }
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
