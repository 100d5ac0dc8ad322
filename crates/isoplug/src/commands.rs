//! The commands: one file each, with its arguments (their docs are the help) and its `run`.

pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod key;
pub(crate) mod licences;
pub(crate) mod lock;
pub(crate) mod new;
pub(crate) mod persistence;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod select;
pub(crate) mod shell;
pub(crate) mod sign;
pub(crate) mod size;
pub(crate) mod test;
pub(crate) mod trust;
pub(crate) mod update;
pub(crate) mod vendor;
