//! What plugins bring to an image, as the stages see it.
//!
//! Knows no component, registry or grant: who runs the plugins implements these traits. Adding to
//! the rootfs needs none of them, since a plugin does that as any other contributor.

use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::plugin::Report;
use serde::Serialize;
use serde_json::Value as Json;

use crate::contribute::{Contributor, Rootfs};
use crate::parts::files::NewFile;

/// Everything that plugins bring to an image.
#[derive(Clone, Default)]
pub struct Plugins {
    /// Who adds to the rootfs, in order.
    pub contributors: Vec<Arc<dyn Contributor>>,
    /// Files for the medium itself.
    pub medium: Vec<NewFile>,
    /// Scripts that run once the packages are in, in order.
    pub hooks: Vec<Hook>,
    /// Who plans stages.
    pub planners: Vec<Arc<dyn Planner>>,
    /// Who checks the finished image.
    pub checkers: Vec<Arc<dyn Checker>>,
    /// Which plugins were used, for the papers.
    pub used: Vec<UsedPlugin>,
}

/// A script that runs as root inside the root filesystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The plugin.
    pub plugin: String,
    /// The script's name.
    pub name: String,
    /// The script, with its `#!` line.
    pub script: String,
}

/// A plugin that was used, as the bill of materials has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedPlugin {
    /// Its name in the manifest.
    pub name: String,
    /// What it calls itself.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its component, 64 hexadecimal digits.
    pub sha256: String,
    /// Its repository; empty for a file of the build machine.
    pub source: String,
    /// Who signed it; empty if nobody did.
    pub publisher: String,
    /// What it may see and contribute.
    pub grants: Json,
}

/// The stages that a plugin can plan: files beside the ISO, how the squashfs is packed, the menu.
pub const STAGES: [&str; 3] = ["output", "squashfs", "menu"];

/// Plans what a stage does.
pub trait Planner: Send + Sync {
    /// Returns its name in the manifest.
    fn name(&self) -> &str;

    /// Returns whether it plans a stage of [`STAGES`].
    fn plans(&self, stage: &str) -> bool;

    /// Shows everything that decides its plans.
    fn key(&self, key: &mut dyn Key);

    /// Returns the plan of a stage for its settled inputs.
    ///
    /// # Errors
    ///
    /// When the plugin fails.
    fn plan(&self, stage: &str, inputs: &Json) -> Result<Answer<Json>, PluginError>;
}

/// Checks a finished image.
pub trait Checker: Send + Sync {
    /// Returns its name in the manifest.
    fn name(&self) -> &str;

    /// Shows everything that decides what it reports.
    fn key(&self, key: &mut dyn Key);

    /// Looks at the finished root filesystem.
    ///
    /// # Errors
    ///
    /// When the plugin fails.
    fn check(&self, rootfs: &dyn Rootfs) -> Result<Answer<()>, PluginError>;
}

/// What a plugin answered, and what it has to say.
#[derive(Debug, Clone, Default)]
pub struct Answer<T> {
    /// The answer.
    pub answer: T,
    /// What it reports, in its own order; errors among them mean that the image is refused.
    pub reports: Vec<Report>,
}

/// Why a plugin did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PluginError(pub String);
