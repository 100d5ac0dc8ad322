//! Options for host name and network.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Host name and network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Networking {
    /// The host name.
    #[schemars(extend("format" = "hostname"))]
    pub hostname: String,
    /// What configures network interfaces. Its package is installed.
    pub backend: NetworkingBackend,
    /// Whether every wired interface asks for an address by DHCP.
    pub dhcp: bool,
    /// Name servers to ask beside those that DHCP names; NetworkManager asks them alone.
    #[schemars(extend("format" = "ip-address"))]
    pub nameservers: Vec<String>,
    /// Wired interfaces with settings of their own, by name. `*` stands for any text, as in `en*`.
    #[schemars(extend("propertyNames" = { "format": "interface-name" }))]
    pub interfaces: BTreeMap<String, Interface>,
}

/// A wired interface with settings of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Interface {
    /// Whether it asks for an address by DHCP.
    pub dhcp: bool,
    /// Its addresses with the length of their prefix, such as `192.168.1.100/24`.
    #[schemars(extend("format" = "ip-prefix"))]
    pub addresses: Vec<String>,
    /// Its router, and if it has addresses of both families one of each.
    #[schemars(extend("format" = "ip-address"))]
    pub gateways: Vec<String>,
}

impl Default for Networking {
    fn default() -> Self {
        Self {
            hostname: "localhost".to_owned(),
            backend: NetworkingBackend::None,
            dhcp: true,
            nameservers: Vec::new(),
            interfaces: BTreeMap::new(),
        }
    }
}

/// What configures network interfaces.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkingBackend {
    /// Nothing.
    #[default]
    None,
    /// systemd-networkd with systemd-resolved.
    Networkd,
    /// NetworkManager.
    Networkmanager,
}
