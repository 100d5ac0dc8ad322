//! Tests of the contributor of the network.

use super::super::rootfs_of_tests::TestRootfs;
use super::*;
use isoplug_manifest::options::NetworkingBackend as Backend;

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
fn network_manager_configures_no_other_cards_then() {
    let mut manager = rootfs();
    manager.add(&Part(Networking { dhcp: false, ..network(Backend::Networkmanager).0 })).unwrap();
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
