//! What looks after a system that stays, and in one that does not runs only if somebody asks for it.

use super::super::services;
use super::{ContributeError, Rootfs};

/// Timers for systems that stay: they fetch, clean, back up and trim.
const UPKEEP: [&str; 8] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "logrotate.timer",
    "man-db.timer",
    "e2scrub_reap.service",
];

/// Returns those of some units that would not run otherwise.
#[must_use]
pub(in crate::parts) fn among<'u>(units: impl Iterator<Item = &'u String>) -> Vec<String> {
    units.filter(|unit| UPKEEP.contains(&&***unit)).cloned().collect()
}

pub(super) fn disable(rootfs: &mut dyn Rootfs, asked: &[String]) -> Result<(), ContributeError> {
    for unit in UPKEEP {
        let is_asked = asked.iter().any(|asked| asked == unit);
        if !is_asked && services::has(rootfs, unit) {
            services::disable(rootfs, unit)?;
        }
    }
    Ok(())
}
