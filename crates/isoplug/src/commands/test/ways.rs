//! The ways in which a test boots: which firmware, from which medium.

use isoplug_manifest::System;
use isoplug_vm::{Firmware, Medium};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::installed;

/// How a test boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MediumArg {
    /// An optical drive
    Cd,
    /// A USB stick
    Usb,
    /// A disk that the image installed its first target onto
    Disk,
}

impl From<MediumArg> for Medium {
    fn from(medium: MediumArg) -> Self {
        match medium {
            MediumArg::Cd => Self::Cd,
            MediumArg::Usb => Self::Usb,
            MediumArg::Disk => Self::Disk,
        }
    }
}

/// Returns each firmware with each medium; without words those that the image supports, and the disk where a test asks
/// for an installed system.
pub(super) fn all(
    firmwares: Vec<Firmware>,
    media: &[MediumArg],
    supported: Vec<Firmware>,
    system: &System,
) -> Result<Vec<(Firmware, Medium)>, Failure> {
    let firmwares = if firmwares.is_empty() { supported } else { firmwares };
    let wanted: Vec<Medium> = media.iter().map(|medium| (*medium).into()).collect();
    let installs = installed::is_asked_for(system);
    if wanted.contains(&Medium::Disk) && !installs {
        let text = format!("no test of {} is of an installed system", system.profile);
        let help = "write `system = \"installed\"` in one of `tests`";
        return Err(Failure::new(Exit::Manifest, text).hint(help));
    }
    let mut media = vec![Medium::Cd, Medium::Usb];
    media.extend(installs.then_some(Medium::Disk));
    let media = if wanted.is_empty() { media } else { wanted };
    let with = |firmware| media.iter().map(move |medium| (firmware, *medium));
    Ok(firmwares.into_iter().flat_map(with).collect())
}
