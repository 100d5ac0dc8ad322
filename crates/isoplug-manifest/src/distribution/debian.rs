//! Debian.

use super::{Archive, Distribution, Firmware, Loader, Nvidia, NvidiaModules, Role, Suite};
use crate::manifest::{Pocket, Source};

/// Debian.
pub const DEBIAN: Distribution = Distribution {
    name: "debian",
    title: "Debian",
    architectures: &["amd64", "arm64"],
    ports: None,
    archives: &[
        Archive {
            key: MAIN,
            mirrors: &["http://deb.debian.org/debian", "http://ftp.debian.org/debian"],
        },
        Archive {
            key: SECURITY,
            mirrors: &[
                "http://deb.debian.org/debian-security",
                "http://security.debian.org/debian-security",
            ],
        },
    ],
    keys: &KEYS,
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
    keyring_package: "debian-archive-keyring",
    snapshots: "https://snapshot.debian.org/archive",
    suites,
    kernel: |flavour, arch| format!("linux-image-{}", flavour.unwrap_or(arch)),
    microcode: &["intel-microcode", "amd64-microcode"],
    firmware: Firmware {
        common: COMMON_FIRMWARE,
        all: ALL_FIRMWARE,
        component: firmware_component,
    },
    nvidia: Some(NVIDIA),
    licences: LICENCES,
    loaders: LOADERS,
    installed: INSTALLED,
    lacks_login_credentials: |suite| ["bookworm", "oldstable"].contains(&suite),
};

/// `grub-pc` and `grub-efi-amd64` conflict; `grub-cloud-amd64` is the one package that installs GRUB for both
/// firmwares again whenever it changes, and reads from the system itself onto which disk.
const INSTALLED: &[(&str, &[&str])] = &[
    ("amd64", &["grub-cloud-amd64", "efibootmgr"]),
    ("arm64", &["grub-efi-arm64", "grub-efi-arm64-signed", "shim-signed", "efibootmgr"]),
];

const MAIN: &str = "debian";
const SECURITY: &str = "debian-security";

/// The public keys of the archives; `keys/README.md` tells where they are from.
const KEYS: [&str; 9] = [
    include_str!("../../keys/debian-archive-bookworm-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bookworm-stable.asc"),
    include_str!("../../keys/debian-archive-bullseye-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-security-automatic.asc"),
    include_str!("../../keys/debian-archive-bullseye-stable.asc"),
    include_str!("../../keys/debian-archive-trixie-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-security-automatic.asc"),
    include_str!("../../keys/debian-archive-trixie-stable.asc"),
];

/// Suites that have no pockets: what is uploaded is there at once.
const ROLLING: [&str; 4] = ["sid", "unstable", "experimental", "rc-buggy"];

/// A suite that is a pocket itself, such as `trixie-backports`, has none either.
fn suites(source: &Source) -> Vec<Suite> {
    let name = &source.suite;
    let suite = |name: String, archive, automatic| Suite { name, archive, automatic };
    let mut suites = vec![suite(name.clone(), MAIN, true)];
    if !ROLLING.contains(&name.as_str()) && !name.contains('-') {
        suites.extend(source.pockets.iter().map(|pocket| match pocket {
            Pocket::Updates => suite(format!("{name}-updates"), MAIN, true),
            Pocket::Security => suite(format!("{name}-security"), SECURITY, true),
            Pocket::Backports => suite(format!("{name}-backports"), MAIN, false),
        }));
    }
    suites
}

const COMMON_FIRMWARE: &[&str] = &[
    "firmware-amd-graphics",
    "firmware-ath9k-htc",
    "firmware-atheros",
    "firmware-bnx2",
    "firmware-bnx2x",
    "firmware-brcm80211",
    "firmware-carl9170",
    "firmware-intel-graphics",
    "firmware-intel-sound",
    "firmware-iwlwifi",
    "firmware-libertas",
    "firmware-linux-free",
    "firmware-mediatek",
    "firmware-misc-nonfree",
    "firmware-nvidia-graphics",
    "firmware-qlogic",
    "firmware-realtek",
    "firmware-sof-signed",
    "firmware-ti-connectivity",
    "firmware-zd1211",
];

