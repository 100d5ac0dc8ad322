//! Wired interfaces with settings of their own, and those that are made of others: bonds, bridges, VLANs. What
//! cannot work: two settings for one interface, no address, a router out of reach.

mod owners;
mod settings;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::networking::{Networking, NetworkingBackend};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::{Path, option};
use crate::part::{self, Lint};

/// A wired interface with settings of its own, or one that is made of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Interface {
    /// Which interface it is; without it, the one that has the name of this table.
    #[serde(rename = "match")]
    pub matching: Option<InterfaceMatch>,
    /// Whether it asks for addresses by DHCP, for IPv4 and IPv6.
    pub dhcp: bool,
    /// Whether it asks for an IPv4 address alone.
    pub dhcp_v4: bool,
    /// Whether it asks for an IPv6 address alone.
    pub dhcp_v6: bool,
    /// Its addresses with the length of their prefix, such as `192.168.1.100/24`.
    #[schemars(extend("format" = "ip-prefix"))]
    pub addresses: Vec<String>,
    /// Its default gateways: at most one for IPv4 and one for IPv6.
    #[schemars(extend("format" = "ip-address"))]
    pub gateways: Vec<String>,
    /// Ways to other networks.
    pub routes: Vec<Route>,
    /// Name servers to ask beside those of `networking.nameservers`.
    #[schemars(extend("format" = "ip-address"))]
    pub nameservers: Vec<String>,
    /// Domains in which a name without a dot is looked for.
    #[schemars(extend("format" = "hostname"))]
    pub search_domains: Vec<String>,
    /// The largest packet in bytes; without it, what the network card has.
    #[schemars(range(min = 576, max = 65535))]
    pub mtu: Option<u32>,
    /// Makes it: several interfaces as one.
    pub bond: Option<Bond>,
    /// Makes it: a switch with these interfaces as its ports.
    pub bridge: Option<Bridge>,
    /// Makes it: one of several networks on the cable of another interface.
    pub vlan: Option<Vlan>,
}

/// Which interface it is: one of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct InterfaceMatch {
    /// Its name, with `*` for any text.
    #[schemars(extend("format" = "interface-name"))]
    pub name: Option<String>,
    /// Its hardware address, such as `52:54:00:12:34:56`.
    #[schemars(extend("format" = "mac-address"))]
    pub mac: Option<String>,
    /// The kernel module that drives it, such as `e1000e`.
    #[schemars(extend("format" = "kernel-module"))]
    pub driver: Option<String>,
    /// Whether it is the first of the machine, in the order of their names.
    pub first: bool,
}

/// A way to another network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// The network, such as `10.0.0.0/8`.
    #[schemars(extend("format" = "ip-prefix"))]
    pub to: String,
    /// The router that leads there; without one, it is reached directly.
    #[serde(default)]
    #[schemars(extend("format" = "ip-address"))]
    pub via: Option<String>,
    /// Of several ways to one network, the one with the lowest is taken.
    #[serde(default)]
    pub metric: Option<u32>,
}

/// Several interfaces as one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bond {
    /// The tables of the interfaces that it is made of.
    pub interfaces: Vec<String>,
    /// How they share the work.
    pub mode: BondMode,
}

/// How the interfaces of a bond share the work.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BondMode {
    /// One works, the others wait until it fails. Any switch will do.
    #[default]
    ActiveBackup,
    /// Each packet takes the next one.
    BalanceRr,
    /// Chosen by the addresses of a packet.
    BalanceXor,
    /// Each packet takes all of them.
    Broadcast,
    /// The switch takes part (LACP).
    #[serde(rename = "802.3ad")]
    Lacp,
    /// What is sent is shared by load.
    BalanceTlb,
    /// What is sent and received is shared by load.
    BalanceAlb,
}

impl BondMode {
    /// Returns the kernel's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ActiveBackup => "active-backup",
            Self::BalanceRr => "balance-rr",
            Self::BalanceXor => "balance-xor",
            Self::Broadcast => "broadcast",
            Self::Lacp => "802.3ad",
            Self::BalanceTlb => "balance-tlb",
            Self::BalanceAlb => "balance-alb",
        }
    }
}

