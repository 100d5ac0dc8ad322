//! TODO
pub mod contribute;
