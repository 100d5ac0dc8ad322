//! What is shown of images, for terminals, for release notes and for machines.

pub mod check;
pub mod overview;
pub mod page;
pub mod parts;
