//! isoplug's built-in part `localisation` as a plugin, from the same source files.

// The files name the crates that they live among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Rootfs, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod localisation;
    #[allow(missing_docs, dead_code)]
    pub(crate) mod services;
}

use isoplug_sdk::prelude::*;

use builtin_shim::options::Localisation as Options;

/// The plugin.
pub struct Localisation;

impl isoplug_sdk::Contributor for Localisation {
    type Options = Options;

    fn about() -> About {
        About::new()
            .files(&[
                "root:/etc/default/*",
                "root:/etc/locale.conf",
                "root:/etc/locale.gen",
                "root:/etc/localtime",
                "root:/etc/timezone",
                "root:/etc/systemd/system/**",
            ])
            .units(&["isoplug-locale.service"])
            .remove(&["root:/usr/lib/locale/*", "root:/etc/console-setup/*"])
            .reads(&["/etc/**", "/lib/**", "/usr/**", "/run/**"])
            .example("German", json!({ "locale": "de_DE.UTF-8", "keymap": "de" }))
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        builtin_shim::furnish(&parts::localisation::Part(options), cx)
    }
}

isoplug_sdk::contributor!(Localisation);