/// What nvidia-driver depends on without the kernel modules, of which it takes the sources for the modules themselves.
/// `tests/long.sh names` compares it with the archive.
const NVIDIA: Nvidia = Nvidia {
    proprietary: NvidiaModules {
        modules: "nvidia-kernel-dkms",
        programs: &["firmware-nvidia-gsp", "nvidia-kernel-support"],
    },
    open: NvidiaModules {
        modules: "nvidia-open-kernel-dkms",
        programs: &["firmware-nvidia-gsp", "nvidia-open-kernel-support"],
    },
    programs: &[
        "nvidia-alternative",
        "nvidia-driver-bin",
        "nvidia-driver-libs",
        "nvidia-smi",
        "nvidia-vdpau-driver",
        "xserver-xorg-video-nvidia",
    ],
};

/// Firmware is in the section `kernel`, under two forms of name.
const ALL_FIRMWARE: &[&str] = &["kernel/firmware-*", "kernel/*-firmware"];

/// Releases before firmware had a component of its own.
const OLD: [&str; 6] = ["wheezy", "jessie", "stretch", "buster", "bullseye", "oldoldstable"];

fn firmware_component(source: &Source) -> &'static str {
    let release = source.suite.split('-').next().unwrap_or_default();
    if OLD.contains(&release) { "non-free" } else { "non-free-firmware" }
}

/// `tests/long.sh names` compares the firmware among them with the archive.
const LICENCES: &[(&str, &str)] = &[
    ("firmware-ipw2x00", "firmware-ipw2x00/license/accepted"),
    ("firmware-ivtv", "firmware-ivtv/license/accepted"),
];

const fn on(arch: &'static str, role: Role, package: &'static str, path: &'static str) -> Loader {
    Loader { arch, role, package, path }
}

/// As in Debian 12 and 13. grub-pc-bin has GRUB for BIOSes in parts only; the rescue image has it whole. Of
/// GRUB's signed programs the gcd one looks for its menu in `/boot/grub`, the others in `/EFI/debian`.
const LOADERS: &[Loader] = &[
    on("amd64", Role::BiosMbr, "grub-pc-bin", "usr/lib/grub/i386-pc/boot_hybrid.img"),
    on(
        "amd64",
        Role::BiosRescueImage,
        "grub-rescue-pc",
        "usr/lib/grub-rescue/grub-rescue-cdrom.iso",
    ),
    on("amd64", Role::BiosMemtest, "memtest86+", "boot/memtest86+x64.bin"),
    on("amd64", Role::Shim, "shim-signed", "usr/lib/shim/shimx64.efi.signed"),
    on(
        "amd64",
        Role::Grub,
        "grub-efi-amd64-signed",
        "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
    ),
    on("amd64", Role::MokManager, "shim-helpers-amd64-signed", "usr/lib/shim/mmx64.efi.signed"),
    on("amd64", Role::UefiMemtest, "memtest86+", "boot/memtest86+x64.efi"),
    on("arm64", Role::Shim, "shim-signed", "usr/lib/shim/shimaa64.efi.signed"),
    on(
        "arm64",
        Role::Grub,
        "grub-efi-arm64-signed",
        "usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed",
    ),
    on("arm64", Role::MokManager, "shim-helpers-arm64-signed", "usr/lib/shim/mmaa64.efi.signed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pockets_are_those_that_there_are() {
        let names = |suite: &str| -> Vec<String> {
            let pockets = vec![Pocket::Updates, Pocket::Security, Pocket::Backports];
            let source = Source { suite: suite.to_owned(), pockets, ..Source::default() };
            suites(&source).into_iter().map(|suite| suite.name).collect()
        };
        let trixie = ["trixie", "trixie-updates", "trixie-security", "trixie-backports"];
        assert_eq!(names("trixie"), trixie);
        assert_eq!(names("stable")[1], "stable-updates");
        for alone in ["sid", "unstable", "experimental", "trixie-backports"] {
            assert_eq!(names(alone), [alone]);
        }
    }

    #[test]
    fn security_has_an_archive_of_its_own() {
        let archives = suites(&Source::default()).into_iter().map(|suite| suite.archive);
        assert_eq!(archives.collect::<Vec<_>>(), ["debian", "debian", "debian-security"]);
    }
}
