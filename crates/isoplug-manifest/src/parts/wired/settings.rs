//! What is wrong with the settings of one interface.

use std::net::IpAddr;

use super::{Interface, InterfaceMatch};
use crate::diagnostic::Diagnostic;
use crate::format::read_prefix;

/// What is wrong, with the key that says it; none for the whole table.
type Mistakes = Vec<(&'static str, Diagnostic)>;

/// Returns what is wrong with an interface. A part of another needs no address.
pub(super) fn mistakes(name: &str, interface: &Interface, is_part: bool) -> Mistakes {
    let asks = interface.asks_v4() || interface.asks_v6();
    let mut found = made(name, interface);
    found.extend(matched(name, interface));
    found.extend(twice(interface));
    if !asks && interface.addresses.is_empty() && !is_part {
        let message = format!("the interface `{name}` gets no address");
        let diagnostic = Diagnostic::warning("no-address", message);
        found.push(("", diagnostic.help("set `dhcp = true`, or give it `addresses`")));
    }
    found.extend(gateways(name, interface).into_iter().map(|diagnostic| ("gateways", diagnostic)));
    found.extend(routes(name, interface).into_iter().map(|diagnostic| ("routes", diagnostic)));
    found
}

fn gateways(name: &str, interface: &Interface) -> Vec<Diagnostic> {
    let gateways = interface.gateways.iter().filter_map(|text| text.parse().ok());
    let gateways: Vec<IpAddr> = gateways.collect();
    let mut found = Vec::new();
    for v4 in [true, false] {
        if gateways.iter().filter(|gateway| gateway.is_ipv4() == v4).count() > 1 {
            let family = if v4 { "IPv4" } else { "IPv6" };
            let message = format!("the interface `{name}` has several gateways for {family}");
            found.push(Diagnostic::error("two-gateways", message));
        }
    }
    for gateway in gateways.iter().filter(|gateway| is_far(interface, gateway)) {
        let message = format!("no address of `{name}` can reach the gateway {gateway}");
        found.push(Diagnostic::warning("far-gateway", message));
    }
    found
}

/// An interface that is made is made in one way, and has a name.
fn made(name: &str, interface: &Interface) -> Mistakes {
    let wrong = |message: String| Diagnostic::error("interface-kind", message);
    let ways = ways(interface);
    let mut found = incomplete(name, interface);
    if let [_, second, ..] = ways[..] {
        let message =
            format!("the interface `{name}` is made in several ways: {}", ways.join(", "));
        found.push((second, wrong(message)));
    }
    if !ways.is_empty() && name.contains('*') {
        let message =
            format!("an interface that is made needs a name, and `{name}` stands for several");
        found.push(("", wrong(message)));
    }
    if let (Some(way), Some(_)) = (ways.first(), &interface.matching) {
        let message =
            format!("the interface `{name}` is made by `{way}`, so there is none to match");
        found.push(("match", wrong(message)));
    }
    found
}

fn ways(interface: &Interface) -> Vec<&'static str> {
    let Interface { bond, bridge, vlan, .. } = interface;
    let ways = [("bond", bond.is_some()), ("bridge", bridge.is_some()), ("vlan", vlan.is_some())];
    ways.into_iter().filter(|(_, is)| *is).map(|(way, _)| way).collect()
}

fn incomplete(name: &str, interface: &Interface) -> Mistakes {
    let Interface { bond, vlan, .. } = interface;
    let mut found = Vec::new();
    if bond.as_ref().is_some_and(|bond| bond.interfaces.is_empty()) {
        let message = format!("the bond `{name}` has no interfaces");
        found.push(("bond", Diagnostic::error("no-ports", message)));
    }
    if vlan.as_ref().is_some_and(|vlan| vlan.id.is_none() || vlan.interface.is_empty()) {
        let message = format!("the VLAN `{name}` needs its number and the interface that it is on");
        let diagnostic = Diagnostic::error("no-vlan", message);
        found.push(("vlan", diagnostic.help("such as `vlan = { id = 7, interface = \"lan\" }`")));
    }
    found
}

/// An interface that is there is found in one way.
fn matched(name: &str, interface: &Interface) -> Option<(&'static str, Diagnostic)> {
    let InterfaceMatch { name: named, mac, driver, first } = interface.matching.as_ref()?;
    let said = [named.is_some(), mac.is_some(), driver.is_some(), *first];
    let is_right = said.into_iter().filter(|is| *is).count() == 1;
    let message = format!("which interface `{name}` is must be said in exactly one way");
    let help = "one of `name`, `mac`, `driver` and `first = true`";
    let diagnostic = Diagnostic::error("interface-match", message).help(help);
    (!is_right).then_some(("match", diagnostic))
}

fn twice(interface: &Interface) -> Option<(&'static str, Diagnostic)> {
    let Interface { dhcp, dhcp_v4, dhcp_v6, .. } = interface;
    let key = if *dhcp_v4 { "dhcp-v4" } else { "dhcp-v6" };
    let message = format!("`dhcp` asks for both kinds of addresses, so `{key}` says nothing");
    (*dhcp && (*dhcp_v4 || *dhcp_v6)).then(|| (key, Diagnostic::warning("dhcp-twice", message)))
}

fn routes(name: &str, interface: &Interface) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for route in &interface.routes {
        let (Some((to, _)), via) = (read_prefix(&route.to), &route.via) else { continue };
        let Some(via) = via.as_ref().and_then(|via| via.parse::<IpAddr>().ok()) else { continue };
        if via.is_ipv4() != to.is_ipv4() {
            let message = format!("the router {via} is of another kind than {}", route.to);
            found.push(Diagnostic::error("route-family", message));
        } else if is_far(interface, &via) {
            let message = format!("no address of `{name}` can reach the router {via}");
            found.push(Diagnostic::warning("far-gateway", message));
        }
    }
    found
}

/// Says whether a router is out of reach. What DHCP brings may reach it.
fn is_far(interface: &Interface, router: &IpAddr) -> bool {
    let asks = if router.is_ipv4() { interface.asks_v4() } else { interface.asks_v6() };
    !asks && !reaches(&interface.addresses, router)
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
