//! isoplug's built-in part `network` as a plugin, from the same source files.

// The files name the crates that they live among.
extern crate builtin_shim as isoplug_engine;
extern crate builtin_shim as isoplug_formats;
extern crate builtin_shim as isoplug_manifest;

#[path = "../../../crates/isoplug-image/src/parts"]
mod parts {
    pub(crate) use builtin_shim::{Attrs, ContributeError, Contributor, Host, nearest};

    #[allow(missing_docs, dead_code)]
    pub(crate) mod network;
    #[allow(missing_docs, dead_code)]
    pub(crate) mod services;
}

use std::collections::BTreeMap;

use isoplug_sdk::prelude::*;

use parts::network::{self, Network as BuiltIn};

/// The plugin.
pub struct Network;

/// What the user can set.
#[options]
pub struct Options {
    /// The host name, which may hold its domain.
    #[default("localhost")]
    pub hostname: String,
    /// What configures network interfaces.
    #[default(Backend::Networkd)]
    pub backend: Backend,
    /// Whether wired interfaces that `interfaces` does not name ask for an address by DHCP.
    #[default(true)]
    pub dhcp: bool,
    /// Interfaces with settings of their own, by name.
    #[default]
    pub interfaces: BTreeMap<String, Interface>,
    /// Name servers to ask beside those that DHCP names.
    #[default]
    pub nameservers: Vec<String>,
}

/// What configures network interfaces.
#[options]
#[derive(Copy, Eq)]
pub enum Backend {
    /// Nothing of ours.
    None,
    /// systemd-networkd and systemd-resolved.
    Networkd,
    /// NetworkManager.
    Networkmanager,
}

/// A network interface with settings of its own.
#[options]
pub struct Interface {
    /// Whether it asks for an address by DHCP.
    #[default]
    pub dhcp: bool,
    /// Its addresses with the length of their prefix: `192.168.1.100/24`.
    #[default]
    pub addresses: Vec<String>,
    /// The router of each address family.
    #[default]
    pub gateways: Vec<String>,
}

impl Options {
    fn built_in(self) -> BuiltIn {
        let interface = |(name, interface): (String, Interface)| {
            let Interface { dhcp, addresses, gateways } = interface;
            network::Interface { name, dhcp, addresses, gateways }
        };
        BuiltIn {
            hostname: self.hostname,
            backend: match self.backend {
                Backend::None => network::Backend::None,
                Backend::Networkd => network::Backend::Networkd,
                Backend::Networkmanager => network::Backend::NetworkManager,
            },
            dhcp: self.dhcp,
            interfaces: self.interfaces.into_iter().map(interface).collect(),
            nameservers: self.nameservers,
        }
    }
}

impl isoplug_sdk::Contributor for Network {
    type Options = Options;

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
                "an address of its own",
                json!({
                    "hostname": "rescue",
                    "interfaces": { "enp1s0": { "addresses": ["192.168.1.100/24"] } },
                }),
            )
    }

    fn furnish(options: Options, cx: &Context) -> Result<Vec<Module>> {
        builtin_shim::furnish(&options.built_in(), cx)
    }
}

isoplug_sdk::contributor!(Network);
