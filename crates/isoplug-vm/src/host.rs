//! Finds QEMU and its firmware on this machine, and whether KVM works.
//!
//! The one place of the crate that looks at the host. Knows no image.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::firmware::{self, FirmwareFiles};
use crate::{Accelerator, Arch, Firmware};

/// This machine, as far as QEMU goes.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    programs: Vec<PathBuf>,
    /// What [`Host::accelerator`] found, by architecture; shared by copies of this.
    accelerators: Arc<Mutex<BTreeMap<Arch, Accelerator>>>,
}

/// Something that a boot needs is not installed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HostError {
    /// No QEMU for the architecture.
    #[error("qemu-system-{} was not found: install {}", .0.qemu_name(), qemu_package(*.0))]
    QemuMissing(Arch),
    /// No firmware files of that kind for the architecture.
    #[error("no {firmware} firmware for {arch} was found: install {}", firmware_package(*arch, *firmware))]
    FirmwareMissing {
        /// The machine's architecture.
        arch: Arch,
        /// The firmware that it asks for.
        firmware: Firmware,
    },
    /// Only PCs have a BIOS.
    #[error("{0} machines have no BIOS: choose uefi")]
    NoBios(Arch),
}

impl Host {
    /// Looks at this machine: programs in `PATH`, firmware where distributions put it.
    pub fn discover() -> Self {
        #[expect(clippy::disallowed_methods, reason = "finding a program is what PATH is for")]
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::new(Path::new("/"), &path)
    }

    /// Looks at a machine whose files lie under `root`, with `path` in the form of `PATH`.
    pub(crate) fn new(root: &Path, path: &OsStr) -> Self {
        let programs = std::env::split_paths(path).collect();
        Self { root: root.to_owned(), programs, accelerators: Arc::default() }
    }

    /// Whether a machine can be started at all; the error names the package to install.
    pub fn supports(&self, arch: Arch, firmware: Firmware) -> Result<(), HostError> {
        self.qemu(arch)?;
        self.firmware(arch, firmware).map(|_| ())
    }

    /// KVM if a machine of this architecture can be set up with it, else emulation. Takes a fraction
    /// of a second the first time. That the device opens is not enough: some clouds show one that
    /// cannot run.
    pub fn accelerator(&self, arch: Arch) -> Accelerator {
        // Nothing panics while it is locked.
        let mut known = self.accelerators.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(arch).or_insert_with(|| self.probe(arch))
    }

    fn probe(&self, arch: Arch) -> Accelerator {
        let native = std::env::consts::ARCH == arch.qemu_name();
        let device = self.root.join("dev/kvm");
        let opens = std::fs::File::options().read(true).write(true).open(device).is_ok();
        match self.qemu(arch) {
            Ok(qemu) if native && opens && kvm_starts(&qemu, arch) => Accelerator::Kvm,
            _ => Accelerator::Tcg,
        }
    }

    pub(crate) fn qemu(&self, arch: Arch) -> Result<PathBuf, HostError> {
        let name = format!("qemu-system-{}", arch.qemu_name());
        let candidates = self.programs.iter().map(|folder| folder.join(&name));
        candidates.into_iter().find(|path| path.is_file()).ok_or(HostError::QemuMissing(arch))
    }

    /// The files of UEFI firmware; `None` for BIOS, which comes with QEMU.
    pub(crate) fn firmware(
        &self,
        arch: Arch,
        firmware: Firmware,
    ) -> Result<Option<FirmwareFiles>, HostError> {
        match (arch, firmware) {
            (Arch::Amd64, Firmware::Bios) => Ok(None),
            (_, Firmware::Bios) => Err(HostError::NoBios(arch)),
            _ => match firmware::find(&self.root, arch, firmware) {
                Some(files) => Ok(Some(files)),
                None => Err(HostError::FirmwareMissing { arch, firmware }),
            },
        }
    }
}

/// Sets up a paused machine with the host's processor and asks it to quit.
fn kvm_starts(qemu: &Path, arch: Arch) -> bool {
    let machine = match arch {
        Arch::Amd64 => "q35",
        Arch::Arm64 => "virt,gic-version=host",
    };
    let child = Command::new(qemu)
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-m", "64", "-S"])
        .args(["-accel", "kvm", "-cpu", "host", "-machine", machine, "-qmp", "stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.is_ok_and(quits)
}

fn quits(mut child: Child) -> bool {
    if let Some(mut input) = child.stdin.take() {
        // A QEMU that has died already shows in its exit status.
        let _ = input.write_all(b"{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n");
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = child.try_wait() {
                return status.success();
            }
            sleep(Duration::from_millis(20));
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn qemu_package(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)",
        Arch::Arm64 => {
            "qemu-system-arm (Debian, Ubuntu), qemu-system-aarch64-core (Fedora) \
             or qemu-system-aarch64 (Arch)"
        }
    }
}

fn firmware_package(arch: Arch, firmware: Firmware) -> &'static str {
    match (arch, firmware) {
        (Arch::Amd64, Firmware::SecureBoot) => {
            "ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora); Arch ships none with keys enrolled"
        }
        (Arch::Amd64, _) => "ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora, Arch)",
        (Arch::Arm64, Firmware::SecureBoot) => {
            "qemu-efi-aarch64 (Debian, Ubuntu); Fedora and Arch ship none with keys enrolled"
        }
        (Arch::Arm64, _) => "qemu-efi-aarch64 (Debian, Ubuntu) or edk2-aarch64 (Fedora, Arch)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let host = Host::new(empty.path(), OsStr::new("/nowhere"));
        let said = |arch, firmware| host.firmware(arch, firmware).unwrap_err().to_string();
        insta::assert_snapshot!(host.qemu(Arch::Amd64).unwrap_err(), @"qemu-system-x86_64 was not found: install qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)");
        insta::assert_snapshot!(said(Arch::Amd64, Firmware::Uefi), @"no uefi firmware for amd64 was found: install ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora, Arch)");
        insta::assert_snapshot!(said(Arch::Arm64, Firmware::SecureBoot), @"no secure-boot firmware for arm64 was found: install qemu-efi-aarch64 (Debian, Ubuntu); Fedora and Arch ship none with keys enrolled");
        insta::assert_snapshot!(said(Arch::Arm64, Firmware::Bios), @"arm64 machines have no BIOS: choose uefi");
    }
}
