//! Finds QEMU and its firmware on this machine, and whether KVM works.
//!
//! The one place of the crate that looks at the host. Knows no image.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::firmware::{self, FirmwareFiles};
use crate::{Accelerator, Arch, Firmware, NoKvm, kvm, tiny};

/// This machine, as far as QEMU goes.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    programs: Vec<PathBuf>,
    /// What [`Host::no_kvm`] found, by architecture; shared by copies of this.
    kvm: Arc<Mutex<BTreeMap<Arch, Option<NoKvm>>>>,
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
        Self { root: root.to_owned(), programs, kvm: Arc::default() }
    }

    /// Whether a machine can be started at all; the error names the package to install.
    ///
    /// # Errors
    ///
    /// When there is no QEMU for the architecture, or no firmware of this kind.
    pub fn supports(&self, arch: Arch, firmware: Firmware) -> Result<(), HostError> {
        self.qemu(arch)?;
        self.firmware(arch, firmware).map(|_| ())
    }

    /// KVM if a guest of this architecture runs with it, else emulation.
    pub fn accelerator(&self, arch: Arch) -> Accelerator {
        if self.no_kvm(arch).is_none() { Accelerator::Kvm } else { Accelerator::Tcg }
    }

    /// Why KVM cannot be used for this architecture; none if it can. Takes a fraction of a second the
    /// first time, and up to half a minute where it hangs. That the device opens and QEMU starts is not
    /// enough: some clouds show a device behind which nothing runs, so a guest is run.
    pub fn no_kvm(&self, arch: Arch) -> Option<NoKvm> {
        // Nothing panics while it is locked.
        let mut known = self.kvm.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = || match self.qemu(arch) {
            Ok(qemu) => kvm::trouble(&self.root.join("dev/kvm"), &qemu, arch),
            Err(missing) => Some(NoKvm::Refused(missing.to_string())),
        };
        known.entry(arch).or_insert_with(probe).clone()
    }

    /// Says that KVM failed although the smallest guest ran.
    pub(crate) fn distrust_kvm(&self, arch: Arch, why: NoKvm) {
        self.kvm.lock().unwrap_or_else(PoisonError::into_inner).insert(arch, Some(why));
    }

    /// How many times slower than usual this machine emulates just now, other work left aside; 1 if that
    /// cannot be told.
    pub(crate) fn slowness(&self, arch: Arch) -> f64 {
        let qemu = self.qemu(arch).ok();
        qemu.and_then(|qemu| tiny::run(&qemu, arch, Accelerator::Tcg).ok()).unwrap_or(1.0)
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
