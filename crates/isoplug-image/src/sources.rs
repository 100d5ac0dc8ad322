//! Package sources: what an archive offers, which packages an image needs, and how to get files.
//!
//! ```text
//! mirrors     what the manifest, the command and the build machine name -> addresses per archive
//! apt         suites, keys, mirrors     -> snapshot: verified releases and indices
//! universe    indices, architecture     -> offers, and which satisfy a relation
//! resolve     request, universe, lock   -> locked packages in install groups
//! download    mirrors, path, digest     -> the file
//! ```
//!
//! Takes the time and the environment as values. Installs nothing.

pub mod check;
pub mod download;
pub mod mirrors;
pub mod request;
pub mod resolve;
pub mod solver;
pub mod universe;

pub use mirrors::Mirrors;
pub use request::Request;
pub use resolve::resolve;
pub use solver::{Resolvo, Solver};
pub use universe::Universe;

/// One `Packages` index, verified.
#[derive(Debug, Clone)]
pub struct Index {
    /// Key of the archive that has the files.
    pub archive: String,
    /// The suite.
    pub suite: String,
    /// apt's priority of the suite: the higher is chosen first, then the newer version.
    pub pin: i32,
    /// The text.
    pub text: String,
}
