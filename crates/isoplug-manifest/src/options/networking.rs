//! Options for host name and network.

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
}

impl Default for Networking {
    fn default() -> Self {
        Self { hostname: "localhost".to_owned(), backend: NetworkingBackend::None, dhcp: true }
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
