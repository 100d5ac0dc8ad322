//! Writes the files of systemd-networkd (systemd.network(5)) and of NetworkManager
//! (nm-settings-keyfile(5)).

use super::super::services;
use super::super::{Attrs, ContributeError, Rootfs};
use isoplug_manifest::options::{Interface, Networking, NetworkingBackend};

/// Writes what systemd-networkd reads of each interface, and of all others.
fn network_files(network: &Networking, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
    for (index, (name, interface)) in network.interfaces.iter().enumerate() {
        let matching = format!("[Match]\nName={name}\n");
        let path = interface_file(index);
        let text = network_file(&matching, interface, &network.nameservers);
        rootfs.file(&path, text.as_bytes(), Attrs::mode(0o644))?;
    }
    if network.dhcp {
        // Ethernet by its type, since names differ between machines; not bridges and the like.
        let by_dhcp = Interface { dhcp: true, ..Interface::default() };
        let text = network_file("[Match]\nType=ether\nKind=!*\n", &by_dhcp, &network.nameservers);
        rootfs.file(WIRED, text.as_bytes(), Attrs::mode(0o644))?;
    }
    Ok(())
}

/// Sets up systemd-networkd and systemd-resolved.
pub(super) fn networkd(
    network: &Networking,
    rootfs: &mut dyn Rootfs,
) -> Result<(), ContributeError> {
    need(rootfs, "systemd-networkd.service", "systemd")?;
    need(rootfs, "systemd-resolved.service", "systemd-resolved")?;
    network_files(network, rootfs)?;
    if services::has(rootfs, "NetworkManager.service") {
        rootfs.log("NetworkManager is not started, since systemd-networkd configures the network");
        services::disable(rootfs, "NetworkManager.service")?;
    }
    wait_for_any(rootfs)?;
    services::enable(rootfs, "systemd-networkd.service")?;
    services::enable(rootfs, "systemd-resolved.service")?;
    rootfs.symlink("/etc/resolv.conf", STUB)
}

/// Sets up NetworkManager.
pub(super) fn network_manager(
    network: &Networking,
    rootfs: &mut dyn Rootfs,
) -> Result<(), ContributeError> {
    need(rootfs, "NetworkManager.service", "network-manager")?;
    if !network.dhcp {
        rootfs.file(NO_AUTO, b"[main]\nno-auto-default=*\n", Attrs::mode(0o644))?;
    }
    if !network.nameservers.is_empty() {
        // Connections that NetworkManager makes by itself have no file to name them in.
        let servers = network.nameservers.join(",");
        let text = format!("[global-dns-domain-*]\nservers={servers}\n");
        rootfs.file(GLOBAL_DNS, text.as_bytes(), Attrs::mode(0o644))?;
    }
    for (name, interface) in &network.interfaces {
        let path = format!("{CONNECTIONS}/{}", connection_name(name));
        let text = connection(name, interface, &network.nameservers);
        // NetworkManager reads no connection that others can read.
        rootfs.file(&path, text.as_bytes(), Attrs::mode(0o600))?;
    }
    services::enable(rootfs, "NetworkManager.service")?;
    if services::has(rootfs, "systemd-resolved.service") {
        return rootfs.symlink("/etc/resolv.conf", STUB);
    }
    // NetworkManager writes its own.
    rootfs.remove("/etc/resolv.conf")
}

/// Returns the paths that [`networkd`] and [`network_manager`] set.
pub(super) fn places(network: &Networking) -> Vec<String> {
    let of = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>();
    let mut places = match network.backend {
        NetworkingBackend::None => return Vec::new(),
        NetworkingBackend::Networkd => of(&[WIRED, WAIT]),
        NetworkingBackend::Networkmanager => of(&[NO_AUTO, GLOBAL_DNS]),
    };
    let interfaces = network.interfaces.iter().enumerate();
    places.extend(interfaces.map(|(index, (name, _))| match network.backend {
        NetworkingBackend::Networkmanager => format!("{CONNECTIONS}/{}", connection_name(name)),
        _ => interface_file(index),
    }));
    places.push("/etc/resolv.conf".to_owned());
    places
}

