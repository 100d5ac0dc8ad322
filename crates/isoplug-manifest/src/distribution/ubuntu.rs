//! Ubuntu. Its archive has amd64 and i386; other architectures are in one of their own, whose loaders are not known here.

use super::{Archive, Distribution, Firmware, Loader, Role, Suite};
use crate::manifest::{Pocket, Source};

/// Ubuntu.
pub const UBUNTU: Distribution = Distribution {
    name: "ubuntu",
    title: "Ubuntu",
    architectures: &["amd64"],
    ports: Some("http://ports.ubuntu.com/ubuntu-ports"),
    archives: &[Archive {
        key: MAIN,
        mirrors: &["http://archive.ubuntu.com/ubuntu", "http://security.ubuntu.com/ubuntu"],
    }],
    keys: &[
        include_str!("../../keys/ubuntu-archive-2012.asc"),
        include_str!("../../keys/ubuntu-archive-2018.asc"),
    ],
    keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
    keyring_package: "ubuntu-archive-keyring",
    snapshots: "https://snapshot.ubuntu.com",
    suites,
    kernel: |flavour, _| format!("linux-image-{}", flavour.unwrap_or("generic")),
    microcode: &["intel-microcode", "amd64-microcode"],
    firmware: Firmware {
        common: &["linux-firmware"],
        all: &["linux-firmware"],
        component: |_| "main",
    },
    // There are several at once, and each release has others.
    nvidia: None,
    licences: &[],
    loaders: LOADERS,
    installed: &[],
    // 22.04 has systemd 249, 24.04 has 255; credentials of login came with 254.
    lacks_login_credentials: |suite| ["bionic", "focal", "jammy"].contains(&suite),
};

const MAIN: &str = "ubuntu";

/// The development release has no pockets of its own making; a suite that is a pocket has none either.
fn suites(source: &Source) -> Vec<Suite> {
    let name = &source.suite;
    let suite = |name: String, automatic| Suite { name, archive: MAIN, automatic };
    let mut suites = vec![suite(name.clone(), true)];
    if name != "devel" && !name.contains('-') {
        suites.extend(source.pockets.iter().map(|pocket| match pocket {
            Pocket::Updates => suite(format!("{name}-updates"), true),
            Pocket::Security => suite(format!("{name}-security"), true),
            Pocket::Backports => suite(format!("{name}-backports"), false),
        }));
    }
    suites
}

const fn on(role: Role, package: &'static str, path: &'static str) -> Loader {
    Loader { arch: "amd64", role, package, path }
}

/// As in Ubuntu 24.04, whose shim-signed chooses between two signed versions of shim when it is installed.
const LOADERS: &[Loader] = &[
    on(Role::BiosMbr, "grub-pc-bin", "usr/lib/grub/i386-pc/boot_hybrid.img"),
    on(Role::BiosRescueImage, "grub-rescue-pc", "usr/lib/grub-rescue/grub-rescue-cdrom.iso"),
    on(Role::BiosMemtest, "memtest86+", "boot/memtest86+x64.bin"),
    on(Role::Shim, "shim-signed", "usr/lib/shim/shimx64.efi.signed.latest"),
    on(Role::Grub, "grub-efi-amd64-signed", "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"),
    on(Role::MokManager, "shim-signed", "usr/lib/shim/mmx64.efi"),
    on(Role::UefiMemtest, "memtest86+", "boot/memtest86+x64.efi"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_suites_are_in_one_archive() {
        let source = Source { suite: "noble".to_owned(), ..Source::default() };
        let found = suites(&source);
        let names: Vec<&str> = found.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(names, ["noble", "noble-updates", "noble-security"]);
        assert!(found.iter().all(|suite| suite.archive == "ubuntu"));
    }
}
