//! Which files of which packages boot which machine.
//!
//! Checked in Debian 12 and 13.

use super::{Error, MBR, MEMTEST};

/// A file that is wanted of a package.
pub(super) struct Wanted {
    pub(super) package: &'static str,
    pub(super) path: &'static str,
    pub(super) target: Target,
}

/// What becomes of a file.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// It goes to this path.
    Path(&'static str),
    /// It is an image of GRUB's, of which the folder `boot/grub` is taken.
    RescueImage,
}

const fn file(package: &'static str, path: &'static str, target: &'static str) -> Wanted {
    Wanted { package, path, target: Target::Path(target) }
}

/// grub-pc-bin has GRUB for BIOSes in parts only; the rescue image has it whole.
const BIOS: &[Wanted] = &[
    file("grub-pc-bin", "usr/lib/grub/i386-pc/boot_hybrid.img", MBR),
    Wanted {
        package: "grub-rescue-pc",
        path: "usr/lib/grub-rescue/grub-rescue-cdrom.iso",
        target: Target::RescueImage,
    },
    file(MEMTEST, "boot/memtest86+x64.bin", "iso/boot/memtest86+/memtest86+.bin"),
];

// Of GRUB's signed programs the gcd one looks for its menu in /boot/grub, the others in /EFI/debian.

const AMD64: &[Wanted] = &[
    file(
        "grub-efi-amd64-signed",
        "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
        "esp/EFI/BOOT/BOOTX64.EFI",
    ),
    file(MEMTEST, "boot/memtest86+x64.efi", "iso/boot/memtest86+/memtest86+.efi"),
];

const AMD64_SECURE_BOOT: &[Wanted] = &[
    file("shim-signed", "usr/lib/shim/shimx64.efi.signed", "esp/EFI/BOOT/BOOTX64.EFI"),
    file(
        "grub-efi-amd64-signed",
        "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
        "esp/EFI/BOOT/grubx64.efi",
    ),
    file("shim-helpers-amd64-signed", "usr/lib/shim/mmx64.efi.signed", "esp/EFI/BOOT/mmx64.efi"),
    file(MEMTEST, "boot/memtest86+x64.efi", "iso/boot/memtest86+/memtest86+.efi"),
];

const ARM64: &[Wanted] = &[file(
    "grub-efi-arm64-signed",
    "usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed",
    "esp/EFI/BOOT/BOOTAA64.EFI",
)];

const ARM64_SECURE_BOOT: &[Wanted] = &[
    file("shim-signed", "usr/lib/shim/shimaa64.efi.signed", "esp/EFI/BOOT/BOOTAA64.EFI"),
    file(
        "grub-efi-arm64-signed",
        "usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed",
        "esp/EFI/BOOT/grubaa64.efi",
    ),
    file("shim-helpers-arm64-signed", "usr/lib/shim/mmaa64.efi.signed", "esp/EFI/BOOT/mmaa64.efi"),
];

/// Returns what boots a machine of this architecture.
pub(super) fn wanted(
    architecture: &str,
    bios: bool,
    uefi: bool,
    secure_boot: bool,
) -> Result<Vec<&'static Wanted>, Error> {
    let of_uefi = match (architecture, secure_boot) {
        ("amd64", true) => AMD64_SECURE_BOOT,
        ("amd64", false) => AMD64,
        ("arm64", true) => ARM64_SECURE_BOOT,
        ("arm64", false) => ARM64,
        _ => return Err(Error::Architecture(architecture.to_owned())),
    };
    // Machines of other architectures have no BIOS.
    let of_bios = if bios && architecture == "amd64" { BIOS } else { &[] };
    let of_uefi = if uefi { of_uefi } else { &[] };
    Ok(of_bios.iter().chain(of_uefi).collect())
}
