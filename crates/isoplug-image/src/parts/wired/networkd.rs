//! Writes files of systemd-networkd: systemd.network(5), systemd.netdev(5).

use super::{File, Part, plain};
use isoplug_manifest::options::{Interface, Route, Which};

const FOLDER: &str = "/etc/systemd/network";

/// Returns the files of an interface.
pub(super) fn files(part: &Part, name: &str, interface: &Interface) -> Vec<File> {
    let which = interface.which(name);
    let file = |ending: &str, text| {
        let rank = 10 + which.rank();
        let path = format!("{FOLDER}/{rank}-isoplug-{}.{ending}", plain(name));
        File { path, text, mode: 0o644 }
    };
    let device = device(name, interface).map(|text| file("netdev", text));
    let found = matching(which);
    let network = found.map(|found| file("network", found + &settings(part, name, interface)));
    device.into_iter().chain(network).collect()
}

/// Returns what holds for the first interface, without its name.
pub(super) fn first(part: &Part) -> String {
    let mut all = part.interfaces.iter();
    let first = all.find(|(name, interface)| interface.which(name) == Which::First);
    first.map_or_else(String::new, |(name, interface)| settings(part, name, interface))
}

/// Returns how an interface is found; nothing for the first, which is found at boot.
fn matching(which: Which<'_>) -> Option<String> {
    Some(match which {
        Which::Name(name) => format!("[Match]\nName={name}\n"),
        // The other one changes when it becomes a part of a bond, and what is made of it has it, too.
        Which::Mac(mac) => format!("[Match]\nPermanentMACAddress={mac}\n"),
        Which::Driver(driver) => format!("[Match]\nDriver={driver}\n"),
        Which::First => return None,
    })
}

/// Returns how an interface is made.
fn device(name: &str, interface: &Interface) -> Option<String> {
    let Interface { bond, bridge, vlan, mtu, .. } = interface;
    let (kind, settings) = match (bond, bridge, vlan) {
        (Some(bond), _, _) => {
            ("bond", format!("[Bond]\nMode={}\nMIIMonitorSec=100ms\n", bond.mode.word()))
        }
        (_, Some(bridge), _) => ("bridge", format!("[Bridge]\nSTP={}\n", yes(bridge.stp))),
        (_, _, Some(vlan)) => ("vlan", format!("[VLAN]\nId={}\n", vlan.id.unwrap_or_default())),
        _ => return None,
    };
    let mtu = mtu.map_or_else(String::new, |mtu| format!("MTUBytes={mtu}\n"));
    Some(format!("[NetDev]\nName={name}\nKind={kind}\n{mtu}\n{settings}"))
}

fn settings(part: &Part, name: &str, interface: &Interface) -> String {
    let controller = part.controller(name);
    let mut text = link(interface, controller.is_some());
    text += "\n[Network]\n";
    if let Some((controller, is_bond)) = controller {
        text += &format!("{}={controller}\n", if is_bond { "Bond" } else { "Bridge" });
    } else {
        text += &addresses(part, interface);
    }
    text.extend(part.vlans(name).map(|vlan| format!("VLAN={vlan}\n")));
    if controller.is_none() {
        text.extend(interface.routes.iter().map(route));
    }
    text
}

/// A port, and an interface that only carries others, counts as online without an address.
fn link(interface: &Interface, is_port: bool) -> String {
    let has_address = interface.asks_v4() || interface.asks_v6() || !interface.addresses.is_empty();
    let online = match (is_port, has_address) {
        (true, _) => "enslaved",
        (false, true) => "routable",
        (false, false) => "carrier",
    };
    let mtu = interface.mtu.map_or_else(String::new, |mtu| format!("MTUBytes={mtu}\n"));
    format!("\n[Link]\nRequiredForOnline={online}\n{mtu}")
}

fn addresses(part: &Part, interface: &Interface) -> String {
    let Interface { addresses, gateways, nameservers, search_domains, .. } = interface;
    let dhcp = match (interface.asks_v4(), interface.asks_v6()) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    };
    let mut text = format!("DHCP={dhcp}\n");
    let servers = nameservers.iter().chain(&part.nameservers);
    let lines = |key: &str, values: &[String]| -> String {
        values.iter().map(|value| format!("{key}={value}\n")).collect()
    };
    text += &lines("Address", addresses);
    text += &lines("Gateway", gateways);
    text.extend(servers.map(|server| format!("DNS={server}\n")));
    if !search_domains.is_empty() {
        text += &format!("Domains={}\n", search_domains.join(" "));
    }
    text
}

fn route(route: &Route) -> String {
    let Route { to, via, metric } = route;
    let mut text = format!("\n[Route]\nDestination={to}\n");
    text.extend(via.iter().map(|via| format!("Gateway={via}\n")));
    text.extend(metric.iter().map(|metric| format!("Metric={metric}\n")));
    text
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
