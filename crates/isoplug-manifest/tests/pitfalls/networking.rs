//! What goes wrong with interfaces, addresses and name servers.

use super::*;

fn with(line: &str) -> String {
    one(&format!("networking.backend = \"networkd\"\n{line}"))
}

#[test]
fn interfaces() {
    let fine = "networking.interfaces.\"en*\" = { addresses = [\"10.0.0.2/24\", \"fd00::2/64\"], \
        gateways = [\"10.0.0.1\", \"fe80::1\"] }\nnetworking.nameservers = [\"9.9.9.9\", \"2620:fe::9\"]";
    assert_eq!(with(fine), "");
    assert_snapshot!(with("networking.interfaces.eth0.dhcp = true"), @r#"
    isoplug.toml:4:23: warning[old-interface-name]: Debian does not call an interface `eth0`: names tell the place, as `enp1s0`
      help: write "en*" for every wired interface
    "#);
    assert_snapshot!(with("networking.interfaces.\"en p1\" = {}"), @r#"
    isoplug.toml:4:23: error[bad-name]: "en p1" cannot be the name of an interface
      help: such as `enp1s0`, or `en*` for several
    "#);
    assert_snapshot!(with("networking.interfaces.enp1s0 = {}"), @r"
    isoplug.toml:4:32: warning[no-address]: the interface `enp1s0` gets no address
      help: set `dhcp = true`, or give it `addresses`
    ");
}

#[test]
fn addresses() {
    assert_snapshot!(with("networking.interfaces.enp1s0.addresses = [\"10.0.0.2\", \"10.0.0.2/33\"]"), @r#"
    isoplug.toml:4:43: error[bad-address]: "10.0.0.2" is not an IP address with the length of its prefix
      help: such as `192.168.1.100/24` or `fd00::2/64`
    isoplug.toml:4:55: error[bad-address]: "10.0.0.2/33" is not an IP address with the length of its prefix
      help: such as `192.168.1.100/24` or `fd00::2/64`
    "#);
}

#[test]
fn gateways() {
    let far = "networking.interfaces.enp1s0 = { addresses = [\"10.0.0.2/24\"], gateways = [\"10.0.1.1\"] }";
    assert_snapshot!(with(far), @r"
    isoplug.toml:4:74: warning[far-gateway]: no address of `enp1s0` can reach the gateway 10.0.1.1
    ");
    let two =
        "networking.interfaces.enp1s0 = { dhcp = true, gateways = [\"10.0.0.1\", \"10.0.0.2\"] }";
    assert_snapshot!(with(two), @r"
    isoplug.toml:4:58: error[two-gateways]: the interface `enp1s0` has several gateways for IPv4
    ");
}

#[test]
fn nameservers() {
    assert_snapshot!(with("networking.nameservers = [\"dns.example.com\"]"), @r#"
    isoplug.toml:4:27: error[bad-address]: "dns.example.com" is not an IP address
      help: such as `192.168.1.1` or `fd00::1`, without a prefix
    "#);
    assert_snapshot!(one("networking.nameservers = [\"9.9.9.9\"]"), @r#"
    isoplug.toml:3:26: error[no-backend]: nothing reads `networking.nameservers`: there is no backend
      help: set `networking.backend` to "networkd" or "networkmanager"
    "#);
}

/// Each is found in one way, and its words are checked.
#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn which_interface_it_is() {
    let found = |which: &str| {
        with(&format!("networking.interfaces.lan = {{ dhcp = true, match = {which} }}"))
    };
    for fine in ["{ mac = \"52:54:00:AB:00:01\" }", "{ driver = \"e1000e\" }", "{ first = true }"] {
        assert_eq!(found(fine), "", "{fine}");
    }
    assert_snapshot!(found("{}"), @r"
    isoplug.toml:4:52: error[interface-match]: which interface `lan` is must be said in exactly one way
      help: one of `name`, `mac`, `driver` and `first = true`
    ");
    assert_snapshot!(found("{ first = true, driver = \"e1000e\" }"), @r"
    isoplug.toml:4:52: error[interface-match]: which interface `lan` is must be said in exactly one way
      help: one of `name`, `mac`, `driver` and `first = true`
    ");
    assert_snapshot!(found("{ mac = \"52-54-00-AB-00-01\" }"), @r#"
    isoplug.toml:4:60: error[bad-mac]: "52-54-00-AB-00-01" is not a hardware address
      help: write "52:54:00:ab:00:01"
    "#);
    assert_snapshot!(found("{ mac = \"52:54\" }"), @r#"
    isoplug.toml:4:60: error[bad-mac]: "52:54" is not a hardware address
      help: six bytes, such as "52:54:00:12:34:56"
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn two_owners_of_one_interface() {
    let both = |lines: &str| with(&lines.replace("lan", "networking.interfaces.lan"));
    let fine =
        "networking.interfaces.\"en*\".dhcp = true\nnetworking.interfaces.enp1s0.dhcp = true";
    assert_eq!(with(fine), "");
    assert_snapshot!(both(
        "lan1 = { match.mac = \"52:54:00:00:00:01\", dhcp = true }\n\
         lan2 = { match.mac = \"52:54:00:00:00:01\", dhcp = true }"
    ), @r"
    isoplug.toml:5:30: error[two-owners]: `lan1` and `lan2` can be one interface, with two settings
      help: a name, a MAC address, or a driver of its own for each
    ");
    assert_snapshot!(both("lan1 = { match.first = true, dhcp = true }\nlan2 = { match.first = true, dhcp = true }"), @r"
    isoplug.toml:5:30: error[two-owners]: `lan1` and `lan2` can be one interface, with two settings
      help: a name, a MAC address, or a driver of its own for each
    ");
    assert_snapshot!(with(
        "networking.interfaces.\"en*\".dhcp = true\nnetworking.interfaces.\"enp*\".dhcp = true"
    ), @r"
    isoplug.toml:5:23: error[two-owners]: `en*` and `enp*` can be one interface, with two settings
      help: a name, a MAC address, or a driver of its own for each
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "messages")]
fn interfaces_made_of_others() {
    assert_eq!(
        with(
            "networking.interfaces = { one.match.driver = \"e1000e\", \
             two.vlan = { id = 7, interface = \"one\" }, \
             three = { bridge.interfaces = [\"two\"], dhcp = true } }"
        ),
        ""
    );
    assert_eq!(
        with(
            "networking.interfaces = { one = {}, b = { bond.interfaces = [\"one\"], dhcp = true } }"
        ),
        ""
    );
    assert_snapshot!(with("networking.interfaces.b = { bond.interfaces = [\"one\"], dhcp = true }"), @r"
    isoplug.toml:4:29: error[unknown-interface]: `b` is made of `one`, and there is no such table
      help: add `networking.interfaces.one = {}`
    ");
    assert_snapshot!(with("networking.interfaces = { one.dhcp = true, b = { bond.interfaces = [\"one\"], dhcp = true } }"), @r"
    isoplug.toml:4:27: error[two-owners]: `one` is a part of `b`, which has the addresses
      help: move them to `networking.interfaces.b`
    ");
    assert_snapshot!(with(
        "networking.interfaces = { one = {}, b = { bond.interfaces = [\"one\"], dhcp = true }, \
         c = { bridge.interfaces = [\"one\"], dhcp = true } }"
    ), @"isoplug.toml:4:91: error[two-owners]: `one` cannot be a part of both `b` and `c`");
    assert_snapshot!(with("networking.interfaces.b = { bond = {}, bridge = {}, match.first = true, dhcp = true }"), @r"
    isoplug.toml:4:36: error[no-ports]: the bond `b` has no interfaces
    isoplug.toml:4:49: error[interface-kind]: the interface `b` is made in several ways: bond, bridge
    isoplug.toml:4:53: error[interface-kind]: the interface `b` is made by `bond`, so there is none to match
    ");
    assert_snapshot!(with("networking.interfaces = { one = {}, v = { vlan.interface = \"one\", dhcp = true } }"), @r#"
    isoplug.toml:4:43: error[no-vlan]: the VLAN `v` needs its number and the interface that it is on
      help: such as `vlan = { id = 7, interface = "lan" }`
    "#);
    assert_snapshot!(with("networking.interfaces = { one = {}, v = { vlan = { id = 5000, interface = \"one\" }, dhcp = true } }"), @"isoplug.toml:4:57: error[out-of-range]: found 5000, expected an integer from 1 to 4094");
}

#[test]
fn routes_and_name_servers_of_one_interface() {
    let lan = |settings: &str| {
        with(&format!(
            "networking.interfaces.lan = {{ addresses = [\"10.0.0.2/24\"], {settings} }}"
        ))
    };
    assert_eq!(
        lan("routes = [{ to = \"10.1.0.0/16\", via = \"10.0.0.9\", metric = 5 }], mtu = 1400"),
        ""
    );
    assert_snapshot!(lan("routes = [{ to = \"10.1.0.0/16\", via = \"10.9.0.1\" }]"), @"isoplug.toml:4:69: warning[far-gateway]: no address of `lan` can reach the router 10.9.0.1");
    assert_snapshot!(lan("routes = [{ to = \"fd00::/8\", via = \"10.0.0.9\" }]"), @"isoplug.toml:4:69: error[route-family]: the router 10.0.0.9 is of another kind than fd00::/8");
    assert_snapshot!(lan("mtu = 100"), @"isoplug.toml:4:66: error[out-of-range]: found 100, expected an integer from 576 to 65535");
    assert_snapshot!(one(
        "networking.backend = \"networkmanager\"\nnetworking.nameservers = [\"9.9.9.9\"]\n\
         networking.interfaces.lan = { dhcp = true, nameservers = [\"10.0.0.1\"] }"
    ), @r"
    isoplug.toml:5:58: warning[other-nameservers]: NetworkManager asks those of `networking.nameservers` alone
      help: name them all there, or give each interface its own
    ");
    assert_snapshot!(lan("dhcp = true, dhcp-v4 = true"), @"isoplug.toml:4:83: warning[dhcp-twice]: `dhcp` asks for both kinds of addresses, so `dhcp-v4` says nothing");
}
