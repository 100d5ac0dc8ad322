//! Makes images: the stages, the package sources, the sandbox, and the one function that wires the
//! stages.
//!
//! Prints nothing and reads no environment. `pipeline` is the place to begin to read.

pub mod consent;
pub mod contribute;
pub mod distribution;
pub mod dpkg;
pub mod facts;
pub mod finalise;
pub mod firmware;
pub mod grub;
pub mod image;
pub mod initrd;
pub mod locking;
pub mod pipeline;
pub mod plugins;
pub mod sandbox;
pub mod sources;
pub mod stages;
pub mod state;
pub mod wish;
