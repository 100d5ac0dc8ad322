//! isoplug's built-in part `services` as a plugin, from the same source files.

// The files name the crates that they live among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Host, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod services;
}

use std::collections::BTreeMap;

use isoplug_sdk::prelude::*;

use parts::services::{Services as BuiltIn, UnitFile};

/// The plugin.
pub struct Services;

/// What the user can set.
#[options]
pub struct Options {
    /// Texts of unit files to write, by file name; those with an `[Install]` section are enabled.
    #[default]
    pub units: BTreeMap<String, String>,
    /// Units to start at boot.
    #[default]
    pub enable: Vec<String>,
    /// Units that are not to be started at boot.
    #[default]
    pub disable: Vec<String>,
    /// Units that nothing may start.
    #[default]
    pub mask: Vec<String>,
    /// The target to reach at boot. Without one: what the packages make it.
    pub default_target: Option<String>,
}

impl isoplug_sdk::Contributor for Services {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&["root:/etc/systemd/system/**"])
            .units(&["*"])
            .remove(&["root:/etc/systemd/system/**"])
            .reads(&["/etc/**", "/lib/**", "/usr/**", "/run/**"])
            .example("no timers", json!({ "disable": ["apt-daily.timer"] }))
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        let Options { units, enable, disable, mask, default_target } = options;
        let unit = |(name, text): (String, String)| UnitFile { name, text };
        let units = units.into_iter().map(unit).collect();
        let drop_ins = Vec::new();
        let built_in = BuiltIn { units, drop_ins, enable, disable, mask, default_target };
        builtin_shim::furnish(&built_in, cx)
    }
}

isoplug_sdk::contributor!(Services);
