//! Finds, fetches, checks, signs and publishes plugins in OCI registries and folders; publishes images there.
//!
//! A plugin is an ordinary OCI artifact with one `application/wasm` layer, as other tools of
//! WebAssembly write and read it. What identifies a plugin is the digest of its component; what a
//! tag points at is looked up, compared with the lock and never followed silently. Knows no
//! wasmtime, no environment and no clock: settings, credentials and the epoch are given.
//!
//! ```text
//! reference   text                         -> where a plugin is
//! transport   reference                    -> a repository: over HTTP, or an OCI image layout folder
//! release     component, describe, epoch   -> config and manifest; and back from a manifest
//! resolve     reference, requirement, lock -> a release, and whether the tag moved
//! cache       release                      -> the component, verified, in a local layout
//! signature   statement, secret key        -> a signature that minisign verifies
//! trust       policy, signatures           -> who signed, or why it is refused
//! publish     component, describe, key     -> a release with its signature, listed in the index
//! image       files of a finished image    -> an artifact, and referrers that tell of it
//! folder      files of a folder            -> an artifact; and back
//! ```

mod cache;
mod canonical;
mod compatible;
mod component;
mod credentials;
mod error;
mod folder;
mod http;
mod image;
mod index;
mod keys;
mod layout;
mod mirror;
pub mod names;
mod oci;
mod pin;
mod publish;
mod reference;
mod release;
mod resolve;
mod signature;
mod signing;
mod statement;
mod text;
mod transport;
mod trust;
mod verify;

pub use cache::Cache;
pub use canonical::canonical;
pub use compatible::{Break, breaks};
pub use credentials::{Credential, Credentials, Helper};
pub use error::Error;
pub use folder::{get_folder, put_folder};
pub use http::{Mirror, Registries};
pub use image::{ImageFile, ImagePublication, PublishedImage, publish_image};
pub use index::{Entry, Found, Index, IndexVersion, index_reference, read_index, search, yank};
pub use keys::{KeyId, PublicKey, SecretKey, generate, signer};
pub use layout::Layout;
pub use mirror::mirror;
pub use oci::{Descriptor, OciIndex, OciManifest};
pub use pin::Pin;
pub use publish::{Publication, Published, publish};
pub use reference::{Place, Reference};
pub use release::{Description, Kind, Release};
pub use resolve::{Resolved, Standing, resolve, versions};
pub use signature::{Signature, sign_release, signatures};
pub use signing::{SigningKey, VerifyingKey};
pub use statement::Statement;
pub use transport::{At, Fetched, Transport};
pub use trust::{Claim, Policy, Refusal, Verdict, judge};
pub use verify::{Row, verify};
