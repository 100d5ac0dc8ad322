//! isoplug's built-in part `kernel-modules` as a plugin, from the same source file.

// The file names the crates that it lives among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Rootfs, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod kernel_modules;
}

use isoplug_sdk::prelude::*;

use builtin_shim::options::KernelModules as Options;

/// The plugin.
pub struct KernelModules;

impl isoplug_sdk::Contributor for KernelModules {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&["root:/etc/modules-load.d/*", "root:/etc/modprobe.d/*"])
            .reads(&["/usr/lib/modules/**"])
            .example("a module that no device asks for", json!({ "load": ["overlay"] }))
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        builtin_shim::furnish(&parts::kernel_modules::Part(options), cx)
    }
}

isoplug_sdk::contributor!(KernelModules);
