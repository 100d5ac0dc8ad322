//! Writes connections of NetworkManager (nm-settings-keyfile(5)).

use isoplug_manifest::options::{Eap, EapMethod, Phase2, Wifi, WifiSecurity};

use super::{escaped, text};

const CONNECTIONS: &str = "/etc/NetworkManager/system-connections";

/// Returns where a network's connection lies.
pub(super) fn path(name: &str) -> String {
    format!("{CONNECTIONS}/{}.nmconnection", id(name))
}

/// Returns path and text of a network's connection. NetworkManager reads none that others can read.
pub(super) fn file(name: &str, wifi: &Wifi, psk: Option<&str>) -> (String, String) {
    let mut text = section("connection", &[("id", id(name)), ("type", "wifi".into())]);
    if wifi.priority != 0 {
        text += &line("autoconnect-priority", &wifi.priority.to_string());
    }
    text += &section("wifi", &[("mode", "infrastructure".into()), ("ssid", ssid(wifi.ssid(name)))]);
    if wifi.hidden {
        text += &line("hidden", "true");
    }
    if let Some(management) = key_management(wifi.security) {
        text += &section("wifi-security", &[("key-mgmt", management.to_owned())]);
        text += &psk.map(|psk| line("psk", &escaped(psk))).unwrap_or_default();
    }
    if let Some(eap) = &wifi.eap {
        let lines: Vec<(&str, String)> = log_in(eap);
        text += &section("802-1x", &lines);
    }
    text += &section("ipv4", &[("method", "auto".into())]);
    text += &section("ipv6", &[("method", "auto".into())]);
    (path(name), text.trim_start().to_owned())
}

/// Returns the connection's name, which is a part of its file's, too: another one for each table.
fn id(name: &str) -> String {
    let plain = |byte: u8| match byte {
        b'-' | b'.' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    format!("isoplug-wifi-{}", name.bytes().map(plain).collect::<String>())
}

fn key_management(security: WifiSecurity) -> Option<&'static str> {
    match security {
        // With it, NetworkManager takes part in SAE, too, where the network offers both.
        WifiSecurity::Wpa2 | WifiSecurity::Wpa2Wpa3 => Some("wpa-psk"),
        WifiSecurity::Wpa3 => Some("sae"),
        WifiSecurity::Eap => Some("wpa-eap"),
        WifiSecurity::Open => None,
    }
}

fn log_in(eap: &Eap) -> Vec<(&'static str, String)> {
    let method = match eap.method {
        EapMethod::Peap => "peap;",
        EapMethod::Ttls => "ttls;",
        EapMethod::Tls => "tls;",
    };
    let mut lines = vec![
        ("eap", Some(method.to_owned())),
        ("identity", Some(eap.identity.clone())),
        ("ca-cert", eap.ca_certificate.clone()),
        ("domain-suffix-match", eap.domain.clone()),
    ];
    lines.extend(if eap.method == EapMethod::Tls { by_certificate(eap) } else { in_tunnel(eap) });
    let escaped = |(key, value): Line| Some((key, escaped(&value?)));
    lines.into_iter().filter_map(escaped).collect()
}

/// A line that may have no value, and then is left out.
type Line = (&'static str, Option<String>);

fn in_tunnel(eap: &Eap) -> Vec<Line> {
    let phase2 = match eap.phase2 {
        Phase2::Mschapv2 => "mschapv2",
        Phase2::Pap => "pap",
    };
    vec![
        ("anonymous-identity", eap.anonymous_identity.clone()),
        ("password", text(&eap.password)),
        ("phase2-auth", Some(phase2.to_owned())),
    ]
}

/// A key without a password is said to need none (`NM_SETTING_SECRET_FLAG_NOT_REQUIRED`), or NetworkManager asks for one.
fn by_certificate(eap: &Eap) -> Vec<Line> {
    let password = text(&eap.private_key_password);
    let not_required = password.is_none().then(|| "4".to_owned());
    vec![
        ("client-cert", eap.client_certificate.clone()),
        ("private-key", eap.private_key.clone()),
        ("private-key-password", password),
        ("private-key-password-flags", not_required),
    ]
}

/// Returns an SSID as a keyfile has it: as text, or as numbers of bytes where it has what means something else.
fn ssid(ssid: &str) -> String {
    let is_plain = |each: char| (' '..='~').contains(&each) && !";\\".contains(each);
    if ssid.chars().all(is_plain) && ssid.trim() == ssid {
        return ssid.to_owned();
    }
    ssid.bytes().map(|byte| format!("{byte};")).collect()
}

fn section(name: &str, lines: &[(&str, String)]) -> String {
    let lines: String = lines.iter().map(|(key, value)| line(key, value)).collect();
    format!("\n[{name}]\n{lines}")
}

fn line(key: &str, value: &str) -> String {
    format!("{key}={value}\n")
}
