//! The host's functions: those of the contract in a component, a host in memory elsewhere.
//!
//! So a plugin's logic runs in ordinary tests, without WebAssembly.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::contributor::isoplug::plugin::{
    blobs, context, contribution, rootfs,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{blobs, context, contribution, rootfs};

pub(crate) use crate::bindings::contributor::isoplug::plugin::types;
