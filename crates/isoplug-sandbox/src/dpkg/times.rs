//! Gives folders the time that they will have in the image, before scripts of packages look at it.
//!
//! The scan of a layer sets what is newer than the epoch to the epoch. A program that notes the time of a folder
//! beside what it knows of its files, as fontconfig does, would note another one: then what it made is
//! never used, and each user's first program looks through all fonts.

use crate::{Failure, Inside};

/// Sets what is newer than the epoch to the epoch, folders alone: they got their time when files came into them.
/// Only below `/usr`, where packages bring what others index.
pub(super) fn of_folders(inside: &Inside) -> Result<(), Failure> {
    let epoch = i64::try_from(inside.epoch()).unwrap_or(i64::MAX);
    let limited = inside.tree().limit_times("usr", epoch);
    limited.map_err(Failure::of("give folders the time of the image".to_owned()))
}
