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
