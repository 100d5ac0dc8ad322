//! Lays a target system onto a disk, from a plan that an image carries.
//!
//! All decisions are functions of the plan, what the machine shows, and answers; whatever acts goes through [`Machine`].
//! Nothing of a disk is changed before a person, or the rule for an installation without questions, has agreed.

pub mod answers;
pub mod arguments;
pub mod choose;
pub mod dialogue;
mod error;
pub mod fit;
pub mod install;
pub mod inventory;
pub mod layout;
pub mod loader;
pub mod machine;
pub mod prove;
pub mod release;
pub mod report;
pub mod rescue;
pub mod settle;
pub mod unpack;

pub use error::Error;
pub use machine::Machine;

/// Where everything of a running installation lies.
pub const RUN: &str = "/run/isoplug/install";

/// Where the target's file systems are mounted meanwhile.
pub const TARGET: &str = "/run/isoplug/install/target";

/// Where the live system has its medium.
pub const MEDIUM: &str = "/run/live/medium";
