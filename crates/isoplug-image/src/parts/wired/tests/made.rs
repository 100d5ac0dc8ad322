//! Interfaces that are made of others.

use super::*;

fn made_of_others() -> Json {
    json!({
        "one": { "match": { "mac": "52:54:00:00:00:01" } },
        "two": { "match": { "mac": "52:54:00:00:00:02" } },
        "bond0": { "bond": { "interfaces": ["one", "two"], "mode": "802.3ad" }, "dhcp": true },
        "guests": { "vlan": { "id": 7, "interface": "bond0" } },
        "br0": { "bridge": { "interfaces": ["guests"] }, "addresses": ["10.7.0.1/24"] },
    })
}

fn all_texts(backend: NetworkingBackend) -> String {
    let files = part(backend, made_of_others()).files();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    files.iter().map(|file| format!("## {}\n{}\n", name(&file.path), file.text)).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "whole files")]
fn networkd_makes_interfaces_of_others() {
    insta::assert_snapshot!(all_texts(Networkd), @r"
    ## 10-isoplug-bond0.netdev
    [NetDev]
    Name=bond0
    Kind=bond

    [Bond]
    Mode=802.3ad
    MIIMonitorSec=100ms

    ## 10-isoplug-bond0.network
    [Match]
    Name=bond0

    [Link]
    RequiredForOnline=routable

    [Network]
    DHCP=yes
    DNS=9.9.9.9
    VLAN=guests

    ## 10-isoplug-br0.netdev
    [NetDev]
    Name=br0
    Kind=bridge

    [Bridge]
    STP=no

    ## 10-isoplug-br0.network
    [Match]
    Name=br0

    [Link]
    RequiredForOnline=routable

    [Network]
    DHCP=no
    Address=10.7.0.1/24
    DNS=9.9.9.9

    ## 10-isoplug-guests.netdev
    [NetDev]
    Name=guests
    Kind=vlan

    [VLAN]
    Id=7

    ## 10-isoplug-guests.network
    [Match]
    Name=guests

    [Link]
    RequiredForOnline=enslaved

    [Network]
    Bridge=br0

    ## 10-isoplug-one.network
    [Match]
    PermanentMACAddress=52:54:00:00:00:01

    [Link]
    RequiredForOnline=enslaved

    [Network]
    Bond=bond0

    ## 10-isoplug-two.network
    [Match]
    PermanentMACAddress=52:54:00:00:00:02

    [Link]
    RequiredForOnline=enslaved

    [Network]
    Bond=bond0
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "whole files")]
fn network_manager_makes_interfaces_of_others() {
    insta::assert_snapshot!(all_texts(Networkmanager), @r"
    ## isoplug-bond0.nmconnection
    [connection]
    id=isoplug-bond0
    uuid=6924443f-7d25-8a73-822a-634732359a48
    type=bond
    autoconnect-priority=20
    interface-name=bond0

    [bond]
    mode=802.3ad
    miimon=100

    [ipv4]
    method=auto
    dns=9.9.9.9;

    [ipv6]
    method=auto

    ## isoplug-br0.nmconnection
    [connection]
    id=isoplug-br0
    uuid=333ff665-12dd-8d08-8179-1c5ed1b686d1
    type=bridge
    autoconnect-priority=20
    interface-name=br0

    [bridge]
    stp=false

    [ipv4]
    method=manual
    address1=10.7.0.1/24
    dns=9.9.9.9;

    [ipv6]
    method=link-local

    ## isoplug-guests.nmconnection
    [connection]
    id=isoplug-guests
    uuid=d424501d-e8f7-841b-8129-b0a2c2b789a9
    type=vlan
    autoconnect-priority=20
    interface-name=guests
    master=br0
    slave-type=bridge

    [vlan]
    id=7
    parent=bond0

    ## isoplug-one.nmconnection
    [connection]
    id=isoplug-one
    uuid=b37cd31b-0823-80bc-8a43-e8c240f8ed5b
    type=ethernet
    autoconnect-priority=20
    master=bond0
    slave-type=bond

    [ethernet]
    mac-address=52:54:00:00:00:01

    ## isoplug-two.nmconnection
    [connection]
    id=isoplug-two
    uuid=b05300df-3293-8cd3-8881-7aa9ab6f77a4
    type=ethernet
    autoconnect-priority=20
    master=bond0
    slave-type=bond

    [ethernet]
    mac-address=52:54:00:00:00:02
    ");
}

#[test]
fn each_connection_has_a_number_of_its_own() {
    let files = part(Networkmanager, made_of_others()).files();
    let uuid = |file: &File| {
        let line = file.text.lines().find_map(|line| line.strip_prefix("uuid="));
        line.unwrap().to_owned()
    };
    let all: std::collections::BTreeSet<String> = files.iter().map(uuid).collect();
    assert_eq!(all.len(), 5);
    for uuid in all {
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
    }
}
