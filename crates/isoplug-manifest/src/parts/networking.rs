//! Host name and network: what configures interfaces, and what else would.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::Promise;

use super::wifi::Wifi;
use super::wired::Interface;
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::package::name_in;
use crate::part::{self, Contribution, Lint};

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
    /// Additional name servers; with NetworkManager they replace those of DHCP.
    #[schemars(extend("format" = "ip-address"))]
    pub nameservers: Vec<String>,
    /// Wired interfaces with settings of their own, by name, or by any other with `match`. `*` stands for any text,
    /// as in `en*`. An interface that is made (`bond`, `bridge`, `vlan`) is called like its table.
    #[schemars(extend("propertyNames" = { "format": "interface-name" }))]
    pub interfaces: BTreeMap<String, Interface>,
    /// Wireless networks that are joined when they are in reach, by a name of your choice: the network's own, or
    /// any other with `ssid`. What that needs is installed.
    pub wifi: BTreeMap<String, Wifi>,
    /// The country whose rules for radio hold, by its two letters, such as `DE`. Without it, those that hold
    /// everywhere, which leave out channels that some networks use.
    #[schemars(extend("format" = "country"))]
    pub wifi_country: Option<String>,
}

impl Default for Networking {
    fn default() -> Self {
        Self {
            hostname: "localhost".to_owned(),
            backend: NetworkingBackend::None,
            dhcp: true,
            nameservers: Vec::new(),
            interfaces: BTreeMap::new(),
            wifi: BTreeMap::new(),
            wifi_country: None,
        }
    }
}

impl Networking {
    /// Returns what is not about single interfaces and wireless networks, which are parts of their own.
    #[must_use]
    pub fn for_all(&self) -> Self {
        let (interfaces, wifi) = (BTreeMap::new(), BTreeMap::new());
        Self { interfaces, wifi, wifi_country: None, ..self.clone() }
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

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) networking: &'a Networking,
    pub(crate) install: &'a [String],
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("networking")
    }

    fn owns(&self) -> &[&str] {
        &["networking.hostname", "networking.backend", "networking.dhcp", "networking.nameservers"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let name = self.networking.hostname.clone();
        out.because(option!(networking.hostname)).promise(Promise::Hostname { name });
        let package = match self.networking.backend {
            NetworkingBackend::None => return,
            NetworkingBackend::Networkd => "systemd-resolved",
            NetworkingBackend::Networkmanager => "network-manager",
        };
        out.because(option!(networking.backend)).package(package);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.networking.backend == NetworkingBackend::None {
            self.without_backend(lint);
        }
        self.second_backend(lint);
    }
}

impl Part<'_> {
    fn without_backend(&self, lint: &mut Lint<'_>) {
        if !self.networking.nameservers.is_empty() {
            let message = "nothing reads `networking.nameservers`: there is no backend";
            let help = "set `networking.backend` to \"networkd\" or \"networkmanager\"";
            let diagnostic = Diagnostic::error("no-backend", message).help(help);
            lint.report_at(diagnostic, &option!(networking.nameservers));
        }
    }

    /// Two of them would fight for one interface.
    fn second_backend(&self, lint: &mut Lint<'_>) {
        let rivals = match self.networking.backend {
            NetworkingBackend::Networkd => {
                ["network-manager", "connman", "ifupdown", "wpasupplicant"].as_slice()
            }
            NetworkingBackend::Networkmanager => &["connman", "ifupdown", "iwd"],
            NetworkingBackend::None => &[],
        };
        let origins = lint.items(&option!(packages.install));
        for (wish, origin) in self.install.iter().zip(origins) {
            let name = name_in(wish);
            if rivals.contains(&name) {
                let message =
                    format!("`{name}` would fight with `networking.backend` for interfaces");
                let diagnostic = Diagnostic::warning("two-backends", message).at(origin, "");
                lint.report(
                    diagnostic.help("set `networking.backend`, and leave its package to it"),
                );
            }
        }
    }
}
