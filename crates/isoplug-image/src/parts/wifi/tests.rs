//! Tests of the contributor of wireless networks.

use super::super::rootfs_of_tests::{Shown, TestRootfs};
use super::*;
use isoplug_manifest::options::{EapMethod, Phase2};

fn rootfs() -> TestRootfs {
    let wanted = "[Install]\nWantedBy=multi-user.target\n";
    TestRootfs::with(&[("/usr/lib/systemd/system/iwd.service", wanted)])
}

fn plain(text: &str) -> Option<Secret> {
    Some(Secret { plain: Some(text.to_owned()), ..Secret::default() })
}

fn home(security: WifiSecurity) -> Wifi {
    Wifi { security, psk: plain("open sesame"), ..Wifi::default() }
}

fn work() -> Wifi {
    let eap = Eap {
        method: EapMethod::Peap,
        identity: "me@example.com".into(),
        anonymous_identity: Some("anonymous@example.com".into()),
        password: plain("a\\b"),
        phase2: Phase2::Mschapv2,
        ca_certificate: Some("/etc/ssl/certs/acme.pem".into()),
        domain: Some("radius.example.com".into()),
        ..Eap::default()
    };
    Wifi { security: WifiSecurity::Eap, eap: Some(eap), priority: 5, ..Wifi::default() }
}

fn part(backend: NetworkingBackend, networks: &[(&str, Wifi)]) -> Part {
    let networks = networks.iter().map(|(name, wifi)| ((*name).to_owned(), wifi.clone())).collect();
    Part { networks, country: Some("DE".into()), backend }
}

