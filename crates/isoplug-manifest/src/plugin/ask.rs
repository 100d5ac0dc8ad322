//! What evaluation asks of plugins, as plain values; the host implements it over components.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Grants, PluginSource};
use crate::diagnostic::Severity;
use crate::strength::Strength;

/// Answers for the plugins of a manifest.
pub trait Plugins {
    /// Returns what a plugin says of itself.
    ///
    /// # Errors
    ///
    /// Why it cannot be had: a text of one or several lines, to be shown on the plugin's line.
    fn describe(&mut self, name: &str, source: &PluginSource) -> Result<Described, String>;

    /// Lets plugins contribute, and puts all of their modules into one order.
    fn contribute(&mut self, calls: &[Call<'_>]) -> Answer;
}

/// What evaluation needs to know of a plugin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Described {
    /// Its version.
    pub version: String,
    /// The schema of its options, in JSON Schema's words.
    pub options: Json,
    /// Whether it contributes modules.
    pub contributes: bool,
    /// The architectures of images that it is for, in Debian's words; empty for all.
    pub architectures: Vec<String>,
}

impl Described {
    /// Tells whether it is for images of an architecture.
    #[must_use]
    pub fn is_for(&self, architecture: &str) -> bool {
        self.architectures.is_empty() || self.architectures.iter().any(|one| one == architecture)
    }
}

/// One plugin, ready to contribute.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Its name in the manifest.
    pub name: &'a str,
    /// Its options, checked, with defaults in.
    pub options: Json,
    /// What it may see and contribute.
    pub grants: &'a Grants,
    /// What is settled already: `image.name` and the like.
    pub facts: BTreeMap<String, Json>,
}

/// What the plugins made of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The modules of all plugins, the earlier first.
    pub modules: Vec<PluginModule>,
    /// What the plugins have to say, errors of the host among them.
    pub reports: Vec<Report>,
}

/// The options that one module of a plugin sets.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginModule {
    /// The plugin's name in the manifest.
    pub plugin: String,
    /// The module's own name.
    pub name: String,
    /// What it sets, in the order of the calls, and how strongly.
    pub fragments: Vec<(Json, Strength)>,
}

/// What a plugin tells the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The plugin's name in the manifest.
    pub plugin: String,
    /// How grave it is.
    pub severity: Severity,
    /// The plugin's own word for this kind of message, such as `weak-cipher`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The option that it is about; empty for the plugin as a whole.
    pub at: Vec<Segment>,
    /// What to try.
    pub help: Option<String>,
}

/// A step on the way to an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Segment {
    /// Of a table.
    Key(String),
    /// Of a list, from 0.
    Index(usize),
}

/// For a place where no plugin can be had, such as a test: every plugin is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPlugins;

impl Plugins for NoPlugins {
    fn describe(&mut self, _: &str, _: &PluginSource) -> Result<Described, String> {
        Err("no plugins can be had here".to_owned())
    }

    fn contribute(&mut self, _: &[Call<'_>]) -> Answer {
        Answer::default()
    }
}
