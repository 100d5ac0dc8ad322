//! The stages: one file each, wired into one graph by the pipeline.

pub mod boot;
pub mod contribute;
pub mod facts;
pub mod fetch;
pub mod iso;
pub mod loaders;
