//! Sets up systemd-networkd (systemd.network(5)) or NetworkManager (NetworkManager.conf(5)) for all interfaces.

use super::super::services;
use super::super::{Attrs, ContributeError, Rootfs};
use isoplug_manifest::options::{Networking, NetworkingBackend};

/// Sets up systemd-networkd and systemd-resolved.
pub(super) fn networkd(
    network: &Networking,
    rootfs: &mut dyn Rootfs,
) -> Result<(), ContributeError> {
    need(rootfs, "systemd-networkd.service", "systemd")?;
    need(rootfs, "systemd-resolved.service", "systemd-resolved")?;
    if network.dhcp {
        // Ethernet by its type, since names differ between machines; not bridges and the like.
        let mut text = "[Match]\nType=ether\nKind=!*\n\n[Link]\nRequiredForOnline=routable\n\n\
                        [Network]\nDHCP=yes\n"
            .to_owned();
        text.extend(network.nameservers.iter().map(|server| format!("DNS={server}\n")));
        rootfs.file(WIRED, text.as_bytes(), Attrs::mode(0o644))?;
    }
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
    places.push("/etc/resolv.conf".to_owned());
    places
}

const WIRED: &str = "/etc/systemd/network/20-isoplug-wired.network";
const WAIT: &str = "/etc/systemd/system/systemd-networkd-wait-online.service.d/10-isoplug.conf";
const NO_AUTO: &str = "/etc/NetworkManager/conf.d/10-isoplug.conf";
const GLOBAL_DNS: &str = "/etc/NetworkManager/conf.d/10-isoplug-dns.conf";

const STUB: &str = "../run/systemd/resolve/stub-resolv.conf";

fn need(rootfs: &dyn Rootfs, unit: &str, package: &str) -> Result<(), ContributeError> {
    if services::has(rootfs, unit) {
        return Ok(());
    }
    let reason = format!("the image has no {unit}; install the package `{package}`");
    Err(ContributeError::refused("networking.backend", reason))
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
