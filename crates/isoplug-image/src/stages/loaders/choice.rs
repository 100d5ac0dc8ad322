//! Chooses which files of a distribution's loaders an image gets, and where each goes.

use isoplug_arch::Arch;
use isoplug_manifest::distribution::{Distribution, Loader, Role};
use isoplug_manifest::options::Boot;
use serde::Serialize;

use super::{Error, MBR};

/// A file of a package that boots something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoaderFile {
    /// The package.
    pub package: String,
    /// The file's path in it.
    pub path: String,
    /// What becomes of it.
    pub target: Target,
    /// Whether an image boots without it.
    pub is_optional: bool,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Target {
    /// It goes to this path.
    Path(String),
    /// It is an image of GRUB's, of which the folder `boot/grub` is taken.
    RescueImage,
}

/// Returns what boots a machine of this architecture.
///
/// # Errors
///
/// When the distribution has no loaders for it.
pub fn choice(
    distribution: &Distribution,
    architecture: &str,
    boot: &Boot,
) -> Result<Vec<LoaderFile>, Error> {
    let unknown = || Error::Architecture {
        distribution: distribution.title,
        architecture: architecture.to_owned(),
    };
    let arch = isoplug_arch::find(architecture).ok_or_else(unknown)?;
    let of_arch: Vec<_> =
        distribution.loaders.iter().filter(|loader| loader.arch == architecture).collect();
    if of_arch.is_empty() {
        return Err(unknown());
    }
    let is_chosen = |role: Role| match role.is_of_bios() {
        true => boot.bios,
        false => boot.uefi && (boot.secure_boot || !role.is_of_secure_boot()),
    };
    let chosen = of_arch.into_iter().filter(|loader| is_chosen(loader.role));
    Ok(chosen.map(|loader| LoaderFile::new(loader, arch, boot.secure_boot)).collect())
}

impl LoaderFile {
    fn new(loader: &Loader, arch: &Arch, secure_boot: bool) -> Self {
        Self {
            package: loader.package.to_owned(),
            path: loader.path.to_owned(),
            target: target(loader.role, arch, secure_boot),
            is_optional: loader.role.is_memtest(),
        }
    }
}

/// Firmware looks for `EFI/BOOT/BOOTX64.EFI` (UEFI specification, 3.5.1.1), shim for GRUB and MokManager
/// beside itself.
fn target(role: Role, arch: &Arch, secure_boot: bool) -> Target {
    let (upper, lower) = (arch.efi, arch.efi.to_ascii_lowercase());
    Target::Path(match role {
        Role::BiosRescueImage => return Target::RescueImage,
        Role::BiosMbr => MBR.to_owned(),
        Role::BiosMemtest => "iso/boot/memtest86+/memtest86+.bin".to_owned(),
        Role::UefiMemtest => "iso/boot/memtest86+/memtest86+.efi".to_owned(),
        Role::Shim => format!("esp/EFI/BOOT/BOOT{upper}.EFI"),
        Role::Grub if secure_boot => format!("esp/EFI/BOOT/grub{lower}.efi"),
        Role::Grub => format!("esp/EFI/BOOT/BOOT{upper}.EFI"),
        Role::MokManager => format!("esp/EFI/BOOT/mm{lower}.efi"),
    })
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::distribution::debian::DEBIAN;
    use isoplug_manifest::distribution::ubuntu::UBUNTU;

    use super::*;

    fn targets(distribution: &Distribution, arch: &str, secure_boot: bool) -> Vec<String> {
        let boot = Boot { secure_boot, ..Boot::default() };
        let files = choice(distribution, arch, &boot).unwrap();
        let of_esp = files.into_iter().filter_map(|file| match file.target {
            Target::Path(path) => path.strip_prefix("esp/EFI/BOOT/").map(str::to_owned),
            Target::RescueImage => None,
        });
        of_esp.collect()
    }

    #[test]
    fn firmware_finds_what_stands_first() {
        for distribution in [&DEBIAN, &UBUNTU] {
            let all = targets(distribution, "amd64", true);
            assert_eq!(all, ["BOOTX64.EFI", "grubx64.efi", "mmx64.efi"]);
            assert_eq!(targets(distribution, "amd64", false), ["BOOTX64.EFI"]);
        }
        assert_eq!(targets(&DEBIAN, "arm64", true)[0], "BOOTAA64.EFI");
        assert!(choice(&UBUNTU, "arm64", &Boot::default()).is_err());
    }
}