#[test]
fn network_manager_gets_the_key_of_wpa2() {
    let mut rootfs = rootfs();
    let wifi = Wifi { ssid: Some("Café; net".into()), hidden: true, ..home(WifiSecurity::Wpa2) };
    rootfs.add(&part(NetworkingBackend::Networkmanager, &[("home", wifi)])).unwrap();
    let path = "/etc/NetworkManager/system-connections/isoplug-wifi-home.nmconnection";
    insta::assert_snapshot!(rootfs.text(path), @r"
    [connection]
    id=isoplug-wifi-home
    type=wifi

    [wifi]
    mode=infrastructure
    ssid=67;97;102;195;169;59;32;110;101;116;
    hidden=true

    [wifi-security]
    key-mgmt=wpa-psk
    psk=fc90a87b75bf23fe4ced3222652ab00357cdc3fd5e77d82e9b6294c55cea61ae

    [ipv4]
    method=auto

    [ipv6]
    method=auto
    ");
}

#[test]
fn wpa3_needs_the_passphrase() {
    for (security, lines) in [
        (WifiSecurity::Wpa3, "key-mgmt=sae\npsk=open sesame\n"),
        (WifiSecurity::Wpa2Wpa3, "key-mgmt=wpa-psk\npsk=open sesame\n"),
    ] {
        let mut rootfs = rootfs();
        rootfs.add(&part(NetworkingBackend::Networkmanager, &[("home", home(security))])).unwrap();
        let path = "/etc/NetworkManager/system-connections/isoplug-wifi-home.nmconnection";
        assert!(rootfs.text(path).contains(lines), "{}", rootfs.text(path));
    }
}

#[test]
fn network_manager_logs_in() {
    let mut rootfs = rootfs();
    rootfs.add(&part(NetworkingBackend::Networkmanager, &[("work", work())])).unwrap();
    let path = "/etc/NetworkManager/system-connections/isoplug-wifi-work.nmconnection";
    assert_eq!(rootfs.entry(path).mode, 0o600);
    let text = rootfs.text(path);
    assert!(text.contains("type=wifi\nautoconnect-priority=5\n"), "{text}");
    assert!(text.contains("ssid=work\n\n[wifi-security]\nkey-mgmt=wpa-eap\n"), "{text}");
    let log_in = text.split("[802-1x]\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    insta::assert_snapshot!(log_in.unwrap(), @r"
    eap=peap;
    identity=me@example.com
    ca-cert=/etc/ssl/certs/acme.pem
    domain-suffix-match=radius.example.com
    anonymous-identity=anonymous@example.com
    password=a\\b
    phase2-auth=mschapv2
    ");
}

#[test]
fn iwd_gets_a_file_for_each() {
    let mut rootfs = rootfs();
    let odd = Wifi { ssid: Some("Café".into()), ..home(WifiSecurity::Wpa3) };
    let open = Wifi { security: WifiSecurity::Open, ..Wifi::default() };
    let networks = [("my home", home(WifiSecurity::Wpa2)), ("odd", odd), ("free", open)];
    rootfs.add(&part(NetworkingBackend::Networkd, &networks)).unwrap();
    assert_eq!(rootfs.entry("/var/lib/iwd").mode, 0o700);
    assert_eq!(rootfs.entry("/var/lib/iwd/my home.psk").mode, 0o600);
    insta::assert_snapshot!(rootfs.text("/var/lib/iwd/my home.psk"), @r"
    [Security]
    PreSharedKey=d3182be39ff1a8c59e4b7aeab42a6d6091cf693d41bcfbc8e191772ee73b385c
    ");
    assert_eq!(rootfs.text("/var/lib/iwd/=436166c3a9.psk"), "[Security]\nPassphrase=open sesame\n");
    assert_eq!(rootfs.text("/var/lib/iwd/free.open"), "");
}

#[test]
fn iwd_logs_in_and_networkd_asks_for_addresses() {
    let mut rootfs = rootfs();
    rootfs.add(&part(NetworkingBackend::Networkd, &[("work", work())])).unwrap();
    insta::assert_snapshot!(rootfs.text("/var/lib/iwd/work.8021x"), @r"
    [Security]
    EAP-Method=PEAP
    EAP-Identity=anonymous@example.com
    EAP-PEAP-CACert=/etc/ssl/certs/acme.pem
    EAP-PEAP-ServerDomainMask=radius.example.com;*.radius.example.com
    EAP-PEAP-Phase2-Method=MSCHAPV2
    EAP-PEAP-Phase2-Identity=me@example.com
    EAP-PEAP-Phase2-Password=a\\b
    ");
    let text = rootfs.text("/etc/systemd/network/30-isoplug-wlan.network");
    assert!(text.starts_with("[Match]\nType=wlan\n"), "{text}");
    assert!(text.contains("[Network]\nDHCP=yes\n"), "{text}");
    assert_eq!(rootfs.text("/etc/iwd/main.conf"), "[General]\nCountry=DE\n");
}

#[test]
fn what_was_read_from_elsewhere_is_checked_without_being_shown() {
    let short = Wifi { psk: plain("seven77"), ..Wifi::default() };
    let error = rootfs().add(&part(NetworkingBackend::Networkd, &[("home", short)])).unwrap_err();
    insta::assert_snapshot!(error, @"networking.wifi.home.psk: a passphrase has 8 to 63 characters, or is a key of 64 hexadecimal digits; this one has 7");
    let key = Wifi { psk: plain(&"0".repeat(64)), ..home(WifiSecurity::Wpa3) };
    let error = rootfs().add(&part(NetworkingBackend::Networkd, &[("home", key)])).unwrap_err();
    insta::assert_snapshot!(error, @"networking.wifi.home.psk: WPA3 needs the passphrase; a key made of it is good for WPA2 alone");
}

#[test]
fn keys_show_no_secret() {
    let part =
        part(NetworkingBackend::Networkd, &[("home", home(WifiSecurity::Wpa2)), ("work", work())]);
    let mut shown = Shown::default();
    part.key(&mut shown);
    assert!(shown.values.contains("radius.example.com"), "{}", shown.values);
    assert!(
        !shown.values.contains("sesame") && !shown.values.contains("a\\\\b"),
        "{}",
        shown.values
    );
    assert_eq!(shown.secrets, ["open sesame", "a\\b"]);
}

fn by_certificate() -> Wifi {
    let eap = Eap {
        method: EapMethod::Tls,
        identity: "me".into(),
        ca_certificate: Some("/etc/ssl/certs/acme.pem".into()),
        domain: Some("radius.example.com".into()),
        client_certificate: Some("/etc/ssl/me.pem".into()),
        private_key: Some("/etc/ssl/private/me.key".into()),
        private_key_password: plain("open sesame"),
        ..Eap::default()
    };
    Wifi { security: WifiSecurity::Eap, eap: Some(eap), ..Wifi::default() }
}

#[test]
fn certificates_log_in() {
    let wifi = by_certificate();
    let mut rootfs = rootfs();
    rootfs.add(&part(NetworkingBackend::Networkmanager, &[("work", wifi.clone())])).unwrap();
    let path = "/etc/NetworkManager/system-connections/isoplug-wifi-work.nmconnection";
    let text = rootfs.text(path);
    let lines = "eap=tls;\nidentity=me\nca-cert=/etc/ssl/certs/acme.pem\n\
                 domain-suffix-match=radius.example.com\nclient-cert=/etc/ssl/me.pem\n\
                 private-key=/etc/ssl/private/me.key\nprivate-key-password=open sesame\n";
    assert!(text.contains(lines), "{text}");
    rootfs.add(&part(NetworkingBackend::Networkd, &[("work", wifi)])).unwrap();
    let text = rootfs.text("/var/lib/iwd/work.8021x");
    let lines = "EAP-TLS-ClientCert=/etc/ssl/me.pem\nEAP-TLS-ClientKey=/etc/ssl/private/me.key\n\
                 EAP-TLS-ClientKeyPassphrase=open sesame\n";
    assert!(text.contains(lines), "{text}");
}

#[test]
fn a_key_without_a_password_needs_none() {
    let Wifi { eap, security, .. } = by_certificate();
    let eap = eap.map(|eap| Eap { private_key_password: None, ..eap });
    let wifi = Wifi { security, eap, ..Wifi::default() };
    let mut rootfs = rootfs();
    rootfs.add(&part(NetworkingBackend::Networkmanager, &[("work", wifi)])).unwrap();
    let text = rootfs.text("/etc/NetworkManager/system-connections/isoplug-wifi-work.nmconnection");
    let lines = "private-key=/etc/ssl/private/me.key\nprivate-key-password-flags=4\n";
    assert!(text.contains(lines), "{text}");
}

#[test]
fn each_network_has_a_file_of_its_own() {
    let networks = ["a b", "a_b", "a/b", "ab"].map(|name| (name, home(WifiSecurity::Wpa2)));
    for backend in [NetworkingBackend::Networkmanager, NetworkingBackend::Networkd] {
        let mut places = part(backend, &networks).places();
        places.dedup();
        assert_eq!(places.len(), networks.len(), "{places:?}");
        assert!(places.iter().all(|path| path.matches('/').count() < 5), "{places:?}");
    }
}
