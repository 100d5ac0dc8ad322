//! Adds to a rootfs what no package brings: users, services, network, files.

pub mod overlay;
