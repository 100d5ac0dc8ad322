//! What the user asks for: manifest, profiles, options, merging, lock and diagnostics.
//!
//! Pure: texts in, values out. It opens no file, knows no stage and prints nothing.
//!
//! ```text
//! parse     text                 -> tree of values with origins
//! module    profile              -> its modules, in order: extended, included, own, when
//! check     module, shape        -> what is right of it, and diagnostics
//! merge     modules, shape       -> one tree that knows who set what and whom it beat
//! evaluate  all of the above     -> System: typed options
//! ```

pub mod builtin;
mod by;
mod check;
mod conceal;
pub mod diagnostic;
pub mod distribution;
mod evaluate;
mod explain;
mod extra;
mod file;
mod format;
mod groups;
pub mod kernel_param;
mod known_option;
pub mod lock;
pub mod manifest;
pub mod merge;
mod module;
mod names;
mod option;
pub mod package;
mod parse;
mod part;
mod parts;
pub mod path;
pub mod plain;
pub mod plugin;
mod reference;
mod schema;
mod secret;
pub mod shape;
mod shared;
mod sshd;
pub mod strength;
mod system;
pub mod template;
pub mod text;
pub mod value;
mod vars;

pub use by::By;
pub mod options {
    //! The options of a profile, as data.

    pub use crate::parts::*;
}

pub use check::most_similar;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use evaluate::{Input, Overview, evaluate, evaluate_with, profiles, targets, with_targets};
pub use explain::{OtherOption, SaidValue, differing, explain};
pub use extra::Extra;
pub use format::{byte_size, is_ssh_key};
pub use lock::Lock;
pub use manifest::{DOWNLOAD, Download, Image, ModuleSource, Pocket, Source, SourceKind};
pub use module::Load;
pub use option::Path;
pub use part::{Because, Contribution, Lint, MenuEntry, Needed, Package, Part};
pub use parts::Options;
pub use reference::reference;
pub use schema::{schema, schema_with};
pub use secret::Secret;
pub use shared::MODULE;
pub use system::System;
pub use text::{Origin, Texts};