const WIRED: &str = "/etc/systemd/network/20-isoplug-wired.network";
const WAIT: &str = "/etc/systemd/system/systemd-networkd-wait-online.service.d/10-isoplug.conf";
const NO_AUTO: &str = "/etc/NetworkManager/conf.d/10-isoplug.conf";
const GLOBAL_DNS: &str = "/etc/NetworkManager/conf.d/10-isoplug-dns.conf";
const CONNECTIONS: &str = "/etc/NetworkManager/system-connections";

fn interface_file(index: usize) -> String {
    format!("/etc/systemd/network/10-isoplug-{index}.network")
}

const STUB: &str = "../run/systemd/resolve/stub-resolv.conf";

fn need(rootfs: &dyn Rootfs, unit: &str, package: &str) -> Result<(), ContributeError> {
    if services::has(rootfs, unit) {
        return Ok(());
    }
    let reason = format!("the image has no {unit}; install the package `{package}`");
    Err(ContributeError::refused("networking.backend", reason))
}

fn network_file(matching: &str, interface: &Interface, nameservers: &[String]) -> String {
    let mut text = format!("{matching}\n[Link]\nRequiredForOnline=routable\n\n[Network]\n");
    text += if interface.dhcp { "DHCP=yes\n" } else { "DHCP=no\n" };
    let lists = [("Address", &interface.addresses), ("Gateway", &interface.gateways)];
    for (key, values) in
        lists.into_iter().map(|(key, list)| (key, &list[..])).chain([("DNS", nameservers)])
    {
        text.extend(values.iter().map(|value| format!("{key}={value}\n")));
    }
    text
}

/// Lets the system count as online with one interface, since others may have no cable.
fn wait_for_any(rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
    let unit = "systemd-networkd-wait-online.service";
    if !services::has(rootfs, unit) {
        return Ok(());
    }
    let program = "/usr/lib/systemd/systemd-networkd-wait-online";
    let text = format!("[Service]\nExecStart=\nExecStart={program} --any --timeout=30\n");
    rootfs.file(WAIT, text.as_bytes(), Attrs::mode(0o644))
}

/// Returns the file name of an interface's connection; a star cannot stand for a text there.
fn connection_name(name: &str) -> String {
    format!("isoplug-{}.nmconnection", name.replace(['*', '/'], "any"))
}

fn connection(name: &str, interface: &Interface, nameservers: &[String]) -> String {
    let id = connection_name(name).replace(".nmconnection", "");
    let mut text =
        format!("[connection]\nid={id}\ntype=ethernet\n\n[match]\ninterface-name={name};\n");
    for (section, v6) in [("ipv4", false), ("ipv6", true)] {
        text += &format!("\n[{section}]\n");
        text += &addresses(interface, nameservers, v6);
    }
    text
}

/// Returns the keys of one address family.
fn addresses(interface: &Interface, nameservers: &[String], v6: bool) -> String {
    let family = |address: &&String| address.contains(':') == v6;
    let of = |list: &[String]| -> Vec<String> { list.iter().filter(family).cloned().collect() };
    let (addresses, gateways, servers) =
        (of(&interface.addresses), of(&interface.gateways), of(nameservers));
    let method = match (interface.dhcp, addresses.is_empty(), v6) {
        (true, ..) => "auto",
        (false, false, _) => "manual",
        (false, true, false) => "disabled",
        (false, true, true) => "link-local",
    };
    let mut text = format!("method={method}\n");
    text.extend(addresses.iter().zip(1..).map(|(address, n)| format!("address{n}={address}\n")));
    text.extend(gateways.iter().take(1).map(|gateway| format!("gateway={gateway}\n")));
    if !servers.is_empty() && method != "disabled" {
        text += &format!("dns={};\n", servers.join(";"));
    }
    text
}
