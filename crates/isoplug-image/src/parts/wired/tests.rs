//! Tests of the contributor of wired interfaces.

mod made;

use super::super::rootfs_of_tests::TestRootfs;
use super::*;
use isoplug_manifest::options::NetworkingBackend::{Networkd, Networkmanager};
use serde_json::{Value as Json, json};

fn part(backend: NetworkingBackend, interfaces: Json) -> Part {
    let interfaces = serde_json::from_value(interfaces).unwrap();
    Part { interfaces, nameservers: vec!["9.9.9.9".to_owned()], backend }
}

fn written(backend: NetworkingBackend, interfaces: Json) -> TestRootfs {
    let mut rootfs = TestRootfs::with(&[("/usr/lib/systemd/system/sysinit.target", "")]);
    rootfs.add(&part(backend, interfaces)).unwrap();
    rootfs
}

fn fixed() -> Json {
    json!({ "en*": {
        "addresses": ["192.168.1.100/24", "fd00::2/64"],
        "gateways": ["192.168.1.1"],
        "routes": [
            { "to": "10.0.0.0/8", "via": "192.168.1.2", "metric": 50 },
            { "to": "172.16.0.0/12", "via": "192.168.1.3" },
            { "to": "fd01::/32", "via": "fd00::1" },
        ],
        "nameservers": ["192.168.1.53", "fd00::53"],
        "search-domains": ["example.org", "example.net"],
        "mtu": 1400,
    } })
}

#[test]
#[expect(clippy::too_many_lines, reason = "whole files")]
fn fixed_addresses_are_written_for_networkd() {
    let networkd = written(Networkd, fixed());
    insta::assert_snapshot!(networkd.text("/etc/systemd/network/13-isoplug-en_2a.network"), @r"
    [Match]
    Name=en*

    [Link]
    RequiredForOnline=routable
    MTUBytes=1400

    [Network]
    DHCP=no
    Address=192.168.1.100/24
    Address=fd00::2/64
    Gateway=192.168.1.1
    DNS=192.168.1.53
    DNS=fd00::53
    DNS=9.9.9.9
    Domains=example.org example.net

    [Route]
    Destination=10.0.0.0/8
    Gateway=192.168.1.2
    Metric=50

    [Route]
    Destination=172.16.0.0/12
    Gateway=192.168.1.3

    [Route]
    Destination=fd01::/32
    Gateway=fd00::1
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "whole files")]
fn fixed_addresses_are_written_for_network_manager() {
    let manager = written(Networkmanager, fixed());
    let path = "/etc/NetworkManager/system-connections/isoplug-en_2a.nmconnection";
    assert_eq!(manager.entry(path).mode, 0o600);
    insta::assert_snapshot!(manager.text(path), @r"
    [connection]
    id=isoplug-en_2a
    uuid=fc2280e2-fe96-8447-8c7d-2c49c87ef422
    type=ethernet
    autoconnect-priority=17

    [match]
    interface-name=en*;

    [ethernet]
    mtu=1400

    [ipv4]
    method=manual
    address1=192.168.1.100/24
    gateway=192.168.1.1
    route1=10.0.0.0/8,192.168.1.2,50
    route2=172.16.0.0/12,192.168.1.3
    dns=192.168.1.53;9.9.9.9;
    dns-search=example.org;example.net;

    [ipv6]
    method=manual
    address1=fd00::2/64
    route1=fd01::/32,fd00::1
    dns=fd00::53;
    dns-search=example.org;example.net;
    ");
}

/// Each with what finds it, in the words of both.
#[test]
#[expect(clippy::too_many_lines, reason = "whole files")]
fn interfaces_are_found_in_four_ways() {
    let mac = json!({ "lan": { "match": { "mac": "52:54:00:12:34:56" }, "dhcp": true } });
    let driver = json!({ "lan": { "match": { "driver": "e1000e" }, "dhcp-v4": true } });
    let name = json!({ "lan": { "match": { "name": "enp1s0" }, "dhcp-v6": true } });
    for (interfaces, networkd, manager) in [
        (
            mac,
            ["[Match]\nPermanentMACAddress=52:54:00:12:34:56\n", "\nDHCP=yes\n"],
            ["[ethernet]\nmac-address=52:54:00:12:34:56\n", "[ipv4]\nmethod=auto\n"],
        ),
        (
            driver,
            ["[Match]\nDriver=e1000e\n", "\nDHCP=ipv4\n"],
            ["multi-connect=3\n\n[match]\ndriver=e1000e;\n", "[ipv6]\nmethod=link-local\n"],
        ),
        (
            name,
            ["[Match]\nName=enp1s0\n", "\nDHCP=ipv6\n"],
            ["interface-name=enp1s0\n", "[ipv4]\nmethod=disabled\n"],
        ),
    ] {
        let files = part(Networkd, interfaces.clone()).files();
        let text = &files[0].text;
        assert!(networkd.iter().all(|line| text.contains(line)), "{text}");
        let text = &part(Networkmanager, interfaces).files()[0].text;
        assert!(manager.iter().all(|line| text.contains(line)), "{text}");
    }
}

#[test]
fn the_first_interface_is_found_at_boot() {
    let first = || json!({ "lan": { "match": { "first": true }, "addresses": ["10.0.2.15/24"] } });
    let rootfs = written(Networkd, first());
    rootfs.entry("/etc/systemd/system/sysinit.target.wants/isoplug-first-interface.service");
    assert_eq!(rootfs.entry("/usr/lib/isoplug/first-interface").mode, 0o755);
    let settings = rootfs.text("/usr/lib/isoplug/first-interface.network");
    assert!(settings.starts_with("\n[Link]\n") && settings.contains("Address=10.0.2.15/24\n"));
    assert!(rootfs.text("/usr/lib/isoplug/first-interface").contains(first::SETTINGS));
    // NetworkManager uses a connection that may have one interface for the first that comes.
    let text = &part(Networkmanager, first()).files()[0].text;
    assert!(!text.contains("interface-name") && !text.contains("multi-connect"), "{text}");
}

/// What names one interface counts before what names several, whatever the order of their names.
#[test]
fn the_nearest_settings_count() {
    let all = json!({ "en*": { "dhcp": true }, "enp1s0": { "addresses": ["10.0.0.2/24"] } });
    let mut paths = part(Networkd, all.clone()).places();
    paths.sort();
    assert!(paths[0].ends_with("/10-isoplug-enp1s0.network"), "{paths:?}");
    let files = part(Networkmanager, all).files();
    let priority = |name: &str| {
        let file = files.iter().find(|file| file.path.ends_with(name)).unwrap();
        let line = file.text.lines().find_map(|line| line.strip_prefix("autoconnect-priority="));
        line.unwrap().parse::<i32>().unwrap()
    };
    assert!(priority("isoplug-enp1s0.nmconnection") > priority("isoplug-en_2a.nmconnection"));
}
