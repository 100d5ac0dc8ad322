//! What a manifest says of plugins: where they come from, what they may do, how they are set.
//!
//! Knows no component: evaluation asks plugins through [`Plugins`], which the host implements.

mod ask;
mod config;
mod grants;
mod powers;
mod requests;
mod trust;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use ask::{Answer, Call, Described, NoPlugins, PluginModule, Plugins, Report, Segment};
pub use config::check_options;
pub use grants::{Grants, Limits, SecretGrant};
pub use requests::Requests;
pub use trust::{Allow, Trust, TrustLevel};

/// Where a plugin comes from: a registry, or a file of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginSource {
    /// Its repository in a registry: `registry.example.com/isoplug/hardening`. Either this or
    /// `path`.
    pub registry: Option<String>,
    /// The versions to take from the registry, such as `^1.2`. Without one: any.
    #[schemars(extend("format" = "version-requirement"))]
    pub version: Option<String>,
    /// The component's file, relative to the manifest, for a plugin that is being written.
    #[schemars(extend("format" = "local-path"))]
    pub path: Option<String>,
    /// The built-in part in whose place it stands, such as `network` or `services`. The options of
    /// that part then do nothing; the plugin has its own.
    pub replaces: Option<String>,
}

/// How a profile uses a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginUse {
    /// Whether the profile uses it.
    pub enable: bool,
    /// Options of the plugin's own, over those of `[config.NAME]`.
    pub config: BTreeMap<String, Json>,
}

impl Default for PluginUse {
    fn default() -> Self {
        Self { enable: true, config: BTreeMap::new() }
    }
}