/// A switch in the machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bridge {
    /// The tables of the interfaces that are its ports.
    pub interfaces: Vec<String>,
    /// Whether it looks for loops (STP); a port works only half a minute after it was plugged in then.
    pub stp: bool,
}

/// One of several networks on one cable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vlan {
    /// Its number.
    #[schemars(range(min = 1, max = 4094))]
    pub id: Option<u16>,
    /// The table of the interface whose cable it is on.
    pub interface: String,
}

impl Interface {
    /// Says whether it asks for IPv4 addresses.
    #[must_use]
    pub fn asks_v4(&self) -> bool {
        self.dhcp || self.dhcp_v4
    }

    /// Says whether it asks for IPv6 addresses.
    #[must_use]
    pub fn asks_v6(&self) -> bool {
        self.dhcp || self.dhcp_v6
    }

    /// Says whether the system makes it.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.bond.is_some() || self.bridge.is_some() || self.vlan.is_some()
    }

    /// Returns the tables of the interfaces that are ports of it.
    #[must_use]
    pub fn ports(&self) -> &[String] {
        match (&self.bond, &self.bridge) {
            (Some(bond), _) => &bond.interfaces,
            (_, Some(bridge)) => &bridge.interfaces,
            _ => &[],
        }
    }

    /// Returns which interface it is; `name` is that of its table.
    #[must_use]
    pub fn which<'i>(&'i self, name: &'i str) -> Which<'i> {
        match &self.matching {
            _ if self.is_made() => Which::Name(name),
            Some(InterfaceMatch { mac: Some(mac), .. }) => Which::Mac(mac),
            Some(InterfaceMatch { driver: Some(driver), .. }) => Which::Driver(driver),
            Some(InterfaceMatch { first: true, .. }) => Which::First,
            Some(InterfaceMatch { name: Some(name), .. }) => Which::Name(name),
            _ => Which::Name(name),
        }
    }
}

/// Which interface a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'i> {
    /// The one with this name, or those whose names fit.
    Name(&'i str),
    /// The one with this hardware address.
    Mac(&'i str),
    /// Those that this kernel module drives.
    Driver(&'i str),
    /// The first of the machine.
    First,
}

impl Which<'_> {
    /// Orders settings that fit one interface: the lowest counts. What names one alone comes before what names
    /// several.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Name(name) if !name.contains('*') => 0,
            Self::Mac(_) => 0,
            Self::First => 1,
            Self::Driver(_) => 2,
            Self::Name(_) => 3,
        }
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) networking: &'a Networking,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("wired")
    }

    fn owns(&self) -> &[&str] {
        &["networking.interfaces"]
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Networking { interfaces, backend, .. } = self.networking;
        if !interfaces.is_empty() && *backend == NetworkingBackend::None {
            let message = "nothing reads `networking.interfaces`: there is no backend";
            let help = "set `networking.backend` to \"networkd\" or \"networkmanager\"";
            let diagnostic = Diagnostic::error("no-backend", message).help(help);
            lint.report_at(diagnostic, &option!(networking.interfaces));
        }
        for (name, interface) in interfaces {
            let is_part = owners::users(interfaces, name).next().is_some();
            for (key, diagnostic) in settings::mistakes(name, interface, is_part) {
                let place = if key.is_empty() { at(name) } else { at(name).below(key) };
                lint.report_at(diagnostic, &place);
            }
            self.other_nameservers(name, interface, lint);
        }
        owners::lint(interfaces, lint);
    }
}

impl Part<'_> {
    /// What holds for all connections takes the place of what one has (NetworkManager.conf(5), global-dns).
    fn other_nameservers(&self, name: &str, interface: &Interface, lint: &mut Lint<'_>) {
        let Networking { backend, nameservers, .. } = self.networking;
        let both = !interface.nameservers.is_empty() && !nameservers.is_empty();
        if both && *backend == NetworkingBackend::Networkmanager {
            let message = "NetworkManager asks those of `networking.nameservers` alone";
            let help = "name them all there, or give each interface its own";
            let diagnostic = Diagnostic::warning("other-nameservers", message).help(help);
            lint.report_at(diagnostic, &at(name).below("nameservers"));
        }
    }
}

fn at(name: &str) -> Path<()> {
    option!(networking.interfaces).below(name)
}

/// All interfaces with settings of their own.
type Interfaces = BTreeMap<String, Interface>;
