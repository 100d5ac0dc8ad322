//! Writes networks of iwd (iwd.network(5)), which joins them for systemd-networkd.

use isoplug_manifest::options::{Eap, EapMethod, Phase2, Wifi, WifiSecurity};

use super::services;
use super::{Attrs, ContributeError, Rootfs, escaped, text};

const FOLDER: &str = "/var/lib/iwd";
const WLAN: &str = "/etc/systemd/network/30-isoplug-wlan.network";

/// Returns where a network's file lies: named after the network and its security, as iwd looks for it.
pub(super) fn path(name: &str, wifi: &Wifi) -> String {
    let ssid = wifi.ssid(name);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte);
    let name = match ssid.bytes().all(is_plain) {
        true => ssid.to_owned(),
        false => format!("={}", hex(ssid.as_bytes())),
    };
    let ending = match wifi.security {
        WifiSecurity::Eap => "8021x",
        WifiSecurity::Open => "open",
        WifiSecurity::Wpa2 | WifiSecurity::Wpa3 | WifiSecurity::Wpa2Wpa3 => "psk",
    };
    format!("{FOLDER}/{name}.{ending}")
}

/// Returns path and text of a network's file.
pub(super) fn file(name: &str, wifi: &Wifi, psk: Option<&str>) -> (String, String) {
    let mut lines = vec!["[Security]".to_owned()];
    if let Some(psk) = psk {
        let key = if wifi.security == WifiSecurity::Wpa2 { "PreSharedKey" } else { "Passphrase" };
        lines.push(format!("{key}={}", escaped(psk)));
    }
    lines.extend(wifi.eap.iter().flat_map(log_in));
    if wifi.hidden {
        lines.extend(["".to_owned(), "[Settings]".to_owned(), "Hidden=true".to_owned()]);
    }
    let lines = if lines.len() == 1 { Vec::new() } else { lines };
    let text = lines.into_iter().map(|line| line + "\n").collect();
    (path(name, wifi), text)
}

/// Sets up what asks for addresses, after wired interfaces, and the country.
pub(super) fn set_up(
    country: Option<&str>,
    rootfs: &mut dyn Rootfs,
) -> Result<(), ContributeError> {
    if !services::has(rootfs, "iwd.service") {
        let reason = "the image has no iwd.service; install the package `iwd`";
        return Err(ContributeError::refused("networking.wifi", reason));
    }
    rootfs.directory(FOLDER, Attrs::mode(0o700))?;
    if let Some(country) = country {
        let text = format!("[General]\nCountry={country}\n");
        rootfs.file("/etc/iwd/main.conf", text.as_bytes(), Attrs::mode(0o644))?;
    }
    let text = "[Match]\nType=wlan\n\n[Link]\nRequiredForOnline=routable\n\n[Network]\nDHCP=yes\n\
                IgnoreCarrierLoss=3s\n\n[DHCPv4]\nRouteMetric=600\n\n[IPv6AcceptRA]\nRouteMetric=600\n";
    rootfs.file(WLAN, text.as_bytes(), Attrs::mode(0o644))
}

fn log_in(eap: &Eap) -> Vec<String> {
    let method = match eap.method {
        EapMethod::Peap => "PEAP",
        EapMethod::Ttls => "TTLS",
        EapMethod::Tls => "TLS",
    };
    let own = |key: &str| format!("EAP-{method}-{key}");
    let is_tunnel = eap.method != EapMethod::Tls;
    let outer = match &eap.anonymous_identity {
        Some(anonymous) if is_tunnel => anonymous,
        _ => &eap.identity,
    };
    let mut lines = vec![
        ("EAP-Method".to_owned(), Some(method.to_owned())),
        ("EAP-Identity".to_owned(), Some(outer.clone())),
        (own("CACert"), eap.ca_certificate.clone()),
        (own("ServerDomainMask"), eap.domain.as_deref().map(mask)),
    ];
    lines.extend(if is_tunnel { in_tunnel(eap, &own) } else { by_certificate(eap, &own) });
    let line = |(key, value): (String, Option<String>)| Some(format!("{key}={}", escaped(&value?)));
    lines.into_iter().filter_map(line).collect()
}

/// A line that may have no value, and then is left out.
type Line = (String, Option<String>);

fn in_tunnel(eap: &Eap, own: &dyn Fn(&str) -> String) -> Vec<Line> {
    let phase2 = match (eap.method, eap.phase2) {
        (EapMethod::Ttls, Phase2::Mschapv2) => "Tunneled-MSCHAPv2",
        (EapMethod::Ttls, Phase2::Pap) => "Tunneled-PAP",
        _ => "MSCHAPV2",
    };
    vec![
        (own("Phase2-Method"), Some(phase2.to_owned())),
        (own("Phase2-Identity"), Some(eap.identity.clone())),
        (own("Phase2-Password"), text(&eap.password)),
    ]
}

fn by_certificate(eap: &Eap, own: &dyn Fn(&str) -> String) -> Vec<Line> {
    vec![
        (own("ClientCert"), eap.client_certificate.clone()),
        (own("ClientKey"), eap.private_key.clone()),
        (own("ClientKeyPassphrase"), text(&eap.private_key_password)),
    ]
}

/// Returns the pattern for the end of a server's name, which iwd takes with a star.
fn mask(domain: &str) -> String {
    format!("{domain};*.{domain}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
