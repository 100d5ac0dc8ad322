//! Makes images: the stages, what contributes to a root filesystem, and the one function that wires the
//! stages.
//!
//! Prints nothing and reads no environment. `pipeline` is the place to begin to read.

pub mod bootable;
pub mod consent;
pub mod contribute;
pub mod drivers;
pub mod facts;
pub mod failed;
pub mod firmware;
pub mod grub;
pub mod image;
pub mod initrd;
pub mod install;
pub mod module_signature;
#[cfg(test)]
mod needed;
pub mod outputs;
pub mod papers;
mod params;
pub mod parts;
pub mod pipeline;
pub mod plugins;
pub mod pool;
pub mod request;
#[cfg(test)]
pub(crate) mod rootfs_of_tests;
pub mod secrets;
pub mod share;
pub mod source_packages;
pub mod stages;
pub mod stored;
