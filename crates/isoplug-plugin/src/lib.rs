//! Plugins: sandboxed WebAssembly components that add to an image, plan a stage or check a result.
//!
//! A plugin returns data and does nothing by itself. Knows wasmtime and registries; knows no
//! terminal, and not how a plugin is written.

mod compiled;
mod component;
mod content;
mod contract;
mod contribution;
mod contributor;
mod conversation;
mod description;
mod error;
mod grant;
mod guest;
pub mod input;
mod kept;
mod limit;
mod link;
mod order;
mod plugin;
mod question;
mod resolve;
mod run;
mod runtime;
mod spool;
mod surroundings;
mod trial;
mod warm;
mod wasi;

pub use component::{API, Component, LARGEST, World};
pub use content::Content;
pub use contribution::{
    Attributes, Contribution, Entry, EntryKind, Hook, Module, Plan, PluginDiagnostic,
    PluginSeverity, Report, Tree,
};
pub use contributor::PluginContributor;
pub use error::{Error, Fault};
pub use grant::Allowed;
pub use grant::path::systemd_unit;
pub use grant::pattern::covers_word;
pub use guest::Verb;
pub use isoplug_manifest::plugin::{Grants, Limits, Requests, SecretGrant, Segment};
pub use isoplug_manifest::strength::Strength;
pub use order::{OrderError, order};
pub use plugin::{Description, Example, Plugin};
pub use question::Question;
pub use runtime::Runtime;
pub use surroundings::{
    Found, FoundKind, InputEntry, Level, LogLine, Rootfs, StageRootfs, Surroundings, Unseen,
};
pub use trial::{Trial, Tried};
