//! The stages: one file each, wired into one graph by the pipeline.

pub mod base;
pub mod boot;
pub mod check;
pub mod compare;
pub mod contribute;
pub mod depmod;
pub mod drivers;
pub mod fetch;
pub mod hooks;
pub mod initrd;
pub mod initrd_files;
pub mod initrd_inputs;
pub mod iso;
pub mod kernel;
pub mod layer;
pub mod loaders;
pub mod medium;
pub mod output;
pub mod packages;
pub mod papers;
pub mod rootfs;
pub mod settled;
pub mod sign_drivers;
pub mod sizes;
pub mod squashfs;
pub mod trial;
