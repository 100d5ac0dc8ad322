//! isoplug's built-in part `network` as a plugin, from the same source files.

// The files name the crates that they live among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Rootfs, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod network;
    #[allow(missing_docs, dead_code)]
    pub(crate) mod services;
}

use isoplug_sdk::prelude::*;

use builtin_shim::options::Networking;

/// The plugin.
pub struct Network;

impl isoplug_sdk::Contributor for Network {
    type Options = Networking;

    fn about() -> About {
        About::new()
            .files(&[
                "root:/etc/hostname",
                "root:/etc/hosts",
                "root:/etc/resolv.conf",
                "root:/etc/NetworkManager/**",
                "root:/etc/systemd/**",
            ])
            .units(&["*"])
            .remove(&["root:/etc/resolv.conf", "root:/etc/systemd/system/**"])
            .reads(&["/etc/**", "/lib/**", "/usr/**", "/run/**"])
            .example(
                "name servers of its own",
                json!({ "hostname": "rescue", "nameservers": ["192.168.1.53"] }),
            )
    }

    fn furnish(options: Networking, cx: &Context) -> Result<Vec<Module>> {
        builtin_shim::furnish(&parts::network::Part(options), cx)
    }
}

isoplug_sdk::contributor!(Network);
