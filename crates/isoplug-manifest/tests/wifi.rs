//! Wireless networks that cannot work, or that give a secret away, draw messages before anything is built.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use support::messages;

fn with(wifi: &str) -> String {
    messages(&format!(
        "networking.backend = \"networkmanager\"\nfirmware.set = \"redistributable\"\n\
         packages.install = [\"vim\"]\n{wifi}"
    ))
}

#[test]
fn wireless_networks() {
    assert_eq!(
        with("networking.wifi.home.psk.env = \"WIFI\"\nnetworking.wifi-country = \"DE\""),
        ""
    );
    assert_snapshot!(with("networking.wifi-country = \"de\""), @r#"
    isoplug.toml:6:27: error[bad-country]: "de" is not a country's code
      help: write "DE"
    "#);
    assert_snapshot!(with("networking.wifi.home.psk.plain = \"seven77\""), @r#"
    isoplug.toml:6:22: warning[published-secret]: the passphrase stands here for everybody who reads the manifest
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    isoplug.toml:6:22: error[bad-passphrase]: a passphrase has 8 to 63 characters, or is a key of 64 hexadecimal digits; this one has 7
    "#);
}

#[test]
fn passphrases_and_names() {
    assert_snapshot!(with("networking.wifi.home.psk = {}"), @r#"
    isoplug.toml:6:28: error[bad-secret]: the passphrase is given by exactly one of `env`, `file` and `plain`
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    "#);
    assert_snapshot!(with("networking.wifi.home.psk = { env = \"A\", file = \"b\" }"), @r#"
    isoplug.toml:6:28: error[bad-secret]: the passphrase is given by exactly one of `env`, `file` and `plain`
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    "#);
}

#[test]
fn networks_that_cannot_be_joined() {
    assert_snapshot!(with("networking.wifi.home = {}"), @r"
    isoplug.toml:6:24: error[wifi-security]: the network `home` needs a passphrase
      help: set `networking.wifi.home.psk`
    ");
    assert_snapshot!(with("networking.wifi.home = { security = \"open\", psk.env = \"A\" }"), @r"
    isoplug.toml:6:45: error[wifi-security]: with this `security`, the network `home` has no use for `psk`
      help: set `security`, or remove `psk`
    ");
    assert_snapshot!(with("networking.wifi = { a = { ssid = \"x\", psk.env = \"A\" }, x = { psk.env = \"A\" } }"), @"isoplug.toml:6:60: error[same-network]: `a` and `x` are the same network");
    assert_snapshot!(with("networking.wifi.\"a name that goes on and on and on and on\".psk.env = \"A\""), @"isoplug.toml:6:17: error[bad-ssid]: \"a name that goes on and on and on and on\" has 40 bytes; an SSID has 1 to 32");
}

#[test]
fn networks_of_companies() {
    let eap = |lines: &str| {
        with(&format!("networking.wifi.work = {{ security = \"eap\", eap = {{ {lines} }} }}"))
    };
    let pinned = "ca-certificate = \"/etc/ssl/certs/a.pem\", domain = \"r.example.com\"";
    assert_eq!(eap(&format!("identity = \"me\", password.env = \"P\", {pinned}")), "");
    assert_snapshot!(eap("identity = \"me\", password.env = \"P\""), @r"
    isoplug.toml:6:50: error[unpinned-network]: any network that calls itself like `work` would get the log-in
      help: set `ca-certificate` and `domain`, so that only the real one is believed, or `insecure = true` if it cannot be told
    ");
    assert_eq!(eap("identity = \"me\", password.env = \"P\", insecure = true"), "");
    assert_snapshot!(eap(&format!("method = \"tls\", {pinned}")), @"isoplug.toml:6:50: error[wifi-login]: the log-in to `work` lacks `identity`, `client-certificate`, `private-key`");
    assert_snapshot!(eap(&format!("identity = \"me\", phase2 = \"pap\", password.plain = \"secret\", {pinned}")), @r#"
    isoplug.toml:6:78: error[wifi-login]: only `ttls` has `pap` in its tunnel
    isoplug.toml:6:85: warning[published-secret]: the password stands here for everybody who reads the manifest
      help: write `{ env = "NAME" }`, or `{ file = "PATH" }` of a file that is not published
    "#);
}

#[test]
fn what_they_need() {
    assert_snapshot!(messages("packages.install = [\"vim\"]\nnetworking.wifi.home.psk.env = \"WIFI\""), @r#"
    isoplug.toml:4:12: error[no-backend]: nothing reads `networking.wifi`: there is no backend
      help: set `networking.backend` to "networkd" or "networkmanager"
    isoplug.toml:4:12: warning[no-wifi-firmware]: most Wi-Fi cards do not work without firmware, and the image has none
      help: set `firmware.set = "redistributable"`, or name packages in `firmware.packages`, such as "firmware-iwlwifi"
    "#);
    assert_snapshot!(with("networking.wifi.home.psk = \"hunter22\""), @r#"
    isoplug.toml:6:28: error[wrong-type]: found a string, expected a table
      help: write `{ env = "NAME" }`, `{ file = "PATH" }` or `{ plain = "…" }`
    "#);
}
