//! The text formats of an apt archive: versions, relations, `Packages`, `Sources`, `Release`, signed text.
//!
//! Every reader takes text and borrows from it; nothing here opens files, fetches or verifies.

pub mod clearsign;
mod date;
pub mod foreign;
pub mod packages;
pub mod relation;
pub mod release;
pub mod sources;
pub mod stanza;
pub mod status;
pub mod version;

pub use packages::Package;
pub use relation::{Operator, Relation};
pub use release::Release;
