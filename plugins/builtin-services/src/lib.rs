//! isoplug's built-in part `services` as a plugin, from the same source files.

// The files name the crates that they live among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Rootfs, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod services;
}

use isoplug_sdk::prelude::*;

use builtin_shim::options::Systemd;
use parts::services::Services as BuiltIn;

/// The plugin.
pub struct Services;

impl isoplug_sdk::Contributor for Services {
    type Options = Systemd;

    fn about() -> About {
        About::new()
            .files(&["root:/etc/systemd/system/**"])
            .units(&["*"])
            .remove(&["root:/etc/systemd/system/**"])
            .reads(&["/etc/**", "/lib/**", "/usr/**", "/run/**"])
            .example("no timers", json!({ "disable": ["apt-daily.timer"] }))
    }

    fn furnish(options: Systemd, cx: &Context) -> Result<Vec<Module>> {
        builtin_shim::furnish(&BuiltIn { systemd: options, needed: Vec::new() }, cx)
    }
}

isoplug_sdk::contributor!(Services);
