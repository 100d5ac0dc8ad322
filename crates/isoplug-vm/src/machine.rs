//! The machine to boot: a description with no path of the host's QEMU in it.

use std::fmt;
use std::path::PathBuf;

use isoplug_promise::{Firmware, Medium};
use serde::{Deserialize, Serialize};

use crate::Attach;

/// The architecture of a machine, by Debian's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arch {
    /// 64-bit PC.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accelerator {
    /// KVM.
    Kvm,
    /// QEMU's emulation: works everywhere, and 10 to 30 times slower.
    Tcg,
}

/// What a person sees of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Display {
    /// No window; the screen still exists and can be dumped.
    None,
    /// A window.
    Gtk,
}

/// A TCP port of the host's loopback that leads into the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// Port on 127.0.0.1 of the host.
    pub host: u16,
    /// Port in the guest.
    pub guest: u16,
}

/// The guest's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// No network card at all.
    None,
    /// One card with DHCP, behind QEMU's own address translation.
    User {
        /// Nothing but DHCP and the forwards: no way out to the host or the world.
        isolated: bool,
        /// Ports that lead in.
        forward: Vec<Forward>,
    },
}

/// The format of a disk's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskFormat {
    /// The disk's bytes.
    Raw,
    /// QEMU's sparse format.
    Qcow2,
}

/// One more disk, which the guest may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its file.
    pub path: PathBuf,
    /// The file's format.
    pub format: DiskFormat,
    /// Whether the file stays as it is: what is written is thrown away with the machine.
    pub snapshot: bool,
    /// How it is connected.
    pub attach: Attach,
}

/// A folder of the host that the guest sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The folder.
    pub path: PathBuf,
    /// Whether the guest may write there, as the user who starts it.
    pub writable: bool,
}

impl Share {
    /// What the guest mounts it by.
    pub(crate) const TAG: &'static str = "share";

    /// Returns the line of fstab(5) by which a guest with systemd 254 or later mounts it.
    pub(crate) fn fstab(&self) -> String {
        let access = if self.writable { "rw" } else { "ro" };
        format!("{0} /mnt/{0} 9p trans=virtio,version=9p2000.L,{access},nofail 0 0", Self::TAG)
    }
}

/// A machine that an image can be booted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its architecture.
    pub arch: Arch,
    /// Its firmware.
    pub firmware: Firmware,
    /// How it holds the image.
    pub medium: Medium,
    /// Memory, in MiB.
    pub memory: u32,
    /// Number of processors.
    pub cpus: u32,
    /// `None`: KVM if it works here, else emulation.
    pub accelerator: Option<Accelerator>,
    /// Its screen.
    pub display: Display,
    /// Its network.
    pub network: Network,
    /// More disks, in order.
    pub disks: Vec<Disk>,
    /// A folder of the host that it sees, if any.
    pub share: Option<Share>,
}

impl Machine {
    /// A machine for tests: 2 processors, 2048 MiB, no window, a network that leads nowhere.
    pub fn new(arch: Arch, firmware: Firmware, medium: Medium) -> Self {
        let network = Network::User { isolated: true, forward: Vec::new() };
        Self {
            arch,
            firmware,
            medium,
            memory: 2048,
            cpus: 2,
            accelerator: None,
            display: Display::None,
            network,
            disks: Vec::new(),
            share: None,
        }
    }
}

impl Arch {
    /// All that can be booted.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// Returns the one that Debian calls so, if it can be booted.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.row().name == name)
    }

    fn row(self) -> &'static isoplug_arch::Arch {
        let name = match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        };
        isoplug_arch::find(name).unwrap_or(&isoplug_arch::ALL[0])
    }

    /// The name that QEMU and UEFI know the architecture by: `x86_64` or `aarch64`.
    pub fn qemu_name(self) -> &'static str {
        self.row().qemu
    }

    /// The first serial port, as the guest's kernel names it.
    pub fn serial_port(self) -> String {
        format!("{}0", self.row().serial)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        })
    }
}
