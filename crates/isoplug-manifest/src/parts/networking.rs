//! Host name and network: what configures interfaces, and interfaces that nothing does, or whose router
//! cannot be reached.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::Promise;

use super::wifi::Wifi;
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::format::read_prefix;
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
    /// Wired interfaces with settings of their own, by name. `*` stands for any text, as in `en*`.
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

/// A wired interface with settings of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Interface {
    /// Whether it asks for an address by DHCP.
    pub dhcp: bool,
    /// Its addresses with the length of their prefix, such as `192.168.1.100/24`.
    #[schemars(extend("format" = "ip-prefix"))]
    pub addresses: Vec<String>,
    /// Its default gateways: at most one for IPv4 and one for IPv6.
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
            wifi: BTreeMap::new(),
            wifi_country: None,
        }
    }
}

impl Networking {
    /// Returns what is not about wireless networks, which are a part of their own.
    #[must_use]
    pub fn without_wifi(&self) -> Self {
        Self { wifi: BTreeMap::new(), wifi_country: None, ..self.clone() }
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
        &[
            "networking.hostname",
            "networking.backend",
            "networking.dhcp",
            "networking.nameservers",
            "networking.interfaces",
        ]
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
        for (name, interface) in &self.networking.interfaces {
            for (key, diagnostic) in mistakes(name, interface) {
                let path = option!(networking.interfaces).below(name);
                lint.report_at(diagnostic, &if key.is_empty() { path } else { path.below(key) });
            }
        }
        self.second_backend(lint);
    }
}

impl Part<'_> {
    fn without_backend(&self, lint: &mut Lint<'_>) {
        for (name, is_set) in [
            ("interfaces", !self.networking.interfaces.is_empty()),
            ("nameservers", !self.networking.nameservers.is_empty()),
        ] {
            if is_set {
                let message = format!("nothing reads `networking.{name}`: there is no backend");
                let help = "set `networking.backend` to \"networkd\" or \"networkmanager\"";
                let diagnostic = Diagnostic::error("no-backend", message).help(help);
                lint.report_at(diagnostic, &option!(networking).below(name));
            }
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

/// Returns what is wrong with an interface, each with the key that says it.
fn mistakes(name: &str, interface: &Interface) -> Vec<(&'static str, Diagnostic)> {
    let Interface { dhcp, addresses, gateways } = interface;
    let mut found = Vec::new();
    if !dhcp && addresses.is_empty() {
        let message = format!("the interface `{name}` gets no address");
        let diagnostic = Diagnostic::warning("no-address", message);
        found.push(("", diagnostic.help("set `dhcp = true`, or give it `addresses`")));
    }
    let gateways: Vec<IpAddr> = gateways.iter().filter_map(|text| text.parse().ok()).collect();
    for v4 in [true, false] {
        if gateways.iter().filter(|gateway| gateway.is_ipv4() == v4).count() > 1 {
            let family = if v4 { "IPv4" } else { "IPv6" };
            let message = format!("the interface `{name}` has several gateways for {family}");
            found.push(("gateways", Diagnostic::error("two-gateways", message)));
        }
    }
    for gateway in gateways.iter().filter(|gateway| !dhcp && !reaches(addresses, gateway)) {
        let message = format!("no address of `{name}` can reach the gateway {gateway}");
        found.push(("gateways", Diagnostic::warning("far-gateway", message)));
    }
    found
}

/// Says whether a gateway is in the network of an address; link-local ones always are.
fn reaches(addresses: &[String], gateway: &IpAddr) -> bool {
    let local = matches!(gateway, IpAddr::V6(address) if address.is_unicast_link_local());
    local
        || addresses.iter().filter_map(|text| read_prefix(text)).any(|(address, length)| {
            address.is_ipv4() == gateway.is_ipv4()
                && network(address, length) == network(*gateway, length)
        })
}

/// Returns the first `length` bits of an address.
fn network(address: IpAddr, length: u8) -> u128 {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    bits.checked_shr(u32::from(width - length)).unwrap_or(0)
}
