//! Gives folders the time that they will have in the image, before scripts of packages look at it.
//!
//! The scan of a layer sets what is newer than the epoch to the epoch. A program that notes the time of a folder
//! beside what it knows of its files, as fontconfig does, would note another one: then what it made is
//! never used, and each user's first program looks through all fonts.

use crate::sandbox::{Command, Failure, Inside};

/// Sets what is newer than the epoch to the epoch, folders alone: they got their time when files came into them.
/// Only below `/usr`, where packages bring what others index, and where nothing is mounted.
pub(super) fn of_folders(inside: &Inside) -> Result<(), Failure> {
    let epoch = format!("@{}", inside.epoch());
    let epoch = epoch.as_str();
    let find = ["find", "/usr", "-xdev", "-type", "d", "-newermt", epoch];
    let touch = ["-exec", "touch", "--no-create", "--date", epoch, "{}", "+"];
    inside.run(&Command::new(find.into_iter().chain(touch)))
}
