//! Interfaces that nothing configures, that do nothing, or whose router cannot be reached.

use std::net::IpAddr;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::format::read_prefix;
use crate::options::{Interface, NetworkingBackend};

pub(super) fn interfaces(lint: &mut Lint<'_>) {
    let networking = &lint.options.networking;
    if networking.backend == NetworkingBackend::None {
        for (name, set) in [
            ("interfaces", !networking.interfaces.is_empty()),
            ("nameservers", !networking.nameservers.is_empty()),
        ] {
            if set {
                let message = format!("nothing reads `networking.{name}`: there is no backend");
                let help = "set `networking.backend` to \"networkd\" or \"networkmanager\"";
                let diagnostic = Diagnostic::error("no-backend", message).help(help);
                lint.report(lint.at(diagnostic, &["networking", name]));
            }
        }
    }
    for (name, interface) in &networking.interfaces {
        for (key, diagnostic) in mistakes(name, interface) {
            let path = ["networking", "interfaces", name, key];
            let path = if key.is_empty() { &path[..3] } else { &path[..] };
            lint.report(lint.at(diagnostic, path));
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
