//! TODO
pub mod contribute;
pub mod dpkg;
pub mod facts;
pub mod finalise;
pub mod grub;
pub mod sandbox;
pub mod sources;
pub mod stages;
