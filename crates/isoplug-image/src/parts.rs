//! The built-in parts: what each subject of the manifest puts into a rootfs.
//!
//! A part takes its options as `isoplug-manifest/src/parts/` has them, and says through a
//! [`Host`](crate::contribute::Host) what it adds. Knows no stage.

pub mod files;
pub mod first_boot;
pub mod kernel_modules;
pub mod live;
pub mod localisation;
pub mod network;
pub mod openssh;
pub mod services;
pub mod sysctl;
pub mod users;

pub(crate) use crate::contribute::{Attrs, ContributeError, Contributor, Host, nearest};
#[cfg(test)]
use crate::rootfs_of_tests;
