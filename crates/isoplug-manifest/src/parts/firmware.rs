//! Firmware for devices, and microcode for processors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::distribution::Distribution;
use crate::option::option;
use crate::part::{self, Contribution};

/// Which firmware the image carries. Of it, the initrd gets what its own kernel modules ask for:
/// see `initrd.network` and `initrd.graphics`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Firmware {
    /// A set of firmware packages, as far as the enabled components have them: most of it is in
    /// `non-free-firmware`, before Debian 12 in `non-free`. What is missing for that is told.
    pub set: FirmwareSet,
    /// Further firmware packages, such as `firmware-iwlwifi`, written as in `packages.install`.
    #[schemars(extend("format" = "package-wish"))]
    pub packages: Vec<String>,
}

/// A set of firmware packages.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FirmwareSet {
    /// No firmware beyond the listed packages.
    #[default]
    None,
    /// The firmware for common network, graphics, sound and storage devices, without any whose
    /// licence must be accepted.
    Redistributable,
    /// Of `redistributable`, the files that the kernel modules of the image ask for. How many megabytes are left out is
    /// told. What `firmware.packages` lists stays whole.
    Auto,
    /// Every firmware package of the sources: hundreds of megabytes. Licences that must be accepted
    /// are accepted in `packages.debconf`, or their packages refused in `packages.remove`.
    All,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) firmware: &'a Firmware,
    pub(crate) microcode: bool,
    pub(crate) arch: &'a str,
    pub(crate) distribution: &'static Distribution,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("firmware")
    }

    fn owns(&self) -> &[&str] {
        &["firmware", "microcode"]
    }

    fn contribute(&self, out: &mut Contribution) {
        // What `set` means depends on the sources.
        let Firmware { set: _, packages } = self.firmware;
        let mut listed = out.because(option!(firmware.packages));
        for name in packages {
            listed.package(name);
        }
        if self.microcode && isoplug_arch::is_pc(self.arch) {
            let mut needed = out.because(option!(microcode));
            for name in self.distribution.microcode {
                needed.package(name);
            }
        }
    }
}
