//! TODO
pub mod contribute;
pub mod sources;
