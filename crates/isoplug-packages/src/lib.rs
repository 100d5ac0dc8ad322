//! Package sources: what an archive offers, which packages an image needs, and how to get files.
//!
//! ```text
//! mirrors     what the manifest, the command and the build machine name -> addresses per archive
//! apt         suites, keys, mirrors     -> snapshot: verified releases and indices
//! universe    indices, architecture     -> offers, and which satisfy a relation
//! resolve     request, universe, lock   -> locked packages in install groups
//! locking     sources, request, lock    -> lock
//! ```
//!
//! Takes the time and the environment as values. Installs nothing.

mod access;
pub mod apt;
pub mod check;
pub mod keyring;
pub mod locking;
pub mod mirrors;
pub mod request;
pub mod resolve;
pub mod signing;
pub mod solver;
pub mod universe;

use isoplug_manifest::lock::LockedSource;

pub use access::{Access, Allow};
pub use apt::AptSource;
pub use keyring::Keyring;
pub use mirrors::Mirrors;
pub use request::Request;
pub use resolve::resolve;
pub use solver::{Resolvo, Solver};
pub use universe::Universe;

/// What a source had at one time.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Its Release files, for the lock.
    pub locked: LockedSource,
    /// Its indices, in order of its suites.
    pub indices: Vec<Index>,
}

/// One `Packages` index, verified.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// The source, as the manifest calls it.
    pub source: String,
    /// Key of the archive that has the files.
    pub archive: String,
    /// The suite.
    pub suite: String,
    /// Whether it is of the distribution, whose Essential packages every image gets.
    pub distribution: bool,
    /// apt's priority of the suite: the higher is chosen first, then the newer version.
    pub pin: i32,
    /// The text.
    pub text: String,
}
