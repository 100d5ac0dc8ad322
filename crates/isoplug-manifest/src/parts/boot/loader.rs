//! What boots a system from the disk that it is installed on. Knows no medium.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::distribution::Distribution;
use crate::option::option;
use crate::package::name_in;
use crate::part::{Contribution, Lint};

/// What boots a system from a disk.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Loader {
    /// Nothing: the system runs from a medium.
    #[default]
    None,
    /// GRUB, for BIOS and UEFI alike on PCs, with Secure Boot. Its package keeps it current.
    Grub,
}

/// What helps who asks for another one.
pub(super) const HINT: &str = "boards that start U-Boot or firmware of their own (extlinux, Raspberry Pi) need an image of a \
    disk, not an ISO; with firmware of UEFI on it, a board boots the ISO for arm64";

/// What finds a medium, which an installed system has not.
const LIVE: [&str; 3] = ["live-boot", "live-boot-initramfs-tools", "live-config"];

impl Loader {
    pub(super) fn contribute(
        self,
        distribution: &Distribution,
        arch: &str,
        out: &mut Contribution,
    ) {
        let packages = match self {
            Self::None => &[][..],
            Self::Grub => distribution.installed_loader(arch).unwrap_or_default(),
        };
        let mut asked = out.because(option!(boot.loader));
        for package in packages {
            asked.package(package);
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: what is wrong, one after the other")]
    pub(super) fn lint(
        self,
        install: &[String],
        (distribution, arch): (&Distribution, &str),
        lint: &mut Lint<'_>,
    ) {
        if self == Self::None {
            return;
        }
        if distribution.installed_loader(arch).is_none() {
            let message = format!(
                "no packages are known that boot {} for {arch} from a disk",
                distribution.title
            );
            lint.report_at(Diagnostic::error("no-loader", message), &option!(boot.loader));
        }
        let places = lint.items(&option!(packages.install));
        for (wish, place) in install.iter().zip(places) {
            if LIVE.contains(&name_in(wish)) {
                let message = format!(
                    "\"{wish}\" looks for a medium, and `boot.loader` says that the system is on a disk"
                );
                let help =
                    "extend `isoplug:target`, which is without it, in place of a live profile";
                let error = Diagnostic::error("live-target", message).at(place, "");
                lint.report(error.help(help));
            }
        }
    }
}
