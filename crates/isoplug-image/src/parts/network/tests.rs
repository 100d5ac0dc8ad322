//! Tests of the contributor of the network.

use super::super::rootfs_of_tests::TestRootfs;
use super::*;
use isoplug_manifest::options::{Interface, NetworkingBackend as Backend};

fn rootfs() -> TestRootfs {
    let wanted = "[Install]\nWantedBy=multi-user.target\n";
    TestRootfs::with(&[
        ("/usr/lib/systemd/system/systemd-networkd.service", wanted),
        ("/usr/lib/systemd/system/systemd-networkd-wait-online.service", wanted),
        ("/usr/lib/systemd/system/systemd-resolved.service", wanted),
        ("/usr/lib/systemd/system/NetworkManager.service", wanted),
        ("/etc/resolv.conf", "nameserver of the build machine\n"),
    ])
}

fn network(backend: Backend) -> Part {
    Part(Networking { hostname: "installer".to_owned(), backend, ..Networking::default() })
}

fn fixed(backend: Backend) -> Part {
    let interface = Interface {
        dhcp: false,
        addresses: vec!["192.168.1.100/24".into(), "fd00::2/64".into()],
        gateways: vec!["192.168.1.1".into()],
    };
    let nameservers = vec!["9.9.9.9".into()];
    let interfaces = [("en*".to_owned(), interface)].into();
    Part(Networking { dhcp: false, interfaces, nameservers, ..network(backend).0 })
}

#[test]
fn the_system_knows_its_name() {
    let mut rootfs = rootfs();
    let hostname = "installer.example.com".into();
    rootfs.add(&Part(Networking { hostname, ..network(Backend::None).0 })).unwrap();
    assert_eq!(rootfs.text("/etc/hostname"), "installer.example.com\n");
    assert!(rootfs.text("/etc/hosts").contains("127.0.1.1\tinstaller.example.com installer\n"));
}

#[test]
fn networkd_asks_on_every_wired_interface() {
    let mut rootfs = rootfs();
    rootfs.add(&network(Backend::Networkd)).unwrap();
    insta::assert_snapshot!(rootfs.text("/etc/systemd/network/20-isoplug-wired.network"), @r"
    [Match]
    Type=ether
    Kind=!*

    [Link]
    RequiredForOnline=routable

    [Network]
    DHCP=yes
    ");
    let link = rootfs.entry("/etc/resolv.conf").kind;
    assert_eq!(
        link,
        isoplug_formats::tree::Kind::Symlink(b"../run/systemd/resolve/stub-resolv.conf".to_vec())
    );
}

#[test]
fn fixed_addresses_are_written_for_networkd() {
    let mut networkd = rootfs();
    networkd.add(&fixed(Backend::Networkd)).unwrap();
    insta::assert_snapshot!(networkd.text("/etc/systemd/network/10-isoplug-0.network"), @r"
    [Match]
    Name=en*

    [Link]
    RequiredForOnline=routable

    [Network]
    DHCP=no
    Address=192.168.1.100/24
    Address=fd00::2/64
    Gateway=192.168.1.1
    DNS=9.9.9.9
    ");
}

#[test]
fn fixed_addresses_are_written_for_network_manager() {
    let mut manager = rootfs();
    manager.add(&fixed(Backend::Networkmanager)).unwrap();
    let path = "/etc/NetworkManager/system-connections/isoplug-enany.nmconnection";
    assert_eq!(manager.entry(path).mode, 0o600);
    insta::assert_snapshot!(manager.text(path), @r"
    [connection]
    id=isoplug-enany
    type=ethernet

    [match]
    interface-name=en*;

    [ipv4]
    method=manual
    address1=192.168.1.100/24
    gateway=192.168.1.1
    dns=9.9.9.9;

    [ipv6]
    method=manual
    address1=fd00::2/64
    ");
}

#[test]
fn network_manager_configures_no_other_cards_then() {
    let mut manager = rootfs();
    manager.add(&fixed(Backend::Networkmanager)).unwrap();
    let settings = manager.text("/etc/NetworkManager/conf.d/10-isoplug.conf");
    assert_eq!(settings, "[main]\nno-auto-default=*\n");
}

#[test]
fn mistakes_are_named() {
    let bare = TestRootfs::with(&[]).add(&network(Backend::Networkmanager)).unwrap_err();
    insta::assert_snapshot!(bare, @"networking.backend: the image has no NetworkManager.service; install the package `network-manager`");
    let hostname = "two words".into();
    let broken =
        rootfs().add(&Part(Networking { hostname, ..network(Backend::None).0 })).unwrap_err();
    insta::assert_snapshot!(broken, @"networking: `two words` is not a name or an address");
}

#[test]
fn name_servers_reach_connections_without_a_file() {
    let mut rootfs = rootfs();
    let nameservers = vec!["9.9.9.9".to_owned(), "2620:fe::9".to_owned()];
    rootfs.add(&Part(Networking { nameservers, ..network(Backend::Networkmanager).0 })).unwrap();
    insta::assert_snapshot!(rootfs.text("/etc/NetworkManager/conf.d/10-isoplug-dns.conf"), @r"
    [global-dns-domain-*]
    servers=9.9.9.9,2620:fe::9
    ");
}
