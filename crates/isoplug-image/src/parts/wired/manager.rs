//! Writes connections of NetworkManager (nm-settings-keyfile(5)).

use isoplug_engine::Digest;

use super::{File, Part, Trial, plain, words};
use isoplug_manifest::options::{Interface, Route, Vlan, Which};

const FOLDER: &str = "/etc/NetworkManager/system-connections";

/// Returns the connection of an interface. NetworkManager reads none that others can read.
pub(super) fn file(part: &Part, name: &str, interface: &Interface) -> File {
    let mut text = connection(part, name, interface);
    text += &device(part, interface);
    if part.controller(name).is_none() {
        text += &family(part, interface, false);
        text += &family(part, interface, true);
    }
    let path = format!("{FOLDER}/{}.nmconnection", id(name));
    File { path, text: text.trim_start().to_owned(), mode: 0o600 }
}

fn id(name: &str) -> String {
    format!("isoplug-{}", plain(name))
}

/// Returns the number by which other connections name this one: made of its name, so it is the same in each build.
fn uuid(name: &str) -> String {
    let hex = Digest::of(format!("isoplug connection {name}").as_bytes()).hex();
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn connection(part: &Part, name: &str, interface: &Interface) -> String {
    let which = interface.which(name);
    let mut lines = vec![
        ("id", id(name)),
        ("uuid", uuid(name)),
        ("type", kind(interface).to_owned()),
        // Of several that fit an interface, the highest is taken; what NetworkManager makes by itself has -999.
        ("autoconnect-priority", (20 - i32::from(which.rank())).to_string()),
    ];
    match which {
        Which::Name(name) if !name.contains('*') => lines.push(("interface-name", name.to_owned())),
        Which::Name(_) | Which::Driver(_) if !is_fixed(interface) => {
            // One setting for several interfaces: 3 is `multiple` (nm-settings(5)).
            lines.push(("multi-connect", "3".to_owned()));
        }
        _ => {}
    }
    if let Some((controller, is_bond)) = part.controller(name) {
        lines.push(("master", controller.to_owned()));
        lines.push(("slave-type", if is_bond { "bond" } else { "bridge" }.to_owned()));
    }
    section("connection", &lines) + &matching(which)
}

fn kind(interface: &Interface) -> &'static str {
    let Interface { bond, bridge, vlan, .. } = interface;
    match (bond, bridge, vlan) {
        (Some(_), _, _) => "bond",
        (_, Some(_), _) => "bridge",
        (_, _, Some(_)) => "vlan",
        _ => "ethernet",
    }
}

fn matching(which: Which<'_>) -> String {
    match which {
        Which::Name(name) if name.contains('*') => {
            section("match", &[("interface-name", format!("{name};"))])
        }
        Which::Driver(driver) => section("match", &[("driver", format!("{driver};"))]),
        _ => String::new(),
    }
}

/// Two interfaces cannot have one address.
fn is_fixed(interface: &Interface) -> bool {
    !interface.addresses.is_empty()
}

/// Returns what is of one kind of interface.
fn device(part: &Part, interface: &Interface) -> String {
    let Interface { bond, bridge, vlan, .. } = interface;
    let mut text = card(interface);
    if let Some(bond) = bond {
        let mode = bond.mode.word().to_owned();
        text += &section("bond", &[("mode", mode), ("miimon", "100".to_owned())]);
    }
    if let Some(bridge) = bridge {
        text += &section("bridge", &[("stp", bridge.stp.to_string())]);
    }
    if let Some(Vlan { id, interface: on }) = vlan {
        let parent = match part.interfaces.get(on).map(|carrier| carrier.which(on)) {
            Some(Which::Name(name)) if !name.contains('*') => name.to_owned(),
            _ => uuid(on),
        };
        let id = id.unwrap_or_default().to_string();
        text += &section("vlan", &[("id", id), ("parent", parent)]);
    }
    text
}

/// Returns what is of the card, or of what stands for one.
fn card(interface: &Interface) -> String {
    let Interface { mtu, matching, .. } = interface;
    let mac = matching.as_ref().and_then(|matching| matching.mac.clone());
    let mac = mac.filter(|_| !interface.is_made()).map(|mac| ("mac-address", mac));
    let mtu = mtu.map(|mtu| ("mtu", mtu.to_string()));
    let lines: Vec<_> = mac.into_iter().chain(mtu).collect();
    if lines.is_empty() { String::new() } else { section("ethernet", &lines) }
}

/// Returns those of a list that are of one address family.
fn of_family(list: &[String], v6: bool) -> Vec<String> {
    list.iter().filter(|address| address.contains(':') == v6).cloned().collect()
}

/// Returns the settings of one address family.
fn family(part: &Part, interface: &Interface, v6: bool) -> String {
    let addresses = of_family(&interface.addresses, v6);
    let gateways = of_family(&interface.gateways, v6);
    let asks = if v6 { interface.asks_v6() } else { interface.asks_v4() };
    let method = match (asks, addresses.is_empty(), v6) {
        (true, ..) => "auto",
        (false, false, _) => "manual",
        (false, true, false) => "disabled",
        (false, true, true) => "link-local",
    };
    let mut lines = vec![("method".to_owned(), method.to_owned())];
    lines.extend(addresses.into_iter().zip(1..).map(|(one, n)| (format!("address{n}"), one)));
    lines.extend(gateways.into_iter().take(1).map(|gateway| ("gateway".to_owned(), gateway)));
    let routes = interface.routes.iter().filter(|route| route.to.contains(':') == v6);
    lines.extend(routes.zip(1..).map(|(one, n)| (format!("route{n}"), route(one))));
    if method != "disabled" {
        lines.extend(names(part, interface, v6));
    }
    let lines: Vec<(&str, String)> =
        lines.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    section(if v6 { "ipv6" } else { "ipv4" }, &lines)
}

/// Returns who is asked for names, and in which domains.
fn names(part: &Part, interface: &Interface, v6: bool) -> Vec<(String, String)> {
    let servers =
        [of_family(&interface.nameservers, v6), of_family(&part.nameservers, v6)].concat();
    let all = [("dns", &servers), ("dns-search", &interface.search_domains)];
    let some = all.into_iter().filter(|(_, list)| !list.is_empty());
    some.map(|(key, list)| (key.to_owned(), format!("{};", list.join(";")))).collect()
}

fn route(route: &Route) -> String {
    let Route { to, via, metric } = route;
    let via = via.as_deref().unwrap_or_default();
    let metric = metric.map_or_else(String::new, |metric| metric.to_string());
    format!("{to},{via},{metric}").trim_end_matches(',').to_owned()
}

fn section(name: &str, lines: &[(&str, String)]) -> String {
    let lines: String = lines.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    format!("\n[{name}]\n{lines}")
}

/// The image's own nmcli reads each connection and says what it does not take.
pub(super) fn trial() -> Trial {
    Trial {
        programs: words(["usr/bin/nmcli", "usr/bin/sh"]),
        reads: words(["etc/NetworkManager/system-connections"]),
        run: vec![words(["/bin/sh", "-ec", READ])],
        file: FOLDER,
        lines: Vec::new(),
    }
}

const READ: &str = "for file in /etc/NetworkManager/system-connections/isoplug-*; do \
                    nmcli --offline connection modify connection.autoconnect yes <\"$file\" >/dev/null || \
                    { echo \"$file\"; exit 1; }; done";
