//! What makes the source packages of an image into files beside it: which there are, their files, a medium of them.

pub mod files;
pub mod medium;
pub mod origins;
pub mod papers;
